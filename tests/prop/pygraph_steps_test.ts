/** The scanner's work grows with its source and no faster, whatever the source holds: counted in bytes looked at. */
import assert from "node:assert/strict";
import process from "node:process";
import { scan } from "../../plugins/pygraph/scan/scanner.ts";
import { stepsOf } from "../support/pygraph/steps.ts";

/** More looks than this at each byte, on the whole, nothing comes to. */
const MOST_LOOKS = 30;
const ROUNDS = process.env["QIK_LONG"] === "1" ? 3000 : 120;

const PIECES: readonly string[] = [
  ...["(", "x = (\n", "'\n", "\\'''", `"""'''\\`, "\\", '"""\\', 'f"{', "f'{f\"{", 'f"{x\n', "{{'"],
  ...[
    "import a\n",
    "import a;",
    "import a, \\\n",
    "import a.\\\n",
    "from a import (\n",
    "import a\r",
  ],
  ...["try: import a\n", "try: import a\nexcept ImportError: import b\nexcept X: import c\n"],
  ...["except (\n", "try:\\\n ", "if TYPE_CHECKING: import a\nelse: import b\n", "elif (((not "],
  ...[
    "if not (TYPE_CHECKING.",
    "# import\n",
    "é",
    "from . import (\\\n",
    "lazy ",
    "lambda: ",
    "\f\t",
  ],
  ...[
    "'a' 'b' f'{x!r:{w}}' ",
    "x[1:2, {3: 4}]\n",
    "try:\n import a\nexcept (A,\nB):\n pass\n",
    "\0",
  ],
];

const PROGRAM = `#!/usr/bin/env python
"""A module that has a bit of everything. import nothing"""
from __future__ import annotations
import os, sys as system
from typing import TYPE_CHECKING as CHECKING
if CHECKING:
    from a.b import (c,  # why
                     d as e,)
else:
    from . import runtime
try:
    import fast
except (ImportError, AttributeError):
    import slow as fast
finally:
    pass

class A(dict[str, int]):
    text = f"{os.name!r:>{len('x')}} {{no}} {'import x'}" + r'\\n' + b"\\x00"
    def f(self, x: int = (1 + \\
        2)) -> None:
        if x: import late; from .. import up
        return {"a": [x for x in (1, 2)], **{}}
`;

/** Looks at a text of so many bytes that is made of one piece, after a beginning that opens something. */
function looksAt(head: string, piece: string, bytes: number): number {
  const text = head + piece.repeat(Math.ceil(bytes / piece.length)) + "\nimport last\n";
  return stepsOf(new TextEncoder().encode(text), scan);
}

function checkGrowth(name: string, head: string, piece: string): void {
  const [small, large] = [looksAt(head, piece, 4000), looksAt(head, piece, 16_000)];
  assert.ok(
    large <= small * 4.4 + 2000,
    `${name}: ${small} looks at 4,000 bytes, ${large} at 16,000`,
  );
  const bytes = new TextEncoder().encode(piece).length * Math.ceil(16_000 / piece.length);
  assert.ok(large <= bytes * MOST_LOOKS + 2000, `${name}: ${large} looks at ${bytes} bytes`);
}

Deno.test("counting sees work that is not linear", () => {
  const quadratic = (bytes: number) =>
    stepsOf(new Uint8Array(bytes), (source) => {
      for (let at = 0; at < bytes; at++) for (let back = at; back >= 0; back--) source[back];
    });
  assert.equal(quadratic(100), 5050);
  assert.equal(stepsOf(new Uint8Array(100), (source) => source.indexOf(1, 40)), 60);
});

for (
  const head of [
    "",
    "import a, ",
    "x = (",
    "try:\n  import a\n",
    "if TYPE_CHECKING:\n  ",
    "x = '''",
  ]
) {
  Deno.test(`four times the bytes take four times the looks after ${JSON.stringify(head)}`, () => {
    for (const piece of PIECES) checkGrowth(JSON.stringify(head + piece), head, piece);
  });
}

Deno.test("the same holds for programs with damage, repeated", () => {
  let state = 5;
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < ROUNDS; round++) {
    let text = PROGRAM;
    for (let damage = pick(4); damage >= 0; damage--) {
      const at = pick(text.length);
      const piece = pick(3) === 0 ? "" : PIECES[pick(PIECES.length)]!;
      text = text.slice(0, at) + piece + text.slice(at + pick(12));
    }
    checkGrowth(`round ${round}`, "", text);
  }
});

Deno.test("blocks in blocks take looks in proportion to their bytes", () => {
  const nested = (depth: number) => {
    let text = "";
    for (let at = 0; at < depth; at++) {
      text += `${" ".repeat(at)}try:\n${" ".repeat(at)} if TYPE_CHECKING: import a\n`;
    }
    return new TextEncoder().encode(
      `${text}${" ".repeat(depth + 1)}${"import b;".repeat(depth)}\n`,
    );
  };
  const [small, large] = [nested(50), nested(200)];
  const looks = (source: Uint8Array) => stepsOf(source, scan) / source.length;
  assert.ok(
    looks(large) <= looks(small) * 1.1,
    `${looks(small)} and ${looks(large)} looks at a byte`,
  );
});
