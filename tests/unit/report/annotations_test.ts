import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type Annotation, findAnnotations } from "../../../lib/report/annotations.ts";
import { random } from "../../support/random.ts";
import { utf8 } from "./fixture.ts";

/** What the tools themselves printed, each after a line `##### COMMAND`. */
const TOOLS = new URL("fixtures/tools.txt", import.meta.url);

function found(text: string, dir = ""): string[] {
  const all: string[] = [];
  const finder = findAnnotations({ root: "/repo", dir }, (one) => all.push(told(one)));
  finder.push(utf8(text));
  finder.end();
  return all;
}

function told({ level, path, line, column, rule, message }: Annotation): string {
  return `${level} ${path}:${line}:${column ?? ""} ${rule ?? ""} ${message}`;
}

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "ruff check --no-cache app": [
    "error app/test_a.py:1:1 I001 Import block is un-sorted or un-formatted",
    "error app/test_a.py:1:8 F401 `os` imported but unused",
  ],
  "ruff check --no-cache --output-format concise app": [
    "error app/test_a.py:1:1 I001 Import block is un-sorted or un-formatted",
    "error app/test_a.py:1:8 F401 `os` imported but unused",
  ],
  "mypy app/test_a.py": [
    'error app/test_a.py:4:  Incompatible return value type (got "int", expected "str")  [return-value]',
  ],
  "flake8 app": [
    "error app/test_a.py:1:1 F401 'os' imported but unused",
    "error app/test_a.py:3:1 E302 expected 2 blank lines, found 1",
  ],
  "pytest -q -p no:cacheprovider app": ["error app/test_a.py:8:  AssertionError"],
  "pytest -q --tb=short -p no:cacheprovider app": ["error app/test_a.py:8:  in test_f"],
  "tsc --noEmit app/a.ts": [
    "error app/a.ts:1:7 TS2322 Type 'string' is not assignable to type 'number'.",
  ],
  "tsc --noEmit --pretty app/a.ts": [
    "error app/a.ts:1:7 TS2322 Type 'string' is not assignable to type 'number'.",
  ],
  "eslint app/a.js": [
    "error app/a.js:1:7 no-unused-vars 'unused' is assigned a value but never used",
    "warning app/a.js:2:1 no-undef 'foo' is not defined",
  ],
  "cc -fsyntax-only app/a.c": [
    "warning app/a.c:2:26  initialization of ‘int’ from ‘char *’ makes integer from pointer without a cast [-Wint-conversion]",
    "error app/a.c:2:38  ‘y’ undeclared (first use in this function)",
  ],
};

Deno.test("annotations: what ruff, mypy, flake8, pytest, tsc, eslint and gcc print", async () => {
  const parts = (await readFile(TOOLS, "utf8")).split(/^##### /m).slice(1);
  const byTool = parts.map((part) => {
    const end = part.indexOf("\n");
    return [part.slice(0, end), found(part.slice(end + 1))] as const;
  });
  assert.deepEqual(Object.fromEntries(byTool), EXPECTED);
});

Deno.test("annotations: rustc and go", () => {
  const rust = "error[E0308]: mismatched types\n --> src/main.rs:2:18\n  |\n";
  assert.deepEqual(found(rust), ["error src/main.rs:2:18 E0308 mismatched types"]);
  assert.deepEqual(found("# pkg\n./a.go:3:2: undefined: x\n"), ["error a.go:3:2  undefined: x"]);
});

Deno.test("annotations: paths are those of the repository, wherever the command runs", () => {
  assert.deepEqual(found("a.py:1: x\n", "app/core"), ["error app/core/a.py:1:  x"]);
  assert.deepEqual(found("../b.py:1: x\n", "app/core"), ["error app/b.py:1:  x"]);
  assert.deepEqual(found("/repo/c.py:1: x\n", "app"), ["error c.py:1:  x"]);
  assert.deepEqual(found("../../c.py:1: x\n/usr/d.py:1: x\n", "app"), []);
});

Deno.test("annotations: what only looks like one is none", () => {
  const lines = [
    "12:30:45: started",
    "2026-01-01 12:30:45: a.py",
    "http://localhost:8080: refused",
    "127.0.0.1:8080: refused",
    "a.py:0: line zero",
    "a.py:7: note: see here",
    "nothing at all",
  ];
  assert.deepEqual(found(lines.join("\n")), []);
});

Deno.test("annotations: how the output is cut into pieces changes nothing; said twice is told once", () => {
  const text = "a.py:1: é\r\n\x1b[31ma.py:2:\x1b[0m x\na.py:1: é\nlast.py:3: y";
  const whole = found(text);
  assert.deepEqual(whole, ["error a.py:1:  é", "error a.py:2:  x", "error last.py:3:  y"]);
  const next = random(7);
  for (let round = 0; round < 200; round++) {
    const pieces: string[] = [];
    const finder = findAnnotations({ root: "/repo", dir: "" }, (one) => pieces.push(told(one)));
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length;) {
      const size = 1 + next(5);
      finder.push(bytes.subarray(at, at + size));
      at += size;
    }
    finder.end();
    assert.deepEqual(pieces, whole);
  }
});

Deno.test("annotations: a line without an end is not kept, and costs no more than its length", () => {
  const finder = findAnnotations({ root: "/repo", dir: "" }, () => assert.fail("found"));
  const piece = utf8("a.py:1".repeat(10_000));
  for (let count = 0; count < 200; count++) finder.push(piece);
  finder.end();
});
