import assert from "node:assert/strict";
import fc from "fast-check";
import { PROBLEMS } from "../../../lib/base/problems.ts";
import { circles } from "../../../lib/config/circles.ts";
import { locate } from "../../../lib/config/locate.ts";
import { formatPath, parsePath } from "../../../lib/config/paths.ts";
import { project } from "../../../lib/config/schema.ts";
import { fits } from "../../../lib/config/schema_parts.ts";
import { parseToml } from "../../../lib/config/toml.ts";
import { Folder } from "../../unit/config/rig.ts";
import * as z from "zod/mini";

const seed = 20240607;

const VALID = `ctx = ["bucket", { name = "jobs", type = "int", default = 4 }]
modules = ["a"]
[base]
deps = ["x", { type = "env", name = "CI" }]
[defaults]
cache = "repo"
[commands]
short = "echo {ctx.bucket} {module.dir}"
[commands.long]
exec = ["echo", "{args}"]
args = true
deps = ["**.py", { type = "command", name = "short", strict = true }, { type = "const", val = "é😀" }]
env = { A = "1" }
timeout = "90s"
text = """
x \\" [commands.no]
"""
[spaces.app]
root = "app"
venv = { type = "space", name = "default" }
fence = ["x", { type = "space", name = "default" }]
[[nothing]]
a.b."c d" = 1979-05-27
[pools]
db = 1
[hooks]
pre-commit = ["short"]
[caches.local]
max-size = "10GB"
[plugins.uv]
pyimport = "qik.uv"
`;

/** Loads bytes; whatever they are, the answer is problems with known codes, each in its file. */
async function survives(folder: Folder, bytes: Uint8Array): Promise<void> {
  folder.write("qik.toml", bytes);
  const { problems } = await folder.load();
  const lines = bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 1);
  for (const { code, message, place } of problems) {
    assert.ok(code in PROBLEMS);
    assert.match(message, /^Cannot /);
    assert.doesNotMatch(message, /\.$|undefined|\[object/);
    assert.ok((place?.line ?? 1) <= lines);
    if (place?.path !== undefined && place.path !== "") {
      assert.notEqual(place.line, undefined, `${message} has no line`);
    }
  }
}

const byte = fc.integer({ min: 0, max: 255 });
const snippet = fc.constantFrom(
  "[",
  "]",
  "{",
  "}",
  "=",
  '"',
  "'",
  '"""',
  "\n",
  ".",
  ",",
  "#",
  "0",
  "-",
  "commands",
  "deps",
  "\u0000",
  "[[a]]",
  "[commands.x]\n",
  'exec = "x"\n',
  "a.b.c = 1\n",
  "type = ",
  "nan",
  "\\",
  "\ud800",
  "spaces.",
  "ctx",
);

Deno.test("config fuzz: random bytes and random snippets", async () => {
  using folder = new Folder();
  await fc.assert(
    fc.asyncProperty(
      fc.array(byte, { maxLength: 80 }),
      (bytes) => survives(folder, Uint8Array.from(bytes)),
    ),
    { seed, numRuns: 600 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(snippet, { maxLength: 30 }),
      (parts) => survives(folder, new TextEncoder().encode(parts.join(""))),
    ),
    { seed, numRuns: 1500 },
  );
});

Deno.test("config fuzz: mutations of a valid file", async () => {
  using folder = new Folder({ "a/": "" });
  const valid = new TextEncoder().encode(VALID);
  const edit = fc.record({ at: fc.nat(valid.length), cut: fc.nat(12), put: snippet });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let text = valid;
      for (const { at, cut, put } of edits) {
        const bytes = new TextEncoder().encode(put);
        text = Uint8Array.of(...text.subarray(0, at), ...bytes, ...text.subarray(at + cut));
      }
      return survives(folder, text);
    }),
    { seed, numRuns: 2000 },
  );
});

const key = fc.constantFrom("a", "b c", "é", "x.y", "");
type Value = number | string | readonly Value[] | { readonly [key: string]: Value };
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(1, -2, "x", "a # b", "[x]"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }),
  ),
}));

/** Writes a value in TOML on one line; notes the column of every path. */
function inline(
  value: Value,
  path: readonly (string | number)[],
  text: string,
  places: Map<string, number>,
): string {
  if (typeof value !== "object") return text + JSON.stringify(value);
  const isList = Array.isArray(value);
  let out = text + (isList ? "[" : "{");
  Object.entries(value).forEach(([name, item], at) => {
    out += at === 0 ? " " : ", ";
    const inner = [...path, isList ? at : name];
    places.set(JSON.stringify(inner), [...out].length + 1);
    out = inline(item as Value, inner, isList ? out : `${out}${JSON.stringify(name)} = `, places);
  });
  return out + (isList ? "]" : " }");
}

Deno.test("config prop: every path of a value is located where it was written", async () => {
  await fc.assert(
    fc.asyncProperty(value, async (written) => {
      const places = new Map([['["k"]', 1]]);
      const line = inline(written, ["k"], "k = ", places);
      const text = `# "é\n${line} # x\n`;
      const { problems } = await parseToml("qik.toml", new TextEncoder().encode(text));
      assert.deepEqual(problems, [], text);
      const paths = [...places.keys()].map((path) => JSON.parse(path) as (string | number)[]);
      const found = locate(text, paths);
      assert.deepEqual(
        found,
        [...places.values()].map((column) => ({ line: 2, column })),
        text,
      );
    }),
    { seed, numRuns: 800 },
  );
});

Deno.test("config prop: paths survive writing and reading", () => {
  const part = fc.oneof(fc.string({ unit: "binary" }), fc.nat(1000));
  fc.assert(
    fc.property(fc.string(), fc.array(part), (first, rest) => {
      const path = [first, ...rest];
      assert.deepEqual(parsePath(formatPath(path)), path);
    }),
    { seed, numRuns: 1000 },
  );
});

Deno.test("config prop: the quick way and zod agree on what is right", () => {
  const some = fc.constantFrom<unknown>(
    "x",
    "",
    "a b",
    1,
    true,
    [],
    ["x"],
    ["", 1],
    {},
    { type: "x" },
    undefined,
    "success",
    "90s",
  );
  const command = fc.dictionary(
    fc.constantFrom(
      "exec",
      "deps",
      "artifacts",
      "cache",
      "cache-when",
      "env",
      "hidden",
      "retries",
      "odd",
      "daemon",
      "tags",
      "timeout",
    ),
    some,
    { maxKeys: 4 },
  );
  const commands = fc.dictionary(fc.constantFrom("a", "b c", "", "d"), fc.oneof(some, command), {
    maxKeys: 2,
  });
  const file = fc.dictionary(
    fc.constantFrom("commands", "odd", "ctx", "base", "pools", "modules"),
    fc.oneof(commands, some),
    { maxKeys: 2 },
  );
  let right = 0;
  fc.assert(
    fc.property(fc.oneof(file, commands.map((commands) => ({ commands }))), (value) => {
      const result = z.safeParse(project, value);
      assert.equal(fits(project, value), result.success, JSON.stringify(value));
      if (!result.success) assert.ok(result.error.issues.length > 0);
      right += result.success ? 1 : 0;
    }),
    { seed, numRuns: 5000 },
  );
  assert.ok(right > 300, `${right} were right`);
});

Deno.test("config prop: circles are found exactly where there are any", () => {
  const edges = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 12 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const graph = new Map(Array.from({ length: 7 }, (_, i) => [`${i}`, [] as string[]]));
      for (const [from, to] of pairs) graph.get(`${from}`)!.push(`${to}`);
      const found = circles(graph);
      for (const circle of found) {
        assert.equal(circle[0], circle.at(-1));
        circle.slice(1).forEach((to, at) => assert.ok(graph.get(circle[at]!)!.includes(to)));
      }
      // Slowly: take away names that lead nowhere until nothing changes; what is left leads in circles.
      const left = new Map(graph);
      for (let size = -1; size !== left.size;) {
        size = left.size;
        for (const [name, to] of left) if (!to.some((one) => left.has(one))) left.delete(name);
      }
      assert.equal(found.length > 0, left.size > 0);
    }),
    { seed, numRuns: 2000 },
  );
});

Deno.test("config prop: circles of 200,000 names need no stack", () => {
  const graph = new Map(
    Array.from({ length: 200_000 }, (_, i) => [`${i}`, [`${(i + 1) % 200_000}`]]),
  );
  assert.equal(circles(graph)[0]!.length, 200_001);
});
