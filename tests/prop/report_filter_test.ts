import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../lib/base/bytes.ts";
import { type FilterRules, outputFilter } from "../../lib/report/filter.ts";

const RULES: readonly FilterRules[] = (["keep", "colours", "none"] as const).flatMap((escapes) =>
  [true, false].map((workflow) => ({ escapes, workflow }))
);

/** Bytes in which everything that matters to the filter is frequent. */
const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(
      ..."\x1b[m]P\\X;:#vVtT\n\r\t \x07\x18a0>?Jc".split("").map((char) => char.charCodeAt(0)),
    ),
    fc.constantFrom(0xc2, 0x9b, 0x9d, 0x9c, 0x90, 0x85, 0xa0, 0xe2, 0x80),
    fc.integer({ min: 0, max: 255 }),
  ),
  { maxLength: 60 },
).map((bytes) => Uint8Array.from(bytes));

function filter(pieces: readonly Uint8Array[], rules: FilterRules): Uint8Array {
  const one = outputFilter(rules);
  const kept = pieces.map((piece) => one.push(piece).slice());
  return concat([...kept, one.end().slice()]);
}

Deno.test("filter: how the bytes are cut into pieces changes nothing", () => {
  const cuts = fc.array(fc.nat(60), { maxLength: 8 });
  fc.assert(
    fc.property(hostile, cuts, fc.constantFrom(...RULES), (bytes, cuts, rules) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      assert.deepEqual(filter(pieces, rules), filter([bytes], rules));
    }),
    { seed: 1, numRuns: 3000 },
  );
});

Deno.test("filter: what is left holds colours only, and no control in any disguise", () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      const kept = filter([bytes], { escapes: "colours", workflow: false });
      const latin = Array.from(kept, (byte) => String.fromCharCode(byte)).join("");
      // deno-lint-ignore no-control-regex
      const rest = latin.replace(/\x1b\[[0-9;:]*m/g, "");
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(rest, /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]/);
    }),
    { seed: 2, numRuns: 3000 },
  );
});

Deno.test("filter: nothing harmless is lost", () => {
  const harmless = fc.string({ unit: "grapheme" }).map((text) =>
    // deno-lint-ignore no-control-regex
    text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "")
  );
  fc.assert(
    fc.property(harmless, (text) => {
      const bytes = new TextEncoder().encode(text);
      assert.deepEqual(filter([bytes], { escapes: "none", workflow: false }), bytes);
    }),
    { seed: 3, numRuns: 1000 },
  );
});

Deno.test("filter: no line of a replay is a workflow command, however it is disguised", () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      for (const escapes of ["keep", "none"] as const) {
        const kept = new TextDecoder().decode(filter([bytes], { escapes, workflow: true }));
        for (const line of kept.split(/[\r\n]/)) {
          assert.doesNotMatch(line.trimStart(), /^::/);
          assert.doesNotMatch(line, /##(\[|vso\[|teamcity\[)/i);
        }
      }
    }),
    { seed: 4, numRuns: 3000 },
  );
});
