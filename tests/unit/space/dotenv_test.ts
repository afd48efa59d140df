import assert from "node:assert/strict";
import { expandDotenv, parseDotenv } from "../../../lib/space/dotenv.ts";
import { QikError } from "../../../lib/base/problems.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** All values of a file, with `outside` around it. */
function values(text: string, outside: Record<string, string> = {}): Record<string, string> {
  const { value, problems } = parseDotenv(bytes(text), "x.env");
  assert.deepEqual(problems, []);
  const look = (name: string) => Object.hasOwn(outside, name) ? outside[name] : undefined;
  return Object.fromEntries(expandDotenv(value, look));
}

/** What is in the file, what it means, and the environment around it. */
const CASES: readonly (readonly [string, Record<string, string>, Record<string, string>?])[] = [
  ["", {}],
  ["# only a comment", {}],
  ["A=1", { A: "1" }],
  ["A=1\nB=2\n", { A: "1", B: "2" }],
  ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["\uFEFFA=1", { A: "1" }],
  ["export A=1\n  export   B=2", { A: "1", B: "2" }],
  ["export A", {}],
  ["export A # later", {}],
  ["export=1", { export: "1" }],
  ["exportA=1", { exportA: "1" }],
  ["A = 1 ", { A: "1" }],
  ["\t A=a b  c\t", { A: "a b  c" }],
  ["A=", { A: "" }],
  ["A=   ", { A: "" }],
  ["A= # empty", { A: "" }],
  ["A=#tag", { A: "#tag" }],
  ["A=1#2", { A: "1#2" }],
  ["A=1 # two", { A: "1" }],
  ["A=1\t#two", { A: "1" }],
  ["A=\nB=1", { A: "", B: "1" }],
  ["A=x=y", { A: "x=y" }],
  ['A=it\'s "so"', { A: 'it\'s "so"' }],
  ['A={"a": [1]}', { A: '{"a": [1]}' }],
  ["A=C:\\new\\table", { A: "C:\\new\\table" }],
  ["a.b-c_1=1", { "a.b-c_1": "1" }],
  ["A=1\nA=2", { A: "2" }],
  ["A=é€😀", { A: "é€😀" }],
  ["__proto__=1\nconstructor=2", { ["__proto__"]: "1", constructor: "2" }],

  ["A=''", { A: "" }],
  ["A='a # ${B} $B \"x\" '", { A: 'a # ${B} $B "x" ' }],
  ["A='it\\'s' # so", { A: "it's" }],
  ["A='\\n\\\\d'", { A: "\\n\\d" }],
  ["A='one\ntwo'\nB=3", { A: "one\ntwo", B: "3" }],

  ['A=""', { A: "" }],
  ['A=" b "', { A: " b " }],
  ['A="a # b" # c', { A: "a # b" }],
  ['A="a"#b', { A: "a" }],
  ['A="\\n\\r\\t\\b\\f\\v\\a\\\\\\"\\\'\\$\\`"', { A: "\n\r\t\b\f\v\x07\\\"'$`" }],
  ['A="\\d\\ \\u0041"', { A: "\\d\\ \\u0041" }],
  ['A="one\r\n# two\n\nthree"\nB=1', { A: "one\n# two\n\nthree", B: "1" }],
  ['A="it\'s"', { A: "it's" }],

  ["A=1\nB=${A}2${A}", { A: "1", B: "121" }],
  ['A=1\nB="<${A}>"', { A: "1", B: "<1>" }],
  ["A=${HOME}/x", { A: "/h/x" }, { HOME: "/h" }],
  ["A=$HOME/$", { A: "$HOME/$" }, { HOME: "/h" }],
  ["A=${NO}", { A: "" }],
  ["A=${A}:/b", { A: "/a:/b" }, { A: "/a" }],
  ["A=in\nB=${A}", { A: "in", B: "in" }, { A: "out" }],
  ["A=1\nA=${A}2\nA=${A}3", { A: "123" }],
  ["B=${A}\nA=1", { B: "", A: "1" }],
  ["A=\\${HOME}", { A: "${HOME}" }, { HOME: "/h" }],
  ['A="\\${HOME}"', { A: "${HOME}" }, { HOME: "/h" }],
  ["A=${B:-x}${C:-y}${D:-z}", { A: "xy1" }, { C: "", D: "1" }],
  ["A=${B-x}${C-y}", { A: "x" }, { C: "" }],
  ["A=${B:-a b # c}d # e", { A: "a b # cd" }],
  ["A=${B:-}", { A: "" }],
  ["A=${B:-${C:-${D}!}}}", { A: "4!}" }, { D: "4" }],
  ["A=${B:-${C:-no}no}yes", { A: "1yes" }, { B: "1" }],
  ['A="${B:-one\ntwo}"', { A: "one\ntwo" }],
  ["A=${B}", { A: "$(touch x) `y` ${C}" }, { B: "$(touch x) `y` ${C}", C: "3" }],
  ["A=${toString}", { A: "" }],
  ["A=a}b{c", { A: "a}b{c" }],
];

Deno.test("dotenv files mean what the rules say", () => {
  for (const [text, expected, outside] of CASES) {
    assert.deepEqual(values(text, outside), expected, JSON.stringify(text));
  }
});

const BROKEN: readonly (readonly [string, number, RegExp])[] = [
  ["A=1\nB", 2, /expected KEY=value/],
  ["A: 1", 1, /expected KEY=value/],
  ["1A=1", 1, /expected KEY=value/],
  ["=1", 1, /expected KEY=value/],
  ["A B=1", 1, /expected KEY=value/],
  ["\n\nA='x\ny\n", 3, /quote is not closed/],
  ['A="x\\"', 1, /quote is not closed/],
  ['A="x"y', 1, /after the closing quote of "A"/],
  ["A='x' y", 1, /after the closing quote of "A"/],
  ["A=${B", 1, /only \$\{NAME\}/],
  ["A=${}", 1, /only \$\{NAME\}/],
  ["A=${B:?gone}", 1, /only \$\{NAME\}/],
  ["A=${B:-x", 1, /\$\{ is not closed/],
  ["A=a\0b", 1, /holds a NUL/],
];

Deno.test("broken lines are located, and the lines after them still read", () => {
  for (const [text, line, message] of BROKEN) {
    const { problems } = parseDotenv(bytes(text), "x.env");
    assert.equal(problems.length, 1, JSON.stringify(text));
    assert.equal(problems[0]!.code, "dotenv-syntax");
    assert.deepEqual(problems[0]!.place, { file: "x.env", line }, JSON.stringify(text));
    assert.match(problems[0]!.message, message);
  }
  const { value, problems } = parseDotenv(bytes('A\nB=1\nC="x"y\nD=${\nE=2\n'), "x.env");
  assert.deepEqual(value.map(({ name, line }) => [name, line]), [["B", 2], ["E", 5]]);
  assert.deepEqual(problems.map(({ place }) => place?.line), [1, 3, 4]);
});

Deno.test("bytes that are not UTF-8 are one problem", () => {
  const { value, problems } = parseDotenv(Uint8Array.of(0x41, 0x3d, 0xff), "x.env");
  assert.deepEqual(value, []);
  assert.match(problems[0]!.message, /not UTF-8/);
});

Deno.test("hostile files end in bounded time and memory", () => {
  const many = (text: string, count: number) => text.repeat(count);
  const inputs = [
    many('A="', 250_000),
    many("A='\\'", 250_000),
    many("?\n", 500_000),
    "A=" + many("${B:-", 250_000) + many("}", 250_000),
    "A=" + many(" ", 1_000_000) + "x",
    "A=" + many("# ", 500_000),
    "A='" + many("\\x", 500_000) + "'",
    "A=" + many("$", 1_000_000),
    many("\n", 1_000_000),
    "x".repeat(1_000_000),
    "x".repeat(9_000_000),
  ];
  for (const input of inputs) {
    const { value, problems } = parseDotenv(bytes(input), "x.env");
    assert.ok(problems.length <= 100);
    expandDotenv(value, () => undefined);
  }
});

Deno.test("values that multiply are refused", () => {
  const lines = ["A0=0123456789"];
  for (let i = 1; i < 60; i++) lines.push(`A${i}=\${A${i - 1}}\${A${i - 1}}`);
  const { value } = parseDotenv(bytes(lines.join("\n")), "x.env");
  assert.throws(() => expandDotenv(value, () => undefined), (error) => {
    assert.ok(error instanceof QikError);
    assert.match(error.message, /grows beyond 8 MiB/);
    return error.problems[0]!.code === "dotenv-syntax";
  });
});
