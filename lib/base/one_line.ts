// C0, DEL, C1, the marks that reorder text, and halves of letters, which stand for bytes that are not UTF-8: a file
// name may hold them, a screen must not obey them.
// deno-lint-ignore no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Writes out control characters, so that the text is one line and moves nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { oneLine } from "./one_line.ts";
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
