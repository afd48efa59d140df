import assert from "node:assert/strict";
import { configJsonSchema } from "../../../lib/config/json_schema.ts";
import { parseSize } from "../../../lib/base/size.ts";
import { isName } from "../../../lib/config/names.ts";
import { moduleDir, pyimportOf } from "../../../lib/config/modules.ts";
import {
  boolean,
  converted,
  either,
  list,
  nonempty,
  type Of,
  oneOf,
  optional,
  recordOf,
  such,
  tableOf,
  text,
  where,
  whole,
} from "../../../lib/config/schema_parts.ts";
import { flawsOf } from "../../../lib/config/issues.ts";
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

const TABLE = where(
  tableOf({
    name: nonempty,
    size: optional(converted(text, (value) => value.length)),
    words: optional(either({ string: text, array: list(text, 1) })),
    level: optional(whole(1, 9)),
    mode: optional(oneOf("on", "off")),
    env: optional(recordOf(such((key) => key !== "A", "it is A"), text)),
    deep: optional(tableOf({ on: boolean })),
  }),
  ({ name, mode }) => name !== mode,
  "the name is the mode",
);

Deno.test("parts: a right table is read in the order of its keys, texts as what they stand for", () => {
  const given = { words: ["a"], deep: { on: true }, size: "abc", name: "x", env: { B: "" } };
  const result = TABLE["~standard"].validate(given) as { value: Of<typeof TABLE> };
  const { name, size }: { name: string; size?: number | undefined } = result.value;
  assert.deepEqual([name, size], ["x", 3]);
  assert.deepEqual(Object.entries(result.value), [
    ["name", "x"],
    ["size", 3],
    ["words", ["a"]],
    ["env", { B: "" }],
    ["deep", { on: true }],
  ]);
});

Deno.test("parts: each wrong value is told once, at its own place", () => {
  const flaws = (value: object) => {
    const issues = TABLE.wrong(value) ?? [];
    const keys = () => Object.keys(TABLE.shape);
    return flawsOf(issues, { value, suggest: () => undefined, prefix: ["p"], keys })
      .map(({ message }) => message);
  };
  const wrong: [object, ...string[]][] = [
    [{ name: "x" }],
    [{}, 'Cannot read p: the key "name" is missing'],
    // The type is wrong: whether it is empty is no question.
    [{ name: [] }, "Cannot read p.name: expected a string, found a list"],
    [{ name: "" }, 'Cannot use "" for p.name: it is empty'],
    [{ name: "x", words: [] }, "Cannot use a list for p.words: it is empty"],
    [
      { name: "x", words: 1 },
      "Cannot read p.words: expected a string or a list, found a whole number",
    ],
    // A list is right, its item is not.
    [
      { name: "x", words: ["a", 1] },
      "Cannot read p.words[1]: expected a string, found a whole number",
    ],
    [{ name: "x", level: 1.5 }, "Cannot read p.level: expected a whole number, found a number"],
    [{ name: "x", level: 1e300 }, "Cannot use 1e+300 for p.level: expected at most 9"],
    [{ name: "x", level: 0 }, "Cannot use 0 for p.level: expected at least 1"],
    [{ name: "x", mode: "of" }, 'Cannot use "of" for p.mode: expected "on" or "off"'],
    [{ name: "x", env: { A: 1 } }, 'Cannot use "A" for p.env.A: it is A'],
    [{ name: "x", env: [] }, "Cannot read p.env: expected a table, found a list"],
    [{ name: "x", deep: {} }, 'Cannot read p.deep: the key "on" is missing'],
    [
      { name: "on", mode: "on", odd: 1 },
      'Cannot read p: unknown key "odd"',
      "Cannot use a table for p: the name is the mode",
    ],
    [
      { name: "on", mode: "on", size: 1 },
      "Cannot read p.size: expected a string, found a whole number",
    ],
  ];
  for (const [value, ...messages] of wrong) assert.deepEqual(flaws(value), messages);
});
