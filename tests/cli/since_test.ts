/** What `--since`, `--changed` and `--staged` select, and how the change is shown. */
import assert from "node:assert/strict";
import { chmod, symlink } from "node:fs/promises";
import { listed as selects, withPrograms } from "../support/fakes.ts";
import { repoTest } from "../support/repo.ts";

const FILES = {
  "qik.toml": `
modules = ["app/api", "app/web"]

[spaces.lib]
root = "lib"
dotenv = "lib/lib.env"
venv = "lib/requirements.txt"

[commands.lint]
exec = "true"
deps = ["{module.dir}/**.py"]
ignore = ["**/generated.py"]

[commands.test]
exec = "true"
deps = [{type = "command", name = "lint", strict = true}]

[commands.report]
exec = "true"
deps = ["docs", {type = "command", name = "test"}]
artifacts = ["docs/report.txt"]

[commands.lib]
exec = "true"
deps = ["lib/*.py"]
space = "lib"

[commands.version]
exec = "true"
deps = [{type = "val", file = "meta.toml", key = "project.version"}]

[commands.plain]
exec = "true"
`,
  "app/api/a.py": "1\n",
  "app/api/generated.py": "1\n",
  "app/web/w.py": "1\n",
  "lib/l.py": "1\n",
  "lib/lib.env": "A=1\n",
  "lib/requirements.txt": "x==1\n",
  "docs/d.md": "1\n",
  "docs/report.txt": "1\n",
  "meta.toml": '[project]\nname = "a"\nversion = "1"\n',
};

const LINT_API = ["lint@default#app/api", "test@default"];

repoTest(
  "tasks whose inputs changed since the merge base, untracked files included",
  FILES,
  async (repo) => {
    await repo.git("checkout", "-q", "-b", "topic");
    assert.deepEqual(await selects(repo, "--since", "main"), []);
    await repo.write({ "app/api/a.py": "2\n" });
    await repo.commit();
    assert.deepEqual(await selects(repo, "--since", "main"), LINT_API);
    assert.deepEqual(await selects(repo, "--changed"), []);
    await repo.write({ "lib/new.py": "" });
    assert.deepEqual(await selects(repo, "--since", "main"), [...LINT_API, "lib@lib"]);
    assert.deepEqual(await selects(repo, "--changed"), ["lib@lib"]);
    assert.deepEqual(await selects(repo, "--staged"), []);
    await repo.git("add", "lib/new.py");
    assert.deepEqual(await selects(repo, "--staged"), ["lib@lib"]);
    // main moves on: what it changed is no change of this branch, unless it is compared exactly.
    await repo.commit();
    await repo.git("checkout", "-q", "main");
    await repo.write({ "docs/d.md": "2\n" });
    await repo.commit();
    await repo.git("checkout", "-q", "topic");
    assert.deepEqual(await selects(repo, "--since", "main"), [...LINT_API, "lib@lib"]);
    assert.deepEqual(await selects(repo, "--since", "main", "--exact"), [
      "lint@default#app/api",
      "test@default",
      "report@default",
      "lib@lib",
    ]);
    assert.deepEqual(await selects(repo.with({ env: { QIK__SINCE: "main" } })), [
      ...LINT_API,
      "lib@lib",
    ]);
  },
);

repoTest(
  "deleted and renamed files select; ignored patterns and own artifacts do not",
  FILES,
  async (repo) => {
    await repo.write({ "app/api/generated.py": "2\n", "docs/report.txt": "2\n" });
    assert.deepEqual(await selects(repo, "--changed"), []);
    await repo.remove("app/web/w.py");
    assert.deepEqual(await selects(repo, "--changed"), ["lint@default#app/web", "test@default"]);
    await repo.git("checkout", "-q", ".");
    await repo.git("mv", "app/api/a.py", "lib/moved.py");
    assert.deepEqual(await selects(repo, "--changed"), [...LINT_API, "lib@lib"]);
  },
);

repoTest("globs that only take away select by all other files, whatever links there are", {
  "qik.toml": `
[defaults]
dotenv = [".env"]
[commands.rest]
exec = "true"
deps = ["!docs"]
`,
  ".env": "A=1\n",
  "a": "1\n",
  "docs/d": "1\n",
}, async (repo) => {
  await repo.write({ "docs/d": "2\n" });
  assert.deepEqual(await selects(repo, "--changed"), []);
  await repo.write({ "a": "2\n" });
  assert.deepEqual(await selects(repo, "--changed"), ["rest"]);
  await symlink("a", repo.path("link"));
  await repo.commit();
  await repo.write({ "new": "1\n" });
  assert.deepEqual(await selects(repo, "--changed"), ["rest"]);
});

repoTest("environments: dotenv, requirement files and values of files", FILES, async (repo) => {
  for (const file of ["lib/lib.env", "lib/requirements.txt"]) {
    await repo.write({ [file]: "B=2\n" });
    assert.deepEqual(await selects(repo, "--changed"), ["lib@lib"]);
    await repo.git("checkout", "-q", ".");
  }
  await repo.write({ "meta.toml": '[project]\nname = "b"\nversion = "1"\n' });
  assert.deepEqual(await selects(repo, "--changed"), []);
  await repo.write({ "meta.toml": '[project]\nname = "b"\nversion = "2"\n' });
  assert.deepEqual(await selects(repo, "--changed"), ["version@default"]);
});

repoTest(
  "a command that is defined differently is selected, and only that",
  FILES,
  async (repo) => {
    const text = await repo.read("qik.toml");
    await repo.write({
      "qik.toml": text.replace("[commands.plain]", "# a word\n[commands.plain]"),
    });
    assert.deepEqual(await selects(repo, "--changed"), []);
    await repo.write({ "qik.toml": text.replace('deps = ["docs",', 'deps = ["docs", "README",') });
    assert.deepEqual(await selects(repo, "--changed"), ["report@default"]);
    await repo.write({ "qik.toml": `${text}\n[commands.new]\nexec = "true"\ndeps = ["x"]\n` });
    assert.deepEqual(await selects(repo, "--changed"), ["new@default"]);
    await repo.write({ "qik.toml": text.replace('"app/web"]', '"app/web", "app/new"]') });
    await repo.write({ "app/new/n.py": "" });
    assert.deepEqual(await selects(repo, "--changed"), ["lint@default#app/new", "test@default"]);
  },
);

repoTest("--staged looks at the index alone: values, lists and definitions, too", {
  "qik.toml": `
[commands]
val = { exec = "true", deps = [{ type = "val", file = "v.json", key = "a" }] }
load = { exec = "true", deps = [{ type = "load", path = "l.json" }] }
glob = { exec = "true", deps = ["y"] }
`,
  "v.json": '{"a": 1}\n',
  "l.json": '{"globs": ["x"]}\n',
  "x": "1\n",
  "y": "1\n",
}, async (repo) => {
  /** Stages one text of a file and leaves another one in the working tree. */
  const stage = async (path: string, staged: string, there?: string) => {
    const before = await repo.read(path);
    await repo.write({ [path]: staged });
    await repo.git("add", path);
    await repo.write({ [path]: there ?? before });
  };
  const reset = () => repo.git("reset", "-q", "--hard");
  await stage("v.json", '{"a": 2}\n');
  assert.deepEqual(await selects(repo, "--staged"), ["val"]);
  assert.deepEqual(await selects(repo, "--changed"), []);
  await reset();
  await stage("v.json", '{"a": 1, "b": 1}\n', '{"a": 2}\n');
  assert.deepEqual(await selects(repo, "--staged"), []);
  await stage("v.json", "{", '{"a": 1}\n');
  assert.deepEqual(await selects(repo, "--staged"), ["val"]);
  await reset();
  await repo.write({ "l.json": '{"globs": ["y"]}\n' });
  await stage("x", "2\n");
  assert.deepEqual(await selects(repo, "--staged"), ["load"]);
  await reset();
  const text = await repo.read("qik.toml");
  await stage("qik.toml", text.replace('deps = ["y"]', 'deps = ["y", "x"]'));
  assert.deepEqual(await selects(repo, "--staged"), ["glob"]);
  await stage("qik.toml", `${text}# a word\n`, text.replace('deps = ["y"]', 'deps = ["y", "x"]'));
  assert.deepEqual(await selects(repo, "--staged"), []);
  await stage("qik.toml", "[", text);
  assert.deepEqual(await selects(repo, "--staged"), ["val", "load", "glob"]);
});

repoTest("what a definition takes from elsewhere in the configuration is part of it", {
  "qik.toml": `
ctx = [
  { name = "word", default = "one" },
  { name = "key", default = "a" },
  { name = "reqs", default = "one.txt" },
]
[pydist]
versions = { acme = "1" }
[spaces.base]
venv = "{ctx.reqs}"
[spaces.heir]
venv = { type = "space", name = "base" }
[commands]
plain = { exec = "true", deps = ["x"] }
const = { exec = "true", deps = [{ type = "const", val = "{ctx.word}" }] }
env = { exec = "true", deps = [{ type = "env", name = "NOT_THERE", default = "{ctx.word}" }] }
tool = { exec = "true", deps = [{ type = "tool", name = "sh", version = ["echo", "{ctx.word}"] }] }
val = { exec = "true", deps = [{ type = "val", file = "v.json", key = "{ctx.key}" }] }
dist = { exec = "true", deps = [{ type = "dist", name = "acme" }] }
load = { exec = "true", deps = [{ type = "load", path = "l.json" }] }
heir = { exec = "true", deps = ["x"], space = "heir" }
`,
  "x": "1\n",
  "v.json": '{"a": 1, "b": 2}\n',
  "l.json": '{"globs": ["x"], "pydists": ["acme"]}\n',
  "one.txt": "x==1\n",
  "two.txt": "y==1\n",
}, async (repo) => {
  const text = await repo.read("qik.toml");
  await repo.must();
  const edits: readonly (readonly [string, string, readonly string[]])[] = [
    ['default = "one" }', 'default = "two" }', ["const", "env", "tool"]],
    ['default = "a"', 'default = "b"', ["val"]],
    ['acme = "1"', 'acme = "2"', ["dist", "load"]],
    ['"one.txt"', '"two.txt"', ["heir"]],
    ['venv = "{ctx.reqs}"', 'venv = ["one.txt", "two.txt"]', ["heir"]],
  ];
  for (const [from, to, expected] of edits) {
    await repo.write({ "qik.toml": text.replace(from, to) });
    const names = (tasks: readonly string[]) => tasks.map((task) => task.split("@")[0]);
    assert.deepEqual(names(await selects(repo, "--changed")), expected, from);
    assert.deepEqual(names(await selects(repo, "--cache-status", "cold")), expected, from);
  }
});

repoTest(
  "a configuration that did not stand, or cannot be read, there selects everything with deps",
  {
    "docs/a": "",
  },
  async (repo) => {
    await repo.write({
      "qik.toml": '[commands]\nplain = "true"\nlint = {exec = "true", deps = ["docs"]}\n',
    });
    assert.deepEqual(await selects(repo, "--changed"), ["lint"]);
    await repo.write({ "qik.toml": "[commands" });
    await repo.commit();
    await repo.write({
      "qik.toml": '[commands]\nplain = "true"\nlint = {exec = "true", deps = ["docs"]}\n',
    });
    assert.deepEqual(await selects(repo, "--changed"), ["lint"]);
  },
);

repoTest("lists of inputs that are not written yet select; written ones select by what they list", {
  "qik.toml": `[commands]
test = {exec = "true", deps = [{type = "load", path = "out/deps.json"}]}
`,
  ".gitignore": "out\n",
  "src/a.py": "",
  "src/b.py": "",
}, async (repo) => {
  assert.deepEqual(await selects(repo, "--changed"), ["test"]);
  await repo.write({ "out/deps.json": '{"globs": ["src/a.py"], "pydists": []}' });
  assert.deepEqual(await selects(repo, "--changed"), []);
  await repo.write({ "src/b.py": "2" });
  assert.deepEqual(await selects(repo, "--changed"), []);
  await repo.write({ "src/a.py": "2" });
  assert.deepEqual(await selects(repo, "--changed"), ["test"]);
});

repoTest(
  "which change selects is shown with -v and in JSON; --fail; names narrow",
  FILES,
  async (repo) => {
    await repo.write({ "app/api/a.py": "2\n", "app/api/b.py": "", "docs/d.md": "2\n" });
    const { out } = await repo.must("--ls", "-v", "--changed");
    assert.deepEqual(out.trimEnd().split("\n").map((line) => line.split(/ {2,}/)), [
      ["lint@default#app/api", "(app/api/a.py, app/api/b.py changed)"],
      ["test@default", "(needs lint@default#app/api)"],
      ["report@default", "(docs/d.md changed)"],
    ]);
    const json = JSON.parse((await repo.must("--ls", "--json", "--changed", "report")).out);
    assert.deepEqual(json.map((task: { change: unknown }) => task.change), [
      { files: ["docs/d.md"], definition: false, values: [], upstream: [], unknown: null },
    ]);
    assert.equal((await repo.qik("--fail", "--changed", "report")).code, 1);
    assert.equal((await repo.qik("--fail", "--changed", "version")).code, 0);
    // What the selected tasks need comes with them.
    const forecast = JSON.parse(
      (await repo.must("--dry-run", "--json", "--changed", "report")).out,
    );
    assert.deepEqual(forecast.map((task: { task: string }) => task.task), [
      "lint@default#app/api",
      "lint@default#app/web",
      "test@default",
      "report@default",
    ]);
    const run = await repo.must("--changed", "report", "-v", "0");
    assert.equal(run.out, "");
  },
);

repoTest("what git was told not to look at counts as it stands there", {
  "qik.toml": `
modules = ["assumed", "skipped", "left"]
[commands.show]
exec = "cat {module.dir}/*"
deps = ["{module.dir}"]
`,
  "assumed/a": "1\n",
  "assumed/b": "1\n",
  "skipped/a": "1\n",
  "left/a": "1\n",
}, async (repo) => {
  await repo.must();
  await repo.git("update-index", "--assume-unchanged", "assumed/a", "assumed/b");
  await repo.git("update-index", "--skip-worktree", "skipped/a", "left/a");
  assert.deepEqual(await selects(repo, "--changed"), []);
  await repo.write({ "skipped/a": "2\n" });
  assert.equal((await repo.must("--ls", "-v", "--changed")).out.trimEnd(), SKIPPED);
  await repo.write({ "assumed/a": "2\n" });
  const both = ["show#assumed", "show#skipped"];
  for (const words of [["--changed"], ["--since", "main"], ["--cache-status", "cold"]]) {
    assert.deepEqual(await selects(repo, ...words), both);
  }
  assert.deepEqual(await selects(repo, "--staged"), []);
  await repo.write({ "assumed/a": "1\n" });
  await chmod(repo.path("assumed/b"), 0o755);
  assert.deepEqual(await selects(repo, "--changed"), both);
  await repo.remove("assumed/b", "skipped/a");
  assert.deepEqual(await selects(repo, "--changed"), ["show#assumed"], "a sparse checkout");
});

const SKIPPED = "show#skipped  (skipped/a changed)";

repoTest("names of files that would move the cursor are written out", {
  "qik.toml": '[commands.a]\nexec = "true"\ndescription = "one\\ntwo"\ndeps = ["d"]\n',
  "d/a": "",
}, async (repo) => {
  await repo.write({ "d/\x1b[2Jb\nc": "" });
  const { out } = await repo.must("--ls", "-v", "--changed");
  assert.equal(out, "a  one\\ntwo  (d/\\x1b[2Jb\\nc changed)\n");
});

repoTest("a root below the top of the repository sees its own part", {
  "sub/qik.toml":
    '[commands]\nlint = {exec = "true", deps = ["src"]}\nall = {exec = "true", deps = [":(top)README"]}\n',
  "sub/src/é \n.py": "",
  "src/x": "",
  "README": "",
}, async (repo) => {
  const sub = repo.with({ cwd: "sub" });
  await repo.write({ "src/x": "2" });
  assert.deepEqual(await selects(sub, "--changed"), []);
  await repo.write({ "sub/src/é \n.py": "2" });
  assert.deepEqual(await selects(sub, "--changed"), ["lint"]);
});

repoTest("before the first commit everything is a change", {}, async (repo) => {
  await repo.remove(".git");
  await repo.git("init", "-q", "-b", "main");
  await repo.write({
    "qik.toml":
      '[commands]\nlint = {exec = "true", deps = ["a"]}\nx = {exec = "true", deps = ["x"]}\n',
    a: "",
  });
  assert.deepEqual(await selects(repo, "--changed"), ["lint", "x"]);
  assert.deepEqual(await selects(repo, "--staged"), []);
  await repo.git("add", "a");
  assert.deepEqual(await selects(repo, "--staged"), ["lint"]);
});

repoTest("what cannot be compared is told", FILES, async (repo) => {
  const says = async (...args: readonly string[]) => {
    const { code, err } = await repo.qik("--ls", ...args);
    assert.equal(code, 2, repo.log);
    return err.split("\n").slice(0, 2).join("\n");
  };
  assert.equal(
    await says("--since", "mian"),
    'Error: Cannot find the revision "mian" [ref-unknown]\n  hint: Did you mean "main"?',
  );
  assert.match(await says("--since", "--output=x"), /Cannot find the revision "--output=x"/);
  // The variable behind it was not set: without the option everything would run.
  assert.match(await says("--since", ""), /Cannot find the revision ""/);
  assert.match(await says("--since", "^main"), /Cannot find the revision "\^main"/);
  await repo.git("tag", "content", "HEAD:qik.toml");
  assert.match(await says("--since", "content"), /"content": it is no commit[^]*Name a branch/);
  assert.deepEqual(await selects(repo, "--since", ":/first"), []);
  await repo.git("clone", "-q", "--depth", "1", `file://${repo.root}`, repo.path("../clone"));
  const clone = repo.with({ cwd: "../clone" });
  assert.match((await clone.qik("--since", "HEAD~1")).err, /is shallow[^]*--unshallow/);
  assert.match(await says("--changed", "--staged"), /Cannot use --changed and --staged together/);
  assert.match(await says("--exact"), /Cannot use --exact alone/);
  await repo.git("checkout", "-q", "--orphan", "other");
  await repo.commit();
  assert.match(await says("--since", "main"), /it and HEAD have no common ancestor/);
  assert.deepEqual(await selects(repo, "--since", "main", "--exact"), []);
  await repo.remove(".git");
  assert.match(await says("--changed"), /Cannot use --changed: there is no git repository here/);
});

repoTest("one git diff, and no more processes of git, however many tasks there are", {
  "qik.toml": "",
  "src/m1/a": "1",
}, async (repo) => {
  const git = (await repo.run("sh", "-c", "command -v git")).out.trim();
  const counting = await withPrograms(repo, {
    git: `{ printf '%s ' "$@"; echo; } >> ${repo.path("../gits")}; exec ${git} "$@"`,
  });
  const processes = async (tasks: number): Promise<string[]> => {
    const modules = Array.from({ length: tasks }, (_, at) => `"src/m${at}"`);
    await repo.write(Object.fromEntries(modules.map((name) => [`${JSON.parse(name)}/`, ""])));
    await repo.write({
      "qik.toml": `modules = [${modules}]\n[commands.t]\nexec = "true"\ndeps = ["{module.dir}"]\n`,
    });
    await repo.commit();
    await repo.write({ "src/m1/a": `of ${tasks}` });
    await repo.remove("../gits", "._qik");
    const { out } = await counting.must("--ls", "--since", "HEAD");
    assert.equal(out, "t#src/m1\n");
    return (await repo.read("../gits")).trimEnd().split("\n");
  };
  const [few, many] = [await processes(2), await processes(300)];
  assert.equal(many.filter((argv) => /(^| )diff(-|\b)/.test(argv)).length, 1, many.join("\n"));
  assert.deepEqual(many.length, few.length, many.join("\n"));
});
