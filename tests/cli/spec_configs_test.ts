/** The configurations that must work, as their documents write them. */
import assert from "node:assert/strict";
import { listed, makeVenv, mark, ranBy, withPrograms } from "../support/fakes.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { endWatching, put, startWatching } from "../support/watched.ts";

const PIP_COMPILE = `${mark("pip-compile")}; sed 's/$/==1.0/' requirements.in`;

repoTest("the short command", {
  "qik.toml": '[commands]\nformat = "echo ruff format ."\n',
}, async (repo) => {
  assert.equal((await repo.must("format")).out, "ruff format .\n");
});

repoTest("a command in its long form, without deps", {
  "qik.toml": '[commands.lock]\nexec = "pip-compile > requirements.txt"\n',
  "requirements.in": "black\n",
}, async (repo) => {
  const tools = await withPrograms(repo, { "pip-compile": PIP_COMPILE });
  assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"]);
  assert.equal(await repo.read("requirements.txt"), "black==1.0\n");
  assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"], "never cached");
});

repoTest("caching in the repository when requirements.in changes", {
  "qik.toml": `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in"]
cache = "repo"
`,
  "requirements.in": "black\n",
}, async (repo) => {
  const tools = await withPrograms(repo, { "pip-compile": PIP_COMPILE });
  assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"]);
  assert.deepEqual(await ranBy(tools, "lock"), []);
  await repo.commit();
  assert.match(await repo.git("ls-files", ".qik"), /\.qik\/cache\/lock\/lock\.json/);
  await repo.remove("._qik");
  assert.deepEqual(await ranBy(tools, "lock"), [], "the repository alone is enough");
  await repo.write({ "requirements.in": "ruff\n" });
  assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"]);
});

repoTest("artifacts are put back, in the local and in the repo cache", {
  "qik.toml": `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in"]
artifacts = ["requirements.txt"]
`,
  "requirements.in": "black\n",
}, async (repo) => {
  const tools = await withPrograms(repo, { "pip-compile": PIP_COMPILE });
  await tools.must("lock");
  await repo.remove("requirements.txt");
  assert.deepEqual(await ranBy(tools, "lock"), []);
  assert.equal(await repo.read("requirements.txt"), "black==1.0\n");
  await repo.write({ "qik.toml": (await repo.read("qik.toml")) + 'cache = "repo"\n' });
  assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"]);
  assert.deepEqual(await ranBy(tools, "lock"), []);
  await repo.remove("requirements.txt");
  assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"], "a repo entry holds no copy");
});

/** The dependency of the documents, and its longer name. */
for (const type of ["dist", "pydist"]) {
  repoTest(`a distribution's version breaks the cache (${type})`, {
    "qik.toml": `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in", {type = "${type}", name = "pip-tools"}]
`,
    "requirements.in": "black\n",
    ".gitignore": ".venv\n",
  }, async (repo) => {
    const tools = (await withPrograms(repo, { "pip-compile": PIP_COMPILE }))
      .with({ env: { VIRTUAL_ENV: repo.path(".venv") } });
    await makeVenv(repo, ".venv", { "pip-tools": "7.4.0", "other": "1" });
    assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"]);
    await makeVenv(repo, ".venv", { "pip-tools": "7.4.0", "other": "2" });
    assert.deepEqual(await ranBy(tools, "lock"), [], "another distribution does not count");
    await makeVenv(repo, ".venv", { "pip-tools": "7.4.1" });
    assert.deepEqual(await ranBy(tools, "lock"), ["pip-compile"]);
    await makeVenv(repo, ".venv", {});
    const { code, err } = await tools.qik("lock");
    assert.equal(code, 2);
    assert.match(err, /pip-tools.*\[pydist-missing\]/);
  });
}

const WITH_ARCH = `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = [
    "requirements.in",
    {type = "dist", name = "pip-tools"},
    {type = "const", val = "{ctx.qik.arch}"}
]
`;

repoTest("the architecture breaks the cache", {
  "qik.toml": WITH_ARCH + '\n[pydist]\nversions = {pip-tools = "7"}\n',
  "requirements.in": "black\n",
}, async (repo) => {
  const tools = await withPrograms(repo, { "pip-compile": PIP_COMPILE });
  const on = (arch: string) => tools.with({ env: { QIK__ARCH: arch } });
  assert.deepEqual(await ranBy(on("x"), "lock"), ["pip-compile"]);
  assert.deepEqual(await ranBy(on("x"), "lock"), []);
  assert.deepEqual(await ranBy(on("osx-arm64"), "lock"), ["pip-compile"]);
});

repoTest("the same with the brace that the document lost names its place", {
  "qik.toml": WITH_ARCH.replace('arch}"}', 'arch}"'),
}, async (repo) => {
  const { code, err } = await repo.qik("lock");
  assert.equal(code, 2);
  assert.match(err, /\[config-syntax\]\n\s+at qik\.toml:\d+:\d+/);
});

const MODULES = `
modules = ["my.module.a", "my.module.b"]

[commands.lint]
exec = "ruff check {module.dir}"
deps = ["{module.dir}/**.py"]
`;

repoTest("a command for each of the top-level modules", {
  "qik.toml": MODULES,
  "my/module/a/deep/one.py": "1\n",
  "my/module/b/two.py": "2\n",
}, async (repo) => {
  const tools = await withPrograms(repo, { ruff: 'echo "$@" >> ../ran' });
  assert.deepEqual(await ranBy(tools), ["check my/module/a", "check my/module/b"]);
  assert.deepEqual(await ranBy(tools), []);
  await repo.write({ "my/module/a/deep/one.py": "3\n" });
  assert.deepEqual(await ranBy(tools), ["check my/module/a"]);
  assert.deepEqual(await ranBy(tools, "-f", "-m", "my.module.b"), ["check my/module/b"]);
  assert.deepEqual(await listed(repo), ["lint#my.module.a", "lint#my.module.b"]);
});

repoTest("what CI asks: is anything cold", {
  "qik.toml": `
[commands.one]
exec = "${mark("one")}"
deps = ["a"]
cache = "repo"
[commands.two]
exec = "${mark("two")}"
deps = ["a"]
`,
  "a": "1",
}, async (repo) => {
  const cold = () => repo.qik("--cache", "repo", "--cache-status", "cold", "--fail", "--ls");
  assert.equal((await repo.must("--cache-status", "cold", "--ls")).out, "one\ntwo\n");
  const before = await cold();
  assert.deepEqual([before.code, before.out], [1, "one\n"]);
  await repo.must("one");
  const after = await cold();
  assert.deepEqual([after.code, after.out], [0, ""]);
  assert.equal((await repo.must("--cache-status", "cold", "--ls")).out, "two\n");
  assert.equal((await repo.must("--cache-status", "warm", "--ls")).out, "one\n");
  assert.deepEqual(await ranBy(repo, "--cache-status", "warm"), []);
  assert.deepEqual(await ranBy(repo, "--cache-status", "cold"), ["two"]);
});

repoTest("QIK__ variables in front of the command line", {
  "qik.toml": `
[commands.show]
exec = "echo {ctx.qik.workers} {ctx.qik.arch}"
`,
}, async (repo) => {
  const set = repo.with({ env: { QIK__WORKERS: "1", QIK__ARCH: "x" } });
  assert.equal((await set.must("show")).out, "1 x\n");
  assert.equal((await set.must("show", "-n", "3")).out, "3 x\n");
  const { code, err } = await repo.with({ env: { QIK__WORKERS: "many" } }).qik("show");
  assert.equal(code, 2);
  assert.match(err, /"many" as the number of workers \[usage\]/);
});

repoTest("spaces, fences, dotenv lists, defaults and base", {
  "qik.toml": `
[base]
deps = ["qik.toml"]

[defaults]
cache = "repo"
cache-when = "finished"
dotenv = "all.env"
python-path = "app"
strict-env = true
shell = "sh"

[spaces]
lint = "requirements-lint.txt"

[spaces.app]
root = "app"
dotenv = ["app.env", "local.env"]
modules = ["app/core", {name = "api", path = "app/api"}]
fence = ["app", {type = "space", name = "lib"}]

[spaces.lib]
modules = ["lib"]
fence = true

[commands.show]
exec = "echo {space.name} {module.name} {module.pyimport} $WHO $SAYS $SECRET"
deps = ["{module.dir}"]

[commands.fails]
exec = "${mark("fails")}; exit 3"
deps = []
space = "lint"
`,
  "requirements-lint.txt": "ruff\n",
  "all.env": "WHO=all\n",
  "app.env": "WHO=app\nSAYS='one two'\n",
  "local.env": "WHO=local\n",
  "app/core/a": "",
  "app/api/a": "",
  "lib/a": "",
}, async (repo) => {
  const secret = repo.with({ env: { SECRET: "hidden" } });
  const show = async (...args: string[]) => (await secret.must("show", ...args)).out;
  assert.equal(await show("-m", "api"), "app api api local one two\n");
  assert.equal(await show("-m", "app/core"), "app app/core core local one two\n");
  assert.equal(await show("-s", "lib"), "lib lib lib all\n");
  assert.equal((await repo.qik("fails")).code, 3);
  await repo.remove("../ran");
  assert.equal((await repo.qik("fails")).code, 3);
  assert.equal(await repo.exists("../ran"), false, "finished results are replayed");
});

/** Forms of old documents that never worked, and what is said of them. */
const OLD_FORMS: readonly [string, RegExp][] = [
  [
    '[command.x]\nexec = "true"\n',
    /\[config-old-form\]\n\s+at qik\.toml:1:1.*\n.*\[commands\.NAME\]/,
  ],
  ['vars = ["a"]\n', /\[config-old-form\]\n\s+at qik\.toml:1:1.*\n.*ctx = \["name"\]/],
  ["[ctx.profile.qik]\nworkers = 2\n", /\[config-old-form\]\n\s+at qik\.toml:1:1.*\n.*QIK__NAME/],
];

for (const [config, message] of OLD_FORMS) {
  repoTest(`the old form ${config.split("\n")[0]} names the right one`, {
    "qik.toml": config,
  }, async (repo) => {
    const { code, err } = await repo.qik();
    assert.equal(code, 2);
    assert.match(err, message);
  });
}

repoTest("-p, the old option, names what replaces it", {
  "qik.toml": '[commands]\na = "true"\n',
}, async (repo) => {
  const { code, err } = await repo.qik("-p", "ci");
  assert.equal(code, 2);
  assert.match(err, /"-p" \[usage\]\n.*QIK__NAME/);
});

async function refused(repo: Repo, config: string, message: RegExp): Promise<void> {
  await repo.write({ "qik.toml": config });
  const { code, err } = await repo.qik("--ls");
  assert.equal(code, 2, repo.log);
  assert.match(err, message);
}

repoTest("what plugins of later versions bring is refused by name", {}, async (repo) => {
  const later = (source: string) => new RegExp(`qik\\.toml:\\d+:\\d+ .*\\n.*"qik\\.${source}"`);
  const types =
    'modules = ["a"]\n[commands.t]\nexec = "t"\ndeps = [{type = "module", name = "{module.name}"}]\n';
  await repo.write({ "a/x": "" });
  await refused(repo, types, /Add pygraph = "qik\.pygraph" to \[plugins\]/);
  await refused(repo, '[caches.remote]\ntype = "s3"\nbucket = "my-cache-bucket"\n', later("s3"));
  await refused(repo, '[spaces.app]\nvenv = {type = "uv", reqs = "r.txt"}\n', later("uv"));
  const plugin =
    /"qik\.docker": no such plugin \[plugin-unknown\]\n.*qik\.toml:2:1.*\n.*does not have it/;
  await refused(repo, '[plugins]\nimages = "qik.docker"\n', plugin);
  await refused(repo, '\n[plugins.images]\npyimport = "qik.docker"\n', plugin);
});

repoTest("plugin tables with pyimport, and a venv of the plugin", {
  "qik.toml": '[plugins.uv]\npyimport = "qik.uv"\n[spaces]\nlint = "requirements-lint.txt"\n' +
    "[spaces.app]\nroot = 'app'\nmodules = ['app/core', {name = 'api', path = 'app/api'}]\n" +
    "venv = {type = 'uv', reqs = 'requirements.txt', lock = 'requirements.lock'}\n" +
    "[commands.a]\nexec = 'true'\ndeps = ['{module.dir}/**']\n",
  "app/core/x": "",
  "app/api/x": "",
}, async (repo) => {
  const listed = (await repo.must("--ls", "a")).out.trim().split("\n").sort();
  assert.deepEqual(listed, ["a@app#api", "a@app#app/core"]);
  const hidden = (await repo.must("--ls", "uv.*")).out.trim().split("\n").sort();
  const tasks = ["app", "lint"].flatMap((space) => [`uv.install@${space}`, `uv.lock@${space}`]);
  assert.deepEqual(hidden, tasks.sort());
});

repoTest("qik --watch and qik one two --watch", {
  "qik.toml":
    '[commands.one]\nexec = "cat one"\ndeps = ["one"]\n[commands.two]\nexec = "cat two"\ndeps = ["two"]\n' +
    '[commands.three]\nexec = "cat three"\ndeps = ["three"]\n',
  one: "first of one\n",
  two: "first of two\n",
  three: "first of three\n",
}, async (repo) => {
  for (const [round, names] of [[], ["one", "two"]].entries()) {
    const running = await startWatching(repo, ...names);
    await put(repo, { three: `three ${round}\n` });
    if (names.length === 0) await running.saw(`three ${round}`);
    await put(repo, { two: `two ${round}\n` });
    await running.saw(`two ${round}`);
    await endWatching(running);
    const watchesThree = names.length === 0;
    assert.equal(running.out.includes("three"), watchesThree, running.out);
  }
});
