/**
 * A small seeded generator: the same seed gives the same numbers on every machine and runtime, so that a
 * failure which names its seed can be repeated.
 *
 * @returns A function that answers a whole number from 0 to `below` - 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { random } from "./random.ts";
 * const [a, b] = [random(7), random(7)];
 * assert.equal(a(1000), b(1000));
 * ```
 */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // Mulberry32: passes through all 2^32 states, and its low bits are as good as its high ones.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}

/** One of the list, chosen by the generator. */
export function pick<T>(list: readonly T[], next: (below: number) => number): T {
  if (list.length === 0) throw new Error("Cannot pick from an empty list");
  return list[next(list.length)]!;
}

/** File names that break careless code, all of them allowed in a Unix repository. */
export const ODD_NAMES: readonly string[] = [
  "a b.txt",
  "-rf",
  "--help",
  "é.txt",
  "e\u0301.txt",
  "日本語.ts",
  "emoji 😀.md",
  'quo"te.txt',
  "apos'trophe.txt",
  "back\\slash.txt",
  "tab\there.txt",
  "new\nline.txt",
  "star*.txt",
  "quest?.txt",
  "[set].txt",
  "!bang.txt",
  "#hash.txt",
  ":colon.txt",
  ":(glob)x",
  "{brace}.txt",
  "$HOME.txt",
  "%PATH%.txt",
  "trailing space ",
  ".hidden",
  "...dots",
  "UPPER.TXT",
  "con.txt",
  "\u{7f}del.txt",
];
