import assert from "node:assert/strict";
import fc from "fast-check";
import process from "node:process";
import { scan } from "../../plugins/pygraph/scan/scanner.ts";

const SEED = 20_267;
const RUNS = process.env["QIK_LONG"] === "1" ? 200_000 : 20_000;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Pieces that open, close or hide something. */
const PIECES = [
  ..."'\"()[]{}:;,.\\#\n\r\t\f \0aif0_*=@",
  ...["'''", '"""', 'f"', "rf'", 'f"""', "b'", "{{", "}}", "\\\n", "\\\r\n", "\\N{", "é", "\ufeff"],
  ...[
    "import",
    "from",
    "import a\n",
    "from . import b",
    "from a import (b,\nc)",
    "import a.b as c, d",
  ],
  ...[
    "if",
    "elif",
    "else:",
    "try:",
    "except",
    "except ImportError:",
    "finally:",
    "TYPE_CHECKING",
    "not",
  ],
  ...["if TYPE_CHECKING:\n ", "as", "lazy", "# coding: latin-1\n", "def f():\n  ", "lambda: "],
];

/** Whatever is read, the answer has its shape. */
function check(source: Uint8Array): void {
  const lines = source.filter((byte) => byte === 10 || byte === 13).length + 1;
  const { imports, flaw } = scan(source);
  let last = 1;
  for (const { module, level, names, line } of imports) {
    assert.ok(line >= last && line <= lines);
    last = line;
    assert.ok(module !== "" || level > 0);
    for (const name of [...module === "" ? [] : module.split("."), ...names ?? []]) {
      assert.match(name, /^(\*|[^ \t\r\n\f()\\#'".,;:]+)$/);
    }
  }
  if (flaw !== undefined) assert.ok(flaw.line >= 1 && flaw.line <= lines);
}

Deno.test("random bytes never break the scanner", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), check), { seed: SEED, numRuns: RUNS });
});

Deno.test("random pieces of Python never break the scanner", () => {
  const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((all) => all.join(""));
  fc.assert(fc.property(text, (source) => check(bytes(source))), { seed: SEED, numRuns: RUNS });
});

Deno.test("an import that stands alone at the end is found after any whole program", () => {
  // Statements that are complete hide nothing from the line after them.
  const whole = fc.constantFrom(
    "x = 1",
    "x = 'import no'",
    'x = """import no\n"""',
    "x = (1,\n  2)",
    "if x: import a",
    "from a import (b, # c\n  d)",
    "try:\n  import a\nexcept ImportError:\n  pass",
    'x = f"{y["z"]:{w}}"',
    "if TYPE_CHECKING:\n  import t",
    "def f(a: int = 1) -> int:\n  return a",
    "# import no",
    "x = 1 + \\\n  2",
  );
  fc.assert(
    fc.property(
      fc.array(whole, { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r"),
      (all, end) => {
        const source = [...all, "import last"].join("\n").replaceAll("\n", end);
        const found = scan(bytes(source)).imports.at(-1)!;
        const line = source.split(end).length;
        assert.deepEqual(found, {
          module: "last",
          level: 0,
          line,
          typeChecking: false,
          optional: false,
        });
      },
    ),
    { seed: SEED, numRuns: 2000 },
  );
});

/** Sources that a scanner of more than linear time does not end with: 4 MB of each, at a byte a step 2 ** 44 steps. */
const TOUGH: readonly (readonly [name: string, piece: string])[] = [
  ["open brackets", "("],
  ["open brackets on lines", "x = (\n"],
  ["open quotes", "'\n"],
  ["open triple quotes, escaped", "\\'''"],
  ["triple quotes of both kinds", `"""'''\\`],
  ["backslashes", "\\"],
  ["backslashes in a string", '"""\\'],
  ["open fields", 'f"{'],
  ["fields in fields", "f'{f\"{"],
  ["broken fields on lines", 'f"{x\n'],
  ["imports", "import a\n"],
  ["imports on one line", "import a;"],
  ["names of one import", "import a, \\\n"],
  ["dots of one import", "import a.\\\n"],
  ["open parentheses of imports", "from a import (\n"],
  ["attempts", "try: import a\n"],
  ["handlers", "try: import a\nexcept ImportError: import b\nexcept X: import c\n"],
  ["open handlers", "except (\n"],
  ["attempts in attempts", "try:\\\n "],
  ["type checking", "if TYPE_CHECKING: import a\nelse: import b\n"],
  ["tests without end", "if not (TYPE_CHECKING."],
  ["comments", "# import\n"],
  ["lone carriage returns", "import a\r"],
  ["letters", "é"],
];

for (const [name, piece] of TOUGH) {
  Deno.test(`4 MB of ${name} take no more than linear time`, () => {
    for (const head of ["import a, ", "x = (", "try:\n  import a\n"]) {
      const source = head + piece.repeat(Math.ceil((1 << 22) / piece.length)) + "\nimport last\n";
      assert.ok(scan(bytes(source)).imports.length <= source.length);
    }
  });
}

Deno.test("deep blocks take no more than linear time", () => {
  let source = "";
  for (let depth = 0; depth < 2500; depth++) {
    const indent = " ".repeat(depth);
    source += `${indent}try:\n${indent}\x20if TYPE_CHECKING: import a\n`;
  }
  source += `${" ".repeat(2501)}${"import b;".repeat(200_000)}\n`;
  assert.equal(scan(bytes(source)).imports.length, 202_500);
});
