/**
 * Names and sentences made fit for a screen, and small grammar.
 */

/** Cuts a text after `most` letters, with `…` in place of the rest. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const letters = Array.from(text.slice(0, most * 2));
  return letters.length <= most && text.length <= most * 2
    ? text
    : letters.slice(0, most - 1).join("") + "…";
}

/** `1 task`, `2 tasks`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Quotes a word for a POSIX shell, only where it needs it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { shellWord } from "./text.ts";
 * assert.equal(shellWord("test@app#api"), "test@app#api");
 * assert.equal(shellWord("it's?a=b"), "'it'\\''s?a=b'");
 * ```
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-][\w@%+=:,./#-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
