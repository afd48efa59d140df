import assert from "node:assert/strict";
import fc from "fast-check";
import { ctxValues } from "../../../lib/config/ctx.ts";
import { fillTemplate, parseTemplate } from "../../../lib/config/templates.ts";

const names = {
  ctx: ctxValues({ variables: [], env: {}, runtime: new Map([["arch", "A"]]) }),
  module: { name: "N", dir: "D", pyimport: "P" },
  args: "X",
};
const fill = (text: string) => fillTemplate(text, names, []);

const part = fc.constantFrom(
  "{",
  "}",
  "{{",
  "}}",
  "module.dir",
  "args",
  "ctx.qik.arch",
  ".",
  "a",
  " ",
  "$",
  "é",
);
const text = fc.array(part, { maxLength: 24 }).map((parts) => parts.join(""));
const seed = { seed: 20240607, numRuns: 3000 };

Deno.test("templates prop: doubling every brace writes any text literally", () => {
  fc.assert(
    fc.property(text, (literal) => assert.equal(fill(literal.replace(/[{}]/g, "$&$&")), literal)),
    seed,
  );
});

Deno.test("templates prop: text without names and pairs is unchanged", () => {
  const single = fc.array(fc.constantFrom("{a", "}a", "{ ", "} ", "b", "module.dir ", "{}"), {
    maxLength: 24,
  });
  fc.assert(
    fc.property(single, (parts) => {
      const literal = parts.join("");
      if (/\{\{|\}\}/.test(literal) && !/(?<!\{)\{(?!\{)|(?<!\})\}(?!\})/.test(literal)) return;
      assert.equal(fill(literal), literal);
    }),
    seed,
  );
});

/** What Python's `str.format` makes of a valid format string: the definition, slowly. */
function pythonFormat(
  format: string,
  values: Readonly<Record<string, string>>,
): string | undefined {
  let out = "";
  for (let at = 0; at < format.length;) {
    const two = format.slice(at, at + 2);
    if (two === "{{" || two === "}}") [out, at] = [out + two[0], at + 2];
    else if (format[at] === "{") {
      const end = format.indexOf("}", at);
      const value = values[format.slice(at + 1, end)];
      if (end === -1 || value === undefined) return undefined;
      [out, at] = [out + value, end + 1];
    } else if (format[at] === "}") return undefined;
    else [out, at] = [out + format[at], at + 1];
  }
  return out;
}

Deno.test("templates prop: every format string that Python accepts means the same", () => {
  const values = { "module.dir": "D", args: "X", "ctx.qik.arch": "A" };
  const piece = fc.oneof(
    fc.constantFrom("{{", "}}", "a", " ", "$", "module.dir", "args"),
    fc.constantFrom("{module.dir}", "{args}", "{ctx.qik.arch}"),
  );
  let compared = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
      const format = pieces.join("");
      const expected = pythonFormat(format, values);
      if (expected === undefined) return;
      compared += 1;
      assert.equal(fill(format), expected, format);
    }),
    seed,
  );
  assert.ok(compared > 2000, `${compared} compared`);
});

Deno.test("templates prop: pieces and their order make up the text", () => {
  fc.assert(
    fc.property(text, (written) => {
      const pieces = parseTemplate(written);
      pieces.forEach((piece, at) => {
        if (typeof piece === "string") assert.notEqual(typeof pieces[at + 1], "string");
      });
      const braces = (list: string) => list.replace(/[{}]/g, "");
      const flat = pieces.map((piece) => typeof piece === "string" ? piece : piece.text).join("");
      assert.equal(braces(flat), braces(written));
    }),
    seed,
  );
});

Deno.test("templates prop: time is linear in hostile text", () => {
  for (
    const hostile of [
      "{".repeat(1e6),
      "{ctx.".repeat(2e5),
      "{{module.dir}".repeat(1e5),
      "{ctx" + ".a".repeat(5e5),
    ]
  ) {
    assert.ok(parseTemplate(hostile).length > 0);
  }
});
