import assert from "node:assert/strict";
import type { Place } from "../../../lib/base/problems.ts";
import { locate, positionsAt } from "../../../lib/config/locate.ts";
import { MOST_BYTES, parseToml } from "../../../lib/config/toml.ts";

const encode = (text: string) => new TextEncoder().encode(text);

async function flaw(bytes: Uint8Array): Promise<readonly [string, Place, string]> {
  const { problems, table } = await parseToml("qik.toml", bytes);
  assert.equal(problems.length, 1);
  assert.deepEqual({ ...table }, {}, "nothing of a broken file is used");
  return [problems[0]!.code, problems[0]!.place!, problems[0]!.message];
}

async function at(text: string): Promise<string> {
  const [code, place] = await flaw(encode(text));
  return `${code} ${place.line}:${place.column}`;
}

Deno.test("toml: BOM, CRLF and dates", async () => {
  const { table, problems } = await parseToml(
    "qik.toml",
    encode("\uFEFFa = 1\r\nb = 1979-05-27\r\nc = 07:32:00\r\n"),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual({ ...table }, { a: 1, b: "1979-05-27", c: "07:32:00.000" });
});

Deno.test("toml: syntax errors have line and column", async () => {
  assert.equal(await at("a = 1\n\nb = ?\n"), "config-syntax 3:5");
  assert.equal(await at("a = 1\n  a = 2\n"), "config-syntax 2:3");
  assert.equal(await at('"😀" = 1 x'), "config-syntax 1:9", "columns count code points");
});

Deno.test("toml: a byte that is not UTF-8 is located", async () => {
  const before = encode("a = 1\nb = 'é");
  const bytes = Uint8Array.of(...before, 0xff, 0x27);
  const [code, place, message] = await flaw(bytes);
  assert.deepEqual([code, place.line, place.column], ["config-syntax", 2, 7]);
  assert.match(message, /not UTF-8/);
  const cut = Uint8Array.of(...before, 0xe2, 0x82);
  assert.deepEqual((await flaw(cut))[1], { file: "qik.toml", line: 2, column: 7 });
});

Deno.test("toml: NUL is refused, raw and escaped", async () => {
  assert.equal(await at("a = 1\nb = '\0'"), "config-syntax 2:6");
  assert.equal(await at('a = 1\nb = ["x", "\\u0000"]'), "config-bad-value 2:11");
});

Deno.test("toml: what JSON does not have is refused", async () => {
  assert.equal(await at("a = 1\n[b]\nc = [1, nan]"), "config-bad-value 3:9");
  assert.equal(await at("[a]\n__proto__ = 1"), "config-bad-value 2:1");
});

Deno.test("toml: too large", async () => {
  const [code] = await flaw(new Uint8Array(MOST_BYTES + 1));
  assert.equal(code, "config-too-large");
});

Deno.test("toml: nesting is bounded in every form and located", async () => {
  const dots = (count: number) => Array(count).fill("a").join(".");
  assert.equal(await at("x = 1\n" + dots(65) + " = 1"), "config-too-large 2:1");
  assert.equal(await at("[" + dots(4_000_000) + "]"), "config-too-large 1:2");
  assert.equal(await at(`[${dots(40)}]\n${dots(40)} = 1`), "config-too-large 2:49");
  assert.equal(await at("a = " + "[".repeat(2_000_000)), "config-too-large 1:69");
  assert.equal(await at("a = " + "{a=".repeat(1_000_000)), "config-too-large 1:197");
  const fine = await parseToml("qik.toml", encode(`${dots(60)} = "${".".repeat(500)}"`));
  assert.deepEqual(fine.problems, []);
});

Deno.test("toml: paths of every shape are located", () => {
  const text = [
    "[[a]]",
    "x = 1 # [no]",
    "[[a]]",
    'y = [1, { z = 2, "é\\u0041" = """',
    ' x = "1" """, w = 3 },',
    " 3]",
    "[a.b]",
    "c = 1",
    "d.'e f'.g = '''",
    "[q]''' # x",
    "[q]",
  ].join("\n");
  const places = locate(text, [
    ["a", 0, "x"],
    ["a", 1, "y", 1, "z"],
    ["a", 1, "y", 1, "éA"],
    ["a", 1, "y", 1, "w"],
    ["a", 1, "y", 2],
    ["a", 1, "b", "c"],
    ["a", 1, "b", "d", "e f", "g"],
    ["q"],
    ["a", 1, "b", "missing"],
    ["nowhere"],
  ]).map((place) => place && `${place.line}:${place.column}`);
  assert.deepEqual(places, [
    "2:1",
    "4:11",
    "4:18",
    "5:15",
    "6:2",
    "8:1",
    "9:9",
    "11:1",
    "7:1",
    undefined,
  ]);
});

Deno.test("toml: ten thousand places take one walk", () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `k${i} = ${i}`);
  const paths = lines.map((_, i) => [`k${i}`]);
  const places = locate(lines.join("\n"), paths);
  assert.ok(places.every((place, i) => place?.line === i + 1));
  assert.deepEqual(positionsAt("ab\ncd", [0, 1, 3, 4]).map(({ column }) => column), [1, 2, 1, 2]);
});
