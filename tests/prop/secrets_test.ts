import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../lib/base/bytes.ts";
import { OutputMask, SecretBytes } from "../../lib/base/output_mask.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The obvious way: mark every byte of every occurrence, then put stars for each run of marks. */
function naive(text: string, secrets: readonly string[]): string {
  const masked = Array.from(text, () => false);
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
      masked.fill(true, at, at + secret.length);
    }
  }
  return Array.from(text, (char, at) => masked[at] ? (at > 0 && masked[at - 1] ? "" : "***") : char)
    .join("");
}

// Two letters only: overlaps, repetitions and beginnings that lead nowhere are the rule.
const word = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: min, maxLength: max });

Deno.test("masked output is the same however it is cut, and as the obvious way masks it", () => {
  const cases = fc.record({
    secrets: fc.array(word(1, 6), { minLength: 1, maxLength: 4 }),
    pieces: fc.array(word(0, 9), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(cases, ({ secrets, pieces }) => {
      const mask = new OutputMask(new SecretBytes(secrets.map(encode)));
      const shown: Uint8Array[] = pieces.map((piece) => mask.push(encode(piece)).slice());
      shown.push(mask.end());
      assert.equal(decode(concat(shown)), naive(pieces.join(""), secrets));
    }),
    { numRuns: Deno.env.get("QIK_LONG") === "1" ? 200_000 : 5_000, seed: 5 },
  );
});

Deno.test("a mask holds back less than the longest secret, also where it never ends", () => {
  const secret = "ab".repeat(500);
  const mask = new OutputMask(new SecretBytes([encode(secret)]));
  let given = 0;
  let shown = 0;
  for (let count = 0; count < 2_000; count++) {
    given += 1;
    shown += mask.push(encode(count % 2 === 0 ? "a" : "b")).length;
    if (count < 999) assert(given - shown < secret.length, `${count}`);
  }
  // All of it is one secret after the other, which is one run of stars.
  assert.equal(shown + mask.end().length, 3);
});
