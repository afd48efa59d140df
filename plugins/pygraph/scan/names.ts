/** Names in source bytes. */
import { isInName } from "./letters.ts";

const decoder = new TextDecoder();

/**
 * The name that begins at `at`, as Python compares names (NFKC), and the place after it; `""` where none begins.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { nameAt } from "./names.ts";
 * const source = new TextEncoder().encode("ab_1.c");
 * assert.deepEqual(nameAt(source, 0), { text: "ab_1", end: 4 });
 * assert.equal(nameAt(source, 4).text, "");
 * ```
 */
export function nameAt(
  source: Uint8Array,
  at: number,
): { readonly text: string; readonly end: number } {
  let text = "";
  let end = at;
  for (; isInName(source[end]); end++) {
    const byte = source[end]!;
    if (byte >= 0x80) return wideName(source, at, end);
    text += String.fromCharCode(byte);
  }
  return { text, end };
}

function wideName(source: Uint8Array, from: number, at: number): { text: string; end: number } {
  let end = at;
  while (isInName(source[end])) end++;
  return { text: decoder.decode(source.subarray(from, end)).normalize("NFKC"), end };
}

/**
 * Whether exactly this word stands at `at`; costs no text.
 *
 * @param word In ASCII.
 */
export function isWordAt(source: Uint8Array, at: number, word: string): boolean {
  for (let letter = 0; letter < word.length; letter++) {
    if (source[at + letter] !== word.charCodeAt(letter)) return false;
  }
  return !isInName(source[at + word.length]);
}
