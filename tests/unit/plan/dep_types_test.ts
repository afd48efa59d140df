import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { CORE_DEP_TYPES } from "../../../lib/plan/dep_types.ts";
import type { DepWorld, Fact } from "../../../lib/plan/types.ts";
import { readValue } from "../../../lib/plan/value_file.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function world(files: Record<string, string> = {}, env: Record<string, string> = {}): DepWorld {
  return {
    env: (name) => env[name],
    file: (path) => files[path] === undefined ? undefined : encode(files[path]),
    toolVersion: (argv) => Promise.resolve(`version of ${argv.join(" ")}`),
    pydist: (name) => Promise.resolve(`${name} 1.0`),
    packages: () => undefined,
    inputs: () => Promise.resolve([]),
    linkedDirectories: () => Promise.resolve([]),
  };
}

function planned(kind: string, settings: Record<string, unknown>) {
  const type = CORE_DEP_TYPES.find((type) => type.kind === kind || type.aliases?.includes(kind))!;
  return type.plan(settings as never, {} as never);
}

const read = (fact: Fact, from = world()) => fact.read(from);

Deno.test("a const is its text", async () => {
  assert.equal(await read(planned("const", { val: "x" }).facts![0]!), "x");
});

Deno.test("an env variable is secret, and absent differs from empty", async () => {
  const [fact] = planned("env", { name: "CI" }).facts!;
  assert.equal(fact!.secret, true);
  assert.equal(await read(fact!), undefined);
  assert.equal(await read(fact!, world({}, { CI: "" })), "");
  const [withDefault] = planned("env", { name: "CI", default: "no" }).facts!;
  assert.equal(await read(withDefault!), "no");
});

Deno.test("a tool without version is asked with --version", async () => {
  assert.equal(
    await read(planned("tool", { name: "ruff" }).facts![0]!),
    "version of ruff --version",
  );
});

Deno.test("dist is pydist", async () => {
  assert.equal(await read(planned("dist", { name: "pip-tools" }).facts![0]!), "pip-tools 1.0");
});

Deno.test("load reads globs and distributions that another command wrote", async () => {
  const dep = planned("load", { path: "lock.json", default: ["**.py"] });
  assert.deepEqual((await dep.late!(world())).globs, ["**.py"]);
  const written = world({ "lock.json": '{"globs": ["a/*.py"], "pydists": ["django"]}' });
  const late = await dep.late!(written);
  assert.deepEqual(late.globs, ["a/*.py"]);
  assert.deepEqual(late.facts.map(({ label }) => label), ["pydist django"]);
});

for (const text of ["{", "[]", "null", '{"globs": "a"}', '{"globs": [1]}', "\xff"]) {
  Deno.test(`load refuses ${JSON.stringify(text)}`, async () => {
    const dep = planned("load", { path: "lock.json" });
    await assert.rejects(dep.late!(world({ "lock.json": text })), (error: unknown) => {
      assert(error instanceof QikError);
      assert.equal(error.problems[0]!.code, "dep-unreadable");
      return true;
    });
  });
}

Deno.test("val reads one value out of TOML, JSON and YAML", async () => {
  assert.equal(await readValue("p.toml", encode('[a]\nb = "1"\n'), "a.b"), '"1"');
  assert.equal(await readValue("p.json", encode('{"a": {"x.y": [1, 2]}}'), 'a."x.y".1'), "2");
  assert.equal(await readValue("p.yml", encode("a:\n  - b: yes\n"), "a.0.b"), '"yes"');
  assert.equal(await readValue("p.json", encode('{"a": 1}'), "b"), undefined);
  assert.equal(await readValue("p.json", encode("{}"), "__proto__"), undefined);
});

Deno.test("val does not depend on the order of keys", async () => {
  const one = await readValue("p.json", encode('{"a": {"x": 1, "y": 2}}'), "a");
  assert.equal(one, await readValue("p.json", encode('{"a": {"y": 2, "x": 1}}'), "a"));
});

Deno.test("val refuses what it cannot parse, however deep", async () => {
  for (const [path, text] of [["a.json", "{"], ["a.ini", ""], ["a.toml", "a ="]] as const) {
    await assert.rejects(readValue(path, encode(text), "a"), { name: "QikError" }, path);
  }
  const nested = `{"a": ${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
  await assert.rejects(readValue("a.json", encode(nested), "a"), { name: "QikError" });
});
