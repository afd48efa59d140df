import assert from "node:assert/strict";
import * as z from "zod/mini";
import { locateProblems } from "../../../lib/config/locate.ts";
import { Folder, kind, KINDS, problemsOf, told } from "./rig.ts";

Deno.test("load: short and long commands", async () => {
  using folder = new Folder({
    "qik.toml": `
[base]
deps = ["base.txt"]

[defaults]
cache = "repo"
cache-when = "always"
python-path = "src"
dotenv = ".env"

[commands]
format = "ruff format ."

[commands.lint]
exec = ["ruff", "check"]
deps = ["**.py", { type = "command", name = "format" }]
cache-when = "always"
timeout = "90s"
env = { A = "1" }
`,
  });
  const { value, problems, sources } = await folder.load();
  assert.deepEqual(problems, []);
  assert.deepEqual(value.commands.map(({ name }) => name), ["format", "lint"]);
  const [format, lint] = value.commands;
  assert.equal(format!.exec, "ruff format .");
  assert.equal(format!.hasDeps, false);
  assert.deepEqual(lint!.deps, [
    {
      type: "glob",
      settings: { pattern: "**.py" },
      place: { file: "qik.toml", path: "commands.lint.deps[0]" },
    },
    {
      type: "command",
      settings: { name: "format" },
      place: { file: "qik.toml", path: "commands.lint.deps[1]" },
    },
  ]);
  assert.deepEqual(
    [lint!.cacheWhen, lint!.timeoutMs, lint!.env, lint!.hasDeps],
    ["finished", 90_000, [{ name: "A", value: "1" }], true],
  );
  const { cache, cacheWhen, pythonPath, dotenv, untracked } = value.defaults;
  assert.deepEqual(
    [cache, cacheWhen, pythonPath, dotenv, untracked],
    ["repo", "finished", "src", [".env"], true],
  );
  assert.deepEqual(value.baseDeps.map(({ settings }) => settings), [{ pattern: "base.txt" }]);
  assert.deepEqual(sources.files.map(({ path }) => path), ["qik.toml"]);
  assert.deepEqual(value, JSON.parse(JSON.stringify(value)), "JSON keeps all of it");
});

Deno.test("load: places of a valid configuration can be given lines later", async () => {
  using folder = new Folder({ "qik.toml": '[commands.a]\nexec = "x"\ndeps = [\n  "y",\n]\n' });
  const { value } = await folder.load();
  const problem = {
    code: "glob-empty",
    message: "m",
    place: value.commands[0]!.deps[0]!.place,
  } as const;
  const [located] = locateProblems(
    [problem],
    () => '[commands.a]\nexec = "x"\ndeps = [\n  "y",\n]\n',
  );
  assert.deepEqual([located!.place!.line, located!.place!.column], [4, 3]);
});

Deno.test("load: all problems of a file at once, in its order, located", async () => {
  const problems = await problemsOf(`comands = 1

[commands]
"a b" = "x"

[commands.lint]
exce = "ruff"
deps = "a"
cache-when = "sometimes"
timeout = "soon"
daemon = true
weight = 0

[commands.test]
exec = "pytest"
cache = "remot"
deps = [{ type = "comand", name = "lint" }, { type = "command", name = "lnit" }, { nme = 1 }]

[caches.remote]
type = "s3"
buckt = "x"
`);
  assert.deepEqual(problems, [
    '1:1 config-unknown-key Cannot read the file: unknown key "comands" | Did you mean "commands"?',
    '4:1 config-bad-value Cannot use "a b" for commands."a b": a name is at most 200 characters without spaces, quotes, brackets and @ # ? * $ ! ; & | < > \\ and does not begin with "-", ":" or "/"',
    '6:1 config-bad-value Cannot read commands.lint: the key "exec" is missing | Add the key "exec"',
    '7:1 config-unknown-key Cannot read commands.lint: unknown key "exce" | Did you mean "exec"?',
    '8:1 config-wrong-type Cannot read commands.lint.deps: expected a list, found a string | Write ["a"]',
    '9:1 config-bad-value Cannot use "sometimes" for commands.lint.cache-when: expected "success", "failed", "finished" or "always"',
    '10:1 config-bad-value Cannot use "soon" for commands.lint.timeout: expected a duration such as "90s" or "2h30m"',
    "11:1 config-bad-value Cannot use true for commands.lint.daemon: it is not available yet | Remove the key",
    "12:1 config-bad-value Cannot use 0 for commands.lint.weight: expected at least 1",
    '16:1 cache-unknown Cannot use the cache "remot": no such cache | Did you mean "remote"?',
    '17:11 dep-unknown Cannot use a dependency of type "comand": no such type | Did you mean "command"?',
    '17:65 command-unknown Cannot use the command "lnit": no such command | Did you mean "lint"?',
    '17:82 config-bad-value Cannot use a table for commands.test.deps[2]: expected a table with "type", one of "glob", "const", "env", "command", "pydist", "dist", "tool", "load", "val", "pygraph" or "module"',
    '19:1 config-bad-value Cannot read caches.remote: the key "bucket" is missing | Add the key "bucket"',
    '21:1 config-unknown-key Cannot read caches.remote: unknown key "buckt" | Did you mean "bucket"?',
  ]);
});

Deno.test("load: flaws of a dependency's own keys are located", async () => {
  assert.deepEqual(
    await problemsOf(
      '[commands.a]\nexec = "x"\ndeps = [\n  { type = "env", nme = "CI" },\n  { type = "const", val = 3 },\n]',
    ),
    [
      '4:3 config-bad-value Cannot read commands.a.deps[0]: the key "name" is missing | Add the key "name"',
      '4:19 config-unknown-key Cannot read commands.a.deps[0]: unknown key "nme" | Did you mean "name"?',
      "5:21 config-wrong-type Cannot read commands.a.deps[1].val: expected a string, found a whole number | Write it as a string, in quotes",
    ],
  );
});

Deno.test("load: later keys are not available yet", async () => {
  for (const key of ["daemon", "ready", "restart", "stop", "trigger"]) {
    const [problem] = await problemsOf(`[commands.a]\nexec = "x"\n${key} = "y"`);
    assert.match(problem!, /^3:1 config-bad-value .* it is not available yet/);
  }
});

Deno.test("load: old forms name the right one", async () => {
  const problems = await problemsOf(`vars = ["a"]
[command.lint]
exec = "x"
[ctx.default.qik]
workers = 3
`);
  assert.deepEqual(problems, [
    '1:1 config-old-form Cannot read the file: "vars" is an old form | Write ctx = ["name"]',
    '2:1 config-old-form Cannot read the file: "command" is an old form | Write [commands.NAME]',
    '4:1 config-old-form Cannot read the file: "ctx" lists variables, profiles such as [ctx.NAME.qik] do not exist | Write ctx = ["name"]; set qik\'s own values with QIK__NAME variables',
  ]);
});

Deno.test("load: references of every kind", async () => {
  const problems = await problemsOf(`[defaults]
cache = "remot"
[commands.a]
exec = "x"
space = "ap"
pool = "bd"
cache = "{ctx.qik.cache}"
[pools]
db = 1
[spaces.app]
venv = { type = "space", name = "nope" }
fence = ["x", { type = "space", name = "libb" }]
[spaces.lib]
[hooks]
pre-commit = ["a", "b1"]
pre-comit = ["a"]
`);
  assert.deepEqual(problems, [
    '2:1 cache-unknown Cannot use the cache "remot": no such cache',
    '5:1 space-unknown Cannot use the space "ap": no such space | Did you mean "app"?',
    '6:1 config-bad-value Cannot use the pool "bd": no such pool | Did you mean "db"?',
    '11:26 space-unknown Cannot use the space "nope": no such space',
    '12:33 space-unknown Cannot use the space "libb": no such space | Did you mean "lib"?',
    '15:20 command-unknown Cannot use the command "b1": no such command',
    '16:1 config-bad-value Cannot use "pre-comit" for hooks.pre-comit: git has no hook of this name | Did you mean "pre-commit"?',
  ]);
});

Deno.test("load: placeholders that mean nothing", async () => {
  const problems = await problemsOf(`ctx = ["bucket"]
[commands.a]
exec = "x {ctx.buckt} {module.nme} {ctx.qik.wokers} {args} {ctx.bucket} {HOME}"
env = { A = "{space.nope}" }
deps = [{ type = "const", val = "{ctx.nothing}" }]
[commands.b]
exec = "{args}"
args = true
`);
  assert.deepEqual(problems.map((line) => line.split(" ").slice(0, 5).join(" ")), [
    '3:1 template-unknown Cannot fill "{args}":',
    '3:1 ctx-unknown Cannot fill "{ctx.buckt}":',
    '3:1 ctx-unknown Cannot fill "{ctx.qik.wokers}":',
    '3:1 template-unknown Cannot fill "{module.nme}":',
    '4:1 template-unknown Cannot fill "{space.nope}":',
    '5:9 ctx-unknown Cannot fill "{ctx.nothing}":',
  ]);
});

Deno.test("load: a missing value of a required variable is no problem before it is used", async () => {
  assert.deepEqual(await problemsOf('ctx = ["bucket"]\n[commands]\na = "x {ctx.bucket}"'), []);
});

Deno.test("load: variables", async () => {
  const problems = await problemsOf(
    'ctx = ["a-b", "a_b", "qik", { name = "n", type = "int", default = "4" }, { name = "m", type = "float" }]',
  );
  assert.ok(problems.some((line) => line.includes('"qik"')));
  assert.ok(problems.some((line) => line.includes('expected "str", "int" or "bool"')));
  assert.deepEqual(
    await problemsOf('ctx = ["a-b", "a_b", { name = "n", type = "int", default = "4" }]'),
    [
      '1:15 config-bad-value Cannot use "a_b" for ctx[1]: this variable is already declared',
      "1:50 config-wrong-type Cannot read ctx[2].default: expected a whole number, found a string",
    ],
  );
});

Deno.test("load: modules of spaces and their files", async () => {
  using folder = new Folder({
    "qik.toml": `modules = ["my.module.a"]
[defaults]
python-path = "my"
[spaces.app]
modules = ["app/core", { name = "api", path = "app.api" }]
`,
    "my/module/a/": "",
    "app/core/qik.toml": '[commands]\ntest = "pytest"\n',
    "app/api/qik.toml":
      '[commands.test]\nexec = "y"\ndeps = [{ type = "command", name = "app/core/test" }]\n',
  });
  const { value, problems, sources } = await folder.load();
  assert.deepEqual(problems, []);
  assert.deepEqual(value.commands.map(({ name, place }) => [name, place.file]), [
    ["app/core/test", "app/core/qik.toml"],
    ["api/test", "app/api/qik.toml"],
  ]);
  assert.deepEqual(
    value.spaces.map(({ name, modules }) => [
      name,
      modules.map((module) => [module.name, module.dir, module.pyimport]),
    ]),
    [
      ["default", [["my.module.a", "my/module/a", "module.a"]]],
      ["app", [["app/core", "app/core", "app.core"], ["api", "app/api", "app.api"]]],
    ],
  );
  assert.deepEqual(sources.absent, ["my/module/a/qik.toml"]);
  assert.deepEqual(sources.directories, ["my/module/a", "app/core", "app/api"]);
});

Deno.test("load: wrong modules", async () => {
  const problems = await problemsOf(
    `modules = ["a", "missing", "../up", "x y"]
[spaces.one]
modules = [{ name = "b", path = "a" }, "f.txt"]
[spaces.two]
modules = [{ name = "b", path = "c" }]
`,
    { "a/qik.toml": "[spaces.x]\n", "f.txt/": "", "c/qik.toml": '[commands]\nx = ""\n' },
  );
  assert.deepEqual(problems, [
    '1:17 config-bad-value Cannot use the module "missing": there is no directory "missing" | Create the directory or mend the path',
    '1:28 config-bad-value Cannot use "../up" for modules[2]: expected a directory inside the repository',
    '1:37 config-bad-value Cannot use "x y" for modules[3]: a name is at most 200 characters without spaces, quotes, brackets and @ # ? * $ ! ; & | < > \\ and does not begin with "-", ":" or "/"',
    '3:12 config-bad-value Cannot define the module directory "a": it is already defined | The first stands in qik.toml, modules[0]',
    '3:40 config-bad-value Cannot use the module "f.txt": there is no directory "f/txt" | Create the directory or mend the path',
    '5:12 config-bad-value Cannot define the module "b": it is already defined | The first stands in qik.toml, spaces.one.modules[0]',
    '1:1 config-unknown-key Cannot read the file: unknown key "spaces" | Known keys: commands',
    '2:1 config-bad-value Cannot use "" for commands.x: it is empty',
  ]);
});

Deno.test("load: a module in the root has no file of its own", async () => {
  assert.deepEqual(await problemsOf('modules = ["."]\n[commands]\na = "x {module.dir}"'), []);
});

Deno.test("load: circles are named", async () => {
  const problems = await problemsOf(`[spaces.a]
venv = { type = "space", name = "b" }
fence = [{ type = "space", name = "a" }]
[spaces.b]
venv = [{ type = "space", name = "c" }]
[spaces.c]
venv = { type = "space", name = "a" }
`);
  assert.deepEqual(problems, [
    '2:1 space-cycle Cannot follow the venv of the space "a": a -> b -> c -> a | Remove one of these from the venvs',
    '3:1 space-cycle Cannot follow the fence of the space "a": a -> a | Remove one of these from the fences',
  ]);
});

Deno.test("load: roots may not nest", async () => {
  const problems = await problemsOf(`[spaces.a]
root = "app"
[spaces.b]
root = "app-two"
[spaces.c]
root = "./app/sub/"
[spaces.d]
root = "/abs"
`);
  assert.deepEqual(problems, [
    '6:1 config-bad-value Cannot use "app/sub" for spaces.c.root: it lies in the root of the space "a" | Roots may not lie in one another',
    '8:1 config-bad-value Cannot use "/abs" for spaces.d.root: expected a directory inside the repository',
  ]);
});

Deno.test("load: venvs, plugins and caches", async () => {
  const problems = await problemsOf(`[plugins]
uv = "qik.uw"
graph = { plugin = "qik.pygraph", x = 1 }
[spaces.a]
venv = { type = "uvv" }
[spaces.b]
venv = { reqs = "x" }
[caches.none]
[caches.local]
max-size = "huge"
type = "s3"
[caches.repo]
verify = "changes"
[caches.x]
`);
  assert.deepEqual(problems.map((line) => line.replace(/ \| .*/, "")), [
    '2:1 plugin-unknown Cannot use the plugin "qik.uw": no such plugin',
    '3:35 config-unknown-key Cannot read plugins.graph: the plugin has no setting "x"',
    '5:10 config-bad-value Cannot use "uvv" for spaces.a.venv.type: expected "active", "space" or "uv"',
    '7:1 config-bad-value Cannot use a table for spaces.b.venv: expected a "type" of "active", "space" or "uv", found none',
    '8:1 config-bad-value Cannot use a table for caches.none: the name "none" always means no cache',
    '11:1 config-bad-value Cannot use "s3" for caches.local.type: expected "local"',
    '13:1 config-bad-value Cannot use "changes" for caches.repo.verify: expected "off" or "changed"',
    '14:1 config-bad-value Cannot use a table for caches.x: expected a "type" of "local", "repo" or "s3"',
  ]);
});

Deno.test("load: settings of the local cache are bytes and milliseconds", async () => {
  using folder = new Folder({ "qik.toml": '[caches.local]\nmax-size = "10GB"\nmax-age = "30d"\n' });
  const { value } = await folder.load();
  assert.deepEqual(value.caches.map(({ type, settings }) => [type, settings]), [
    ["local", { "max-size": 10_000_000_000, "max-age": 2_592_000_000 }],
  ]);
});

Deno.test("load: pyproject.toml", async () => {
  using folder = new Folder({
    "pyproject.toml":
      '[project]\nname = "x"\n[tool.qik.commands.lint]\nexec = "ruff"\ncache = "remot"\n',
  });
  const { problems } = await folder.load({ file: "pyproject.toml" });
  assert.deepEqual(problems.map(told), [
    '5:1 cache-unknown Cannot use the cache "remot": no such cache',
  ]);
  assert.equal(problems[0]!.place!.path, "tool.qik.commands.lint.cache");
});

Deno.test("load: files that cannot be read", async () => {
  using folder = new Folder({ "qik.toml/x": "" });
  assert.deepEqual((await folder.load()).problems.map(told), [
    '- config-unreadable Cannot read "qik.toml": it is not a file',
  ]);
  const gone = await folder.load({ file: "other.toml" });
  assert.deepEqual(gone.problems.map(({ code }) => code), ["config-not-found"]);
});

Deno.test("load: a schema that does not answer at once, or answers more than JSON, is a bug", async () => {
  const run = async (schema: unknown) => {
    using folder = new Folder({ "qik.toml": '[base]\ndeps = [{ type = "odd" }]\n' });
    return await folder.load({ kinds: new Map([["odd", kind("odd", schema)]]) });
  };
  const slow = {
    "~standard": { version: 1, vendor: "t", validate: () => Promise.reject(new Error()) },
  };
  await assert.rejects(run(slow), /does not answer at once/);
  await assert.rejects(
    run(z.pipe(z.unknown(), z.transform(() => ({ a: new Map() })))),
    /more than JSON/,
  );
});

Deno.test("load: thousands of problems stay cheap and are cut", async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `k${i} = 1`);
  const problems = await problemsOf(lines.join("\n"));
  assert.equal(problems.length, 10_001);
  assert.match(problems.at(-1)!, /20000 more problems/);
  assert.match(problems[9_999]!, /^10000:1 /);
  const deps = Array.from({ length: 3000 }, (_, i) => `{ type = "command", name = "d${i}" }`);
  const unknown = await problemsOf(`[commands.a]\nexec = "x"\ndeps = [${deps.join(",\n")}]`);
  assert.equal(unknown.length, 3000);
  assert.match(unknown[2999]!, /^3002:/);
});

Deno.test("load: kinds are found by alias", async () => {
  using folder = new Folder({
    "qik.toml": '[commands.a]\nexec = "x"\ndeps = [{ type = "dist", name = "y" }]',
  });
  const { value } = await folder.load({ kinds: KINDS.kinds });
  assert.equal(value.commands[0]!.deps[0]!.type, "pydist");
});
