/** Names in source bytes. */
import { compileCheaply } from "../../../mod.ts";
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
  let hash = 0;
  let wide = 0;
  let end = at;
  for (; isInName(source[end]); end++) {
    const byte = source[end]!;
    hash = (hash * 31 + byte) | 0;
    wide |= byte;
  }
  if (wide >= 0x80) return wideName(source, at, end);
  return { text: plainName(source, at, end, hash), end };
}

/**
 * Names that were met before, at a place that their bytes give. Most names of a repository come again and again:
 * one text for all of them costs no memory, and is found quickly as a key of maps.
 */
const met: string[] = new Array(1 << 13).fill("");

function plainName(source: Uint8Array, at: number, end: number, hash: number): string {
  const place = (hash ^ (hash >>> 13)) & (met.length - 1);
  const known = met[place]!;
  if (known.length === end - at && isTextAt(source, at, known)) return known;
  return met[place] = decoder.decode(source.subarray(at, end));
}

function isTextAt(source: Uint8Array, at: number, text: string): boolean {
  for (let letter = 0; letter < text.length; letter++) {
    if (source[at + letter] !== text.charCodeAt(letter)) return false;
  }
  return true;
}

function wideName(source: Uint8Array, at: number, end: number): { text: string; end: number } {
  return { text: decoder.decode(source.subarray(at, end)).normalize("NFKC"), end };
}

/**
 * Whether exactly this word stands at `at`; costs no text.
 *
 * @param word In ASCII.
 */
export function isWordAt(source: Uint8Array, at: number, word: string): boolean {
  return isTextAt(source, at, word) && !isInName(source[at + word.length]);
}

compileCheaply([nameAt, plainName, isTextAt, isWordAt]);
