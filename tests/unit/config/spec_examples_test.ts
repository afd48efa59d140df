import assert from "node:assert/strict";
import { Folder, problemsOf } from "./rig.ts";

/** The configurations that must work (SPEC section 15), as their documents write them. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "the short command": `
[commands]
format = "ruff format ."
`,
  "the long command": `
[commands.lock]
exec = "pip-compile > requirements.txt"
`,
  "deps and the repo cache": `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in"]
cache = "repo"
`,
  "an S3 cache with artifacts": `
[caches.remote]
type = "s3"
bucket = "my-cache-bucket"

[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in"]
artifacts = ["requirements.txt"]
cache = "remote"
`,
  "dist": `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in", {type = "dist", name = "pip-tools"}]
`,
  "pydist": `
[commands.lock]
exec = "pip-compile > requirements.txt"
deps = ["requirements.in", {type = "pydist", name = "pip-tools"}]
`,
  "const with runtime context": `
[commands.pytest]
exec = "pytest"
deps = [{type = "const", val = "{ctx.qik.arch}"}]
`,
  "modules": `
modules = ["my.module.a", "my.module.b"]

[commands.lint]
exec = "ruff check {module.dir}"
deps = ["{module.dir}/**.py"]
`,
  "the import graph": `
modules = ["my.module.a", "my.module.b"]

[commands.check-types]
exec = "pyright {module.dir}"
deps = [{type = "module", name = "{module.name}"}]
cache = "repo"
`,
  "plugins": `
[plugins]
uv = "qik.uv"
`,
  "a plugin table": `
[plugins.uv]
pyimport = "qik.uv"
python = "3.12"
`,
  "a space by its requirements": `
[spaces]
my-space = "requirements.txt"
lint = ["a.txt", "b.txt"]
`,
  "a whole space": `
[spaces.my-space]
venv = {type = "active", reqs = "requirements.txt"}
dotenv = ["my_dotenv.env", "my_other_dotenv.env"]
modules = ["my/nested/module"]
fence = ["other/path"]
root = "my/space"
`,
  "an inherited venv": `
[spaces.default]
venv = "requirements.txt"

[spaces.other]
venv = [{type = "space", name = "default"}]
`,
  "fences": `
[spaces.default]
fence = ["primary/area"]

[spaces.my-space]
modules = ["path/to/module_one"]
fence = ["other/path", {type = "space", name = "default"}]

[spaces.third]
fence = true
`,
  "the specification's space": `
[plugins]
uv = "qik.uv"

[spaces]
lint = "requirements-lint.txt"
lib = "x.txt"

[spaces.app]
root = "app"
venv = {type = "uv", reqs = "requirements.txt", lock = "requirements.lock"}
dotenv = ["app.env", "local.env"]
modules = ["app/core", {name = "api", path = "app/api"}]
fence = ["app", {type = "space", name = "lib"}]
`,
  "the specification's command": `
[spaces]
tools = "x.txt"

[commands]
format = "ruff format ."

[commands.lint]
exec = "ruff check {module.dir}"
deps = ["{module.dir}/**.py", {type = "command", name = "format"}]
artifacts = ["reports/{module.name}.json"]
cache = "repo"
cache-when = "success"
space = "tools"
`,
  "ctx": `
ctx = ["bucket", {name = "jobs", type = "int", default = 4, required = true}]
[caches.remote]
type = "s3"
bucket = "{ctx.bucket}"
`,
  "defaults and base": `
[base]
deps = ["shared.txt", {type = "env", name = "CI"}]

[defaults]
cache = "repo"
cache-when = "always"
venv = {type = "active"}
dotenv = [".env"]
python-path = "."
untracked = false
strict-env = true
shell = "bash"
`,
  "every key of a command": `
[pools]
db = 1
[commands.all]
exec = ["echo", "{args}"]
description = "says it"
tags = ["slow"]
hidden = true
portable = true
dir = "."
env = {K = "v"}
pass-env = ["CI"]
ignore = ["*.log"]
timeout = "90s"
retries = 2
pool = "db"
weight = 2
interactive = false
shell = "bash"
args = true
deps = [
  {type = "command", name = "all", strict = true, isolated = false, order-only = true},
  {type = "tool", name = "ruff", version = ["ruff", "--version"]},
  {type = "load", path = "x.json", default = ["a"]},
  {type = "val", file = "package.json", key = "version"},
  {type = "glob", pattern = "!x"},
]
`,
  "pydist, pools and hooks": `
[pydist]
ignore-missing = true
ignore-missing-modules = true
modules = {yaml = "PyYAML", gone = ""}
versions = {x = "1.0"}
[pools]
db = 1
[commands]
lint = "a"
[hooks]
pre-commit = ["lint"]
[caches.local]
max-size = "10GB"
max-age = "30d"
[caches.repo]
verify = "off"
`,
};

const DIRECTORIES = {
  "my/module/a/": "",
  "my/module/b/": "",
  "my/nested/module/": "",
  "path/to/module_one/": "",
  "app/core/": "",
  "app/api/": "",
};

for (const [name, toml] of Object.entries(EXAMPLES)) {
  Deno.test(`spec example: ${name}`, async () => {
    assert.deepEqual(await problemsOf(toml, DIRECTORIES), []);
  });
}

Deno.test("spec example: what the import graph example means", async () => {
  using folder = new Folder({ "qik.toml": EXAMPLES["the import graph"]!, ...DIRECTORIES });
  const { value } = await folder.load();
  assert.deepEqual(value.commands[0]!.deps[0]!.type, "pygraph");
  assert.deepEqual(value.commands[0]!.deps[0]!.settings, { name: "{module.name}" });
  assert.deepEqual(value.spaces[0]!.modules.map(({ name, dir }) => [name, dir]), [
    ["my.module.a", "my/module/a"],
    ["my.module.b", "my/module/b"],
  ]);
});

Deno.test("spec example: one old document has a brace too few, which is said where it is", async () => {
  const problems = await problemsOf(`[commands.lock]
exec = "pip-compile > requirements.txt"
deps = [
    "requirements.in",
    {type = "dist", name = "pip-tools"},
    {type = "const", val = "{ctx.qik.arch}"
]
`);
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^7:1 config-syntax /);
});
