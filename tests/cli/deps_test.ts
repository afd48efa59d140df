/** What counts as an input of a command, and what does not: one kind of dependency after the other. */
import assert from "node:assert/strict";
import { mark, ran, ranBy, withPrograms } from "../support/fakes.ts";
import { type Repo, repoTest } from "../support/repo.ts";

/** A project with one command that is counted as `c`. */
function withDeps(deps: string, more = ""): string {
  return `[commands.c]\nexec = "${mark("c")}"\ndeps = [${deps}]\n${more}`;
}

/** Whether the command runs after the change, or is replayed. */
async function runsAfter(repo: Repo, change: () => Promise<unknown>): Promise<boolean> {
  assert.deepEqual(await ranBy(repo, "c"), [], "warm before the change");
  await change();
  return (await ranBy(repo, "c")).length > 0;
}

/** A dependency list, then files and whether a change to each counts. */
const GLOBS: readonly [string, Readonly<Record<string, boolean>>][] = [
  ['"**.py"', { "a.py": true, "deep/er/b.py": true, "b.pyc": false }],
  ['"*.py"', { "deep/er/b.py": true, "b.txt": false }],
  ['"src"', { "src/a": true, "src/deep/b": true, "srcs/a": false }],
  ['"src", "!src/gen"', { "src/a": true, "src/gen/b": false, "gen/b": false }],
  ['"src", ":(exclude)*.md"', { "src/a": true, "src/b.md": false }],
  ['":(glob)src/*.c"', { "src/a.c": true, "src/deep/b.c": false }],
  ['":(icase)readme*"', { "README.txt": true, "deep/README": false }],
  ['":(literal)a*b"', { "a*b": true, "aXb": false }],
  ['"a?[0-9].txt"', { "ab1.txt": true, "ab12.txt": false }],
  ['{type = "glob", pattern = "src/a b"}', { "src/a b/ü.txt": true, "src/a": false }],
];

repoTest("globs are git's pathspecs", { "qik.toml": "" }, async (repo) => {
  for (const [at, [deps, files]] of GLOBS.entries()) {
    const written = Object.fromEntries(Object.keys(files).map((path) => [path, "1"]));
    await repo.write({ ...written, "qik.toml": withDeps(deps) });
    await repo.must("-f");
    for (const [path, counts] of Object.entries(files)) {
      const change = () => repo.write({ [path]: `change ${at}` });
      assert.equal(await runsAfter(repo, change), counts, `${deps}: ${path}`);
    }
    await repo.remove(...Object.keys(files));
  }
});

repoTest("untracked and ignored files", {
  "qik.toml": withDeps('"src", ".env"'),
  ".gitignore": "*.log\n.env\n",
  "src/a": "1",
  "src/a.log": "1",
  ".env": "1",
}, async (repo) => {
  await repo.must();
  assert.equal(await runsAfter(repo, () => repo.write({ "src/new": "1" })), true, "untracked");
  assert.equal(await runsAfter(repo, () => repo.write({ "src/a.log": "2" })), false, "ignored");
  assert.equal(await runsAfter(repo, () => repo.write({ ".env": "2" })), true, "named literally");
  const only = `[defaults]\nuntracked = false\n${withDeps('"src"')}`;
  await repo.write({ "qik.toml": only });
  await repo.must("-f");
  assert.equal(
    await runsAfter(repo, () => repo.write({ "src/new": "2" })),
    false,
    "not in the index",
  );
  assert.equal(await runsAfter(repo, () => repo.git("add", "src/new")), true);
  assert.equal(await runsAfter(repo, () => repo.write({ "src/new": "3" })), true);
});

repoTest("ignored inputs and own artifacts do not count", {
  "qik.toml": withDeps('"src"', 'ignore = ["src/*.tmp"]\nartifacts = ["src/out"]\n')
    .replace("../ran", "../ran; echo 1 > src/out"),
  ".gitignore": "src/out\n",
  "src/a": "1",
  "src/b.tmp": "1",
}, async (repo) => {
  await repo.must();
  assert.equal(await runsAfter(repo, () => repo.write({ "src/b.tmp": "2" })), false);
  assert.equal(await runsAfter(repo, () => repo.write({ "src/out": "other" })), false);
  assert.equal(await runsAfter(repo, () => repo.remove("src/a")), true);
});

repoTest("a glob that matches nothing is told once, for its task", {
  "qik.toml": `modules = ["m"]\n${withDeps('"*.none", "!*.nope", "m"')}
[commands.d]
exec = "true"
deps = ["*.none"]
`,
  "m/a": "",
}, async (repo) => {
  const { code, err } = await repo.qik();
  assert.equal(code, 0);
  assert.equal(err.match(/"\*\.none".*\[glob-empty\]/g)?.length, 1, err);
  assert.doesNotMatch(err, /nope/);
  assert.doesNotMatch((await repo.must("c")).err, /\*\.nope/);
  const bad = withDeps('":(nonsense)a"');
  await repo.write({ "qik.toml": bad });
  const refused = await repo.qik("c");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /^Error: .* \[glob-bad\]\n\s+at qik\.toml/m);
});

repoTest("const and base deps", {
  "qik.toml": `[base]\ndeps = ["base.txt"]\n${withDeps('{type = "const", val = "1"}')}
[commands.never]
exec = "${mark("never")}"
`,
  "base.txt": "1",
}, async (repo) => {
  await repo.must("c");
  const edit = async () =>
    repo.write({ "qik.toml": (await repo.read("qik.toml")).replace('val = "1"', 'val = "2"') });
  assert.equal(await runsAfter(repo, edit), true);
  assert.equal(await runsAfter(repo, () => repo.write({ "base.txt": "2" })), true);
  await repo.must("never");
  assert.deepEqual(await ranBy(repo, "never"), ["never"], "base deps make nothing cacheable");
});

const SECRET = "s3cr3t-value-of-the-test";

repoTest("env: absent, empty and a default differ; the value is nowhere", {
  "qik.toml": withDeps(
    '{type = "env", name = "TOKEN"}, {type = "env", name = "MODE", default = "dev"}',
    'pass-env = ["PASSED"]\n',
  ),
}, async (repo) => {
  const set = (env: Record<string, string>) => ranBy(repo.with({ env }), "c");
  assert.deepEqual(await set({}), ["c"]);
  assert.deepEqual(await set({ MODE: "dev" }), [], "the default's value");
  assert.deepEqual(await set({ TOKEN: "" }), ["c"], "empty is not absent");
  assert.deepEqual(await set({ TOKEN: SECRET }), ["c"]);
  assert.deepEqual(await set({ TOKEN: SECRET }), []);
  assert.deepEqual(await set({ TOKEN: SECRET, PASSED: SECRET }), ["c"]);
  const other = repo.with({ env: { TOKEN: `${SECRET}2` } });
  const { out, err } = await other.must("--dry-run");
  assert.match(out, /env TOKEN/);
  const everywhere = await repo.run("grep", "-raF", SECRET, ".");
  assert.equal(everywhere.out, "", "in a file");
  assert.doesNotMatch(out + err, new RegExp(SECRET));
});

repoTest("tool: its version counts, and it is asked again when it is replaced", {
  "qik.toml": withDeps('{type = "tool", name = "ruff", version = ["ruff", "version"]}'),
}, async (repo) => {
  const install = (version: string) =>
    withPrograms(repo, { ruff: `${mark("asked")}; [ "$1" = version ] && echo ${version}` });
  const tools = await install("1.0");
  assert.deepEqual(await ranBy(tools, "c"), ["asked", "c"]);
  assert.deepEqual(await ranBy(tools, "c"), ["asked"], "a script is asked in every run");
  await install("1.1.0");
  assert.deepEqual(await ranBy(tools, "c"), ["asked", "c"]);
  await install("1.1.0\nexit 3");
  const { code, err } = await tools.qik("c");
  assert.deepEqual([code, /ended with 3 \[tool-missing\]/.test(err)], [2, true], err);
  await repo.remove("../programs/ruff");
  assert.match((await tools.qik("c")).err, /"ruff" is not on PATH \[tool-missing\]/);
});

repoTest("val: one value of a TOML, JSON or YAML file", {
  "qik.toml": withDeps(
    ["p.toml", "p.json", "p.yaml"].map((file) => `{type = "val", file = "${file}", key = "a.b"}`)
      .join(", "),
  ),
  "p.toml": "x = 1\n[a]\nb = 1\n",
  "p.json": '{"x": 1, "a": {"b": [1, 2]}}',
  "p.yaml": "x: 1\na:\n  b: one\n",
}, async (repo) => {
  await repo.must();
  const change = (file: string, from: string, to: string) =>
    runsAfter(repo, async () => repo.write({ [file]: (await repo.read(file)).replace(from, to) }));
  assert.equal(await change("p.toml", "x = 1", "x = 2"), false);
  assert.equal(await change("p.toml", "b = 1", "b = 2"), true);
  assert.equal(await change("p.json", '"x": 1', '"x":  2'), false);
  assert.equal(await change("p.json", "2]", "3]"), true);
  assert.equal(await change("p.yaml", "x: 1", "x: 2"), false);
  assert.equal(await change("p.yaml", "b: one", "b: two"), true);
  await repo.write({ "p.json": "{" });
  const { code, err } = await repo.qik();
  assert.equal(code, 2);
  assert.match(err, /"p\.json".*\[dep-unreadable\]/);
});

repoTest("load: globs that another command writes", {
  "qik.toml": withDeps(
    '{type = "load", path = "deps.json", default = ["*.md"]}, {type = "command", name = "scan"}',
    `
[commands.scan]
exec = "cp list.json deps.json"
deps = ["list.json"]
artifacts = ["deps.json"]
`,
  ),
  ".gitignore": "deps.json\n",
  "list.json": '{"globs": ["*.py"]}',
  "a.py": "1",
  "a.js": "1",
  "a.md": "1",
}, async (repo) => {
  assert.deepEqual(await ranBy(repo, "--isolated", "c"), ["c"]);
  await repo.write({ "a.md": "2" });
  assert.deepEqual(await ranBy(repo, "--isolated", "c"), ["c"], "the default list");
  await repo.must();
  assert.equal(await runsAfter(repo, () => repo.write({ "a.md": "3" })), false);
  assert.equal(await runsAfter(repo, () => repo.write({ "a.py": "2" })), true);
  const rescan = () => repo.write({ "list.json": '{"globs": ["*.py", "*.js"], "pydists": []}' });
  assert.equal(await runsAfter(repo, rescan), true);
  assert.equal(await runsAfter(repo, () => repo.write({ "a.js": "2" })), true);
  await repo.write({ "list.json": '{"globs": 1}' });
  assert.match((await repo.qik("c")).err, /"deps\.json".*\[dep-unreadable\]/);
});

repoTest("commands: order, isolation, and what counts of their results", {
  "qik.toml": `
[commands.up]
exec = "${mark("up")}; cat up.txt > up.out"
deps = ["up.txt"]
artifacts = ["up.out"]
[commands.plain]
exec = "${mark("plain")}"
deps = ["up.txt"]
[commands.free]
exec = "${mark("free")}"
[commands.c]
exec = "${mark("c")}"
deps = [{type = "command", name = "up"}]
[commands.keyed]
exec = "${mark("keyed")}"
deps = [{type = "command", name = "plain", strict = true}]
[commands.after]
exec = "${mark("after")}"
deps = [{type = "command", name = "up", order-only = true}, {type = "command", name = "free"}]
[commands.alone]
exec = "${mark("alone")}"
deps = [{type = "command", name = "free", isolated = true}]
[commands.never-alone]
exec = "${mark("never-alone")}"
deps = [{type = "command", name = "free", isolated = false}]
`,
  ".gitignore": "up.out\n",
  "up.txt": "1",
}, async (repo) => {
  assert.deepEqual(await ranBy(repo, "c"), ["c", "up"]);
  assert.deepEqual(await ranBy(repo, "keyed"), ["keyed", "plain"]);
  assert.deepEqual(await ranBy(repo, "after"), ["after", "free"]);
  assert.deepEqual(await ranBy(repo, "alone"), ["alone"]);
  assert.deepEqual(await ranBy(repo, "--isolated", "never-alone"), ["free", "never-alone"]);
  await repo.write({ "up.txt": "2" });
  assert.deepEqual(await ranBy(repo, "after"), ["free", "up"], "order-only adds nothing");
  assert.deepEqual(await ranBy(repo, "c"), ["c"]);
  assert.deepEqual(await ranBy(repo, "keyed"), ["keyed", "plain"]);
  await repo.write({ "up.out": "by hand" });
  assert.deepEqual(await ranBy(repo, "--isolated", "c"), ["c"], "what is on disk counts");
});

repoTest("a dependency may name one task of a command", {
  "qik.toml": `
modules = ["a", "b"]
[commands.up]
exec = "${mark("up {module.name}")}"
[commands.short]
exec = "true"
deps = [{type = "command", name = "up#a"}]
[commands.long]
exec = "true"
deps = [{type = "command", name = "up@default#b"}]
`,
  "a/x": "",
  "b/x": "",
}, async (repo) => {
  assert.deepEqual(await ranBy(repo, "short"), ["up a"]);
  assert.deepEqual(await ranBy(repo, "long"), ["up b"]);
  const config = await repo.read("qik.toml");
  for (const [name, nearest] of [["up#c", "up#a"], ["upp#a", "up"]] as const) {
    await repo.write({ "qik.toml": config.replace('"up#a"', `"${name}"`) });
    const { code, err } = await repo.qik("--ls");
    assert.equal(code, 2);
    assert.match(err, new RegExp(`\\[command-unknown\\]\n\\s+at qik\\.toml:\\d+[^]*"${nearest}"`));
  }
});

repoTest("a cycle is named by its path", {
  "qik.toml": `
[commands.a]
exec = "true"
deps = [{type = "command", name = "b"}]
[commands.b]
exec = "true"
deps = [{type = "command", name = "a"}]
`,
}, async (repo) => {
  const { code, err } = await repo.qik("a");
  assert.equal(code, 2);
  assert.match(err, /(a -> b -> a|b -> a -> b) \[graph-cycle\]/);
  assert.deepEqual(await ran(repo), []);
});

repoTest("dotenv and requirement files are inputs of every command of the space", {
  "qik.toml": `
[spaces.app]
dotenv = ["app.env", "local.env"]
venv = "reqs.txt"
${withDeps("", 'space = "app"\n')}
[commands.other]
exec = "${mark("other")}"
deps = []
`,
  ".gitignore": "local.env\n",
  "app.env": "A=1\n",
  "reqs.txt": "black\n",
}, async (repo) => {
  await repo.must();
  assert.equal(await runsAfter(repo, () => repo.write({ "app.env": "A=2\n" })), true);
  assert.equal(await runsAfter(repo, () => repo.write({ "local.env": "A=3\n" })), true);
  assert.equal(await runsAfter(repo, () => repo.write({ "reqs.txt": "ruff\n" })), true);
  assert.deepEqual(await ranBy(repo, "other"), []);
});
