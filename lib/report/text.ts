/**
 * Names and sentences made safe for a screen, and small grammar.
 */

// C0, DEL, C1, and the marks that reorder text: a file name may hold them, a screen must not obey them.
// deno-lint-ignore no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Writes out control characters, so that the text is one line and moves nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { oneLine } from "./text.ts";
 * assert.equal(oneLine("a\nb\x1b[2J"), "a\\nb\\x1b[2J");
 * ```
 */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? hex(char));
}

function hex(char: string): string {
  const code = char.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
}

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
