import assert from "node:assert/strict";
import { configJsonSchema } from "../../../lib/config/json_schema.ts";
import { parseSize } from "../../../lib/base/size.ts";
import { isName } from "../../../lib/config/names.ts";
import { moduleDir, pyimportOf } from "../../../lib/config/modules.ts";
import { kind, KINDS } from "./rig.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

Deno.test("json schema: covers the file with the kinds' own tables", async () => {
  const schema: Any = await configJsonSchema({
    deps: new Map([...KINDS.kinds, [
      "odd",
      kind("odd", { "~standard": { version: 1, vendor: "x" } }),
    ]]),
    caches: KINDS.cacheKinds,
    venvs: KINDS.venvKinds,
    plugins: KINDS.plugins,
  });
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(Object.keys(schema.properties), [
    "ctx",
    "base",
    "defaults",
    "commands",
    "modules",
    "spaces",
    "caches",
    "plugins",
    "pydist",
    "pools",
    "hooks",
  ]);
  assert.equal(schema.additionalProperties, false);
  const command = schema.properties.commands.additionalProperties.anyOf[1];
  assert.deepEqual(command.required, ["exec"]);
  assert.deepEqual(command.properties.deps.items.anyOf, [
    { type: "string" },
    { $ref: "#/$defs/dep" },
  ]);
  const words = (of: string) => schema.$defs[of].anyOf.map((one: Any) => one.properties.type.const);
  assert.ok(["pydist", "dist", "module", "odd"].every((word) => words("dep").includes(word)));
  assert.deepEqual(words("cache"), ["local", "repo", "s3"]);
  assert.deepEqual(words("venv"), ["active", "space", "uv"]);
  const env = schema.$defs.dep.anyOf.find((one: Any) => one.properties.type.const === "env");
  assert.deepEqual(env.required, ["type", "name"]);
  assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
});

Deno.test("names: what shells, task names and files bear", () => {
  for (const good of ["lint", "lint:fix", "a.b/c", "é", "+x", "a-b_c", "x".repeat(200)]) {
    assert.ok(isName(good), good);
  }
  for (
    const bad of [
      "",
      "a b",
      "a@b",
      "a#b",
      "a?b",
      "*",
      "-x",
      ":x",
      "!x",
      "a\n",
      "../a",
      "a//b",
      "/a",
      "a/",
      "a/./b",
      "$x",
      "x".repeat(201),
    ]
  ) {
    assert.ok(!isName(bad), JSON.stringify(bad));
  }
});

Deno.test("names: sizes", () => {
  assert.equal(parseSize("1.5 GiB"), 1_610_612_736);
  assert.equal(parseSize("500MB"), 500_000_000);
  for (const bad of ["", "10", "0GB", "-1GB", "GB", "1e3GB", "999999999999999TB"]) {
    assert.equal(parseSize(bad), undefined, bad);
  }
});

Deno.test("modules: directories and imports", () => {
  assert.equal(moduleDir("my.module.a"), "my/module/a");
  assert.equal(moduleDir("app/core/"), "app/core");
  assert.equal(moduleDir("."), "");
  assert.equal(moduleDir("./a.b"), "a.b");
  assert.equal(moduleDir(".hidden"), ".hidden");
  for (const outside of ["..", "../a", "/a", "a/../.."]) {
    assert.equal(moduleDir(outside), undefined);
  }
  assert.equal(pyimportOf("src/app/core", "src"), "app.core");
  assert.equal(pyimportOf("lib/app", "src"), "lib.app");
  assert.equal(pyimportOf("app", ""), "app");
});
