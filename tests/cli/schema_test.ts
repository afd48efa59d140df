/** `qik :schema`: what an editor accepts is what qik accepts. */
import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "smol-toml";
import { type Repo, repoTest } from "../support/repo.ts";

const SAMPLE = `
ctx = ["bucket", {name = "jobs", type = "int", default = 4, required = true}]
modules = ["app", {name = "web", path = "app/web"}]

[base]
deps = ["*.lock"]

[defaults]
cache-when = "always"
dotenv = ["a.env", "b.env"]
venv = {type = "active"}
untracked = false

[commands]
format = "ruff format ."

[commands.lint]
exec = ["ruff", "check", "{module.dir}"]
deps = [
  "{module.dir}/**.py",
  {type = "glob", pattern = "*.md"},
  {type = "const", val = "{ctx.qik.arch}"},
  {type = "env", name = "CI", default = "no"},
  {type = "command", name = "format", strict = true, isolated = false, order-only = true},
  {type = "dist", name = "ruff"},
  {type = "pydist", name = "ruff"},
  {type = "tool", name = "ruff", version = ["ruff", "version"]},
  {type = "load", path = "deps.json", default = ["*.py"]},
  {type = "val", file = "pyproject.toml", key = "tool.ruff"},
]
artifacts = ["reports/{module.name}.json"]
cache = "repo"
timeout = "90s"
retries = 2
pool = "db"

[spaces]
tools = "requirements.txt"

[spaces.lib]
venv = {type = "space", name = "tools"}
fence = ["lib", {type = "space", name = "tools"}]

[spaces.built]
venv = {type = "uv", reqs = ["a.txt", {type = "space", name = "tools"}], lock = "built.lock", constraint = {type = "space", name = "tools"}, python = "3.12", universal = false}

[plugins.uv]
plugin = "qik.uv"
index-url = "https://packages.example.com/simple"
extra-index-url = ["https://other.example.com/simple"]
cache = "repo"
hashes = true

[plugins.s3]
plugin = "qik.s3"

[plugins.http]
plugin = "qik.http"

[plugins.gcs]
plugin = "qik.gcs"

[caches.local]
max-size = "1GB"

[caches.team]
type = "s3"
bucket = "results"
region-name = "eu-west-1"
mode = "read-only"
scope = "main"
read-scopes = ["main", "shared"]
timeout = "5s"

[caches.web]
type = "http"
url = "https://cache.example.com/qik"

[caches.cloud]
type = "gcs"
bucket = "results"

[pydist]
versions = {ruff = "1"}

[pools]
db = 1

[hooks]
pre-commit = ["format"]
`;

/** Files that both the schema and qik refuse. */
const WRONG = [
  'command = "x"\n',
  "[commands.a]\n",
  '[commands.a]\nexec = "a"\ndep = ["b"]\n',
  "[commands.a]\nexec = 1\n",
  '[commands.a]\nexec = "a"\ndeps = "b"\n',
  '[commands.a]\nexec = "a"\ndeps = [{type = "nothing"}]\n',
  '[commands.a]\nexec = "a"\ndeps = [{type = "env", nam = "CI"}]\n',
  '[commands.a]\nexec = "a"\ndeps = [{type = "const"}]\n',
  '[commands.a]\nexec = "a"\ncache-when = "never"\n',
  '[commands.a]\nexec = "a"\nweight = 0\n',
  "[defaults]\nuntraced = true\n",
  '[spaces.a]\nroots = "a"\n',
  '[spaces.a]\nvenv = {type = "virtual"}\n',
  '[plugins]\nuv = "qik.uv"\n[spaces.a]\nvenv = {type = "uv", req = "a.txt"}\n',
  '[plugins]\nuv = "qik.uv"\n[spaces.a]\nvenv = {type = "uv", reqs = [1]}\n',
  '[plugins]\nuv = "qik.uv"\n[spaces.a]\nvenv = {type = "uv", reqs = "a", universal = "no"}\n',
  '[plugins.uv]\nplugin = "qik.uv"\npythons = "3.12"\n',
  '[caches.local]\nmax = "1GB"\n',
  '[caches.team]\ntype = "nothing"\n',
  '[plugins]\nhttp = "qik.http"\n[caches.team]\nurl = "https://cache.example.com"\n',
  '[plugins]\nhttp = "qik.http"\n[caches.team]\ntype = "http"\n',
  '[plugins]\nhttp = "qik.http"\n[caches.team]\ntype = "http"\nurl = "https://a"\nscopes = "a"\n',
  "[pools]\ndb = 0\n",
];

async function validator(repo: Repo): Promise<ValidateFunction> {
  const { out } = await repo.must(":schema");
  return new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(JSON.parse(out));
}

repoTest("a configuration with everything in it is valid, for the schema and for qik", {
  "qik.toml": SAMPLE,
  "app/web/x": "",
}, async (repo) => {
  const isValid = await validator(repo);
  assert.ok(isValid(parse(SAMPLE)), JSON.stringify(isValid.errors));
  await repo.must("--ls");
});

repoTest("what the schema refuses, qik refuses", {}, async (repo) => {
  const isValid = await validator(repo);
  for (const text of WRONG) {
    assert.equal(isValid(parse(text)), false, text);
    await repo.write({ "qik.toml": text });
    assert.equal((await repo.qik("--ls")).code, 2, text);
  }
});

repoTest("the schema needs no configuration, and takes no names", {
  "qik.toml": "this is no TOML",
}, async (repo) => {
  const { $schema, title } = JSON.parse((await repo.must(":schema")).out);
  assert.equal($schema, "https://json-schema.org/draft/2020-12/schema");
  assert.equal(title, "qik.toml");
  const { code, err } = await repo.qik(":schema", "lint");
  assert.equal(code, 2);
  assert.match(err, /":schema lint".*\[usage\]/);
  const unknown = await repo.qik(":scheme");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /":schema"/);
});
