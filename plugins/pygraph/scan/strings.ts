/**
 * Where string literals end. Contents do not matter, but a literal may hold what looks like an import, and the
 * fields of an f-string may hold further literals in the same quotes (PEP 701).
 */
import { compileCheaply } from "../../../mod.ts";
import * as letter from "./letters.ts";

/** Deeper nesting than this is no program: CPython itself stops at 150. */
const MOST_NESTED = 200;

/**
 * The place after the literal whose opening quote stands at `at`.
 *
 * @returns Where a literal does not end, `~place` (a negative number) with the place where it broke off: the line
 *   end after a single quote, the end of the source after a triple one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { afterString } from "./strings.ts";
 * const source = new TextEncoder().encode(`'it\\'s' + 'x`);
 * assert.equal(afterString(source, 0), 7);
 * assert.equal(~afterString(source, 10), 12);
 * ```
 */
export function afterString(source: Uint8Array, at: number): number {
  const quote = source[at]!;
  if (source[at + 1] === quote) {
    return source[at + 2] === quote ? afterTriple(source, at + 3, quote) : at + 2;
  }
  const end = source.length;
  for (let to = at + 1; to < end; to++) {
    const byte = source[to]!;
    if (byte === quote) return to + 1;
    if (byte === letter.BACKSLASH) to = letter.afterLineEnd(source, to + 1) - 1;
    else if (byte === letter.NEWLINE || byte === letter.RETURN) return ~to;
  }
  return ~end;
}

function afterTriple(source: Uint8Array, at: number, quote: number): number {
  const end = source.length;
  for (let to = at; to < end; to++) {
    to = source.indexOf(quote, to);
    if (to < 0) return ~end;
    if (isEscaped(source, at, to)) continue;
    if (source[to + 1] === quote && source[to + 2] === quote) return to + 3;
  }
  return ~end;
}

/** Whether an odd number of backslashes stands before `to`, none of them before `from`. */
function isEscaped(source: Uint8Array, from: number, to: number): boolean {
  let back = to;
  while (back > from && source[back - 1] === letter.BACKSLASH) back--;
  return (to - back) % 2 === 1;
}

/** What the letters before an opening quote make of the literal: `raw` has an `r` beside the `f` or `t`. */
export type Fields = "none" | "plain" | "raw";

/** Reads the letters before the quote at `at`; `if"x"` has a keyword there and no prefix. */
export function fieldsOf(source: Uint8Array, at: number): Fields {
  if (!letter.isInName(source[at - 1])) return "none";
  let fields = false;
  let raw = false;
  let back = at - 1;
  for (; back >= 0 && at - back <= 2; back--) {
    const byte = source[back]! | 0x20;
    if (byte === 0x66 || byte === 0x74) fields = true;
    else if (byte === 0x72) raw = true;
    else break;
  }
  if (!fields || letter.isInName(source[back])) return "none";
  return raw ? "raw" : "plain";
}

/** One open literal or field; fields and literals lie in each other by turns. */
interface Level {
  /** 0 in a field's expression. */
  readonly quote: number;
  readonly triple: boolean;
  readonly raw: boolean;
  /** The text after a field's colon, which belongs to the literal around it. */
  readonly spec: boolean;
  /** Open brackets of a field's expression. */
  depth: number;
}

/**
 * The same for a literal with fields (`f"…"`, `t"…"`).
 *
 * @param raw Whether the prefix has an `r`.
 * @returns A negative number where it does not end as such a literal: then the text is broken.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { afterFields } from "./strings.ts";
 * const source = new TextEncoder().encode(`"{names["a"]:{width}}" + "b"`);
 * assert.equal(afterFields(source, 0, false), 22);
 * ```
 */
export function afterFields(source: Uint8Array, at: number, raw: boolean): number {
  const levels: Level[] = [];
  let to = open(levels, source, at, raw);
  while (to < source.length && levels.length < MOST_NESTED) {
    const level = levels[levels.length - 1]!;
    to = level.quote === 0 ? inField(levels, level, source, to) : inText(levels, level, source, to);
    if (to < 0 || levels.length === 0) return to;
  }
  return -1;
}

function open(levels: Level[], source: Uint8Array, at: number, raw: boolean): number {
  const quote = source[at]!;
  const triple = source[at + 1] === quote && source[at + 2] === quote;
  levels.push({ quote, triple, raw, spec: false, depth: 0 });
  return at + (triple ? 3 : 1);
}

/** Passes one piece of a literal's own text. */
function inText(levels: Level[], level: Level, source: Uint8Array, at: number): number {
  const { quote, triple, raw, spec } = level;
  const byte = source[at]!;
  if (byte === quote) {
    if (!triple || (source[at + 1] === quote && source[at + 2] === quote)) {
      if (spec) return -1;
      levels.pop();
      return at + (triple ? 3 : 1);
    }
    return at + 1;
  }
  if (byte === letter.BACKSLASH) return afterBackslash(source, at, raw);
  if (byte === letter.OPEN_BRACE) {
    if (!spec && source[at + 1] === letter.OPEN_BRACE) return at + 2;
    levels.push({ quote: 0, triple, raw, spec: false, depth: 0 });
    return at + 1;
  }
  if (byte === letter.CLOSE_BRACE && spec) {
    levels.pop();
    return at + 1;
  }
  const ends = byte === letter.NEWLINE || byte === letter.RETURN;
  return ends && !triple ? -1 : at + 1;
}

/** A backslash hides the next byte, except a brace; the braces of `\N{DASH}` are no field. */
function afterBackslash(source: Uint8Array, at: number, raw: boolean): number {
  const next = source[at + 1];
  if (next === letter.OPEN_BRACE || next === letter.CLOSE_BRACE) return at + 1;
  if (!raw && next === 0x4e && source[at + 2] === letter.OPEN_BRACE) {
    let to = at + 3;
    while (letter.isInName(source[to]) || source[to] === letter.SPACE || source[to] === 0x2d) to++;
    return source[to] === letter.CLOSE_BRACE ? to + 1 : at + 2;
  }
  return letter.afterLineEnd(source, at + 1);
}

/** Passes one piece of a field's expression. */
function inField(levels: Level[], level: Level, source: Uint8Array, at: number): number {
  const byte = source[at]!;
  switch (letter.MEANING[byte]) {
    case letter.QUOTE: {
      const fields = fieldsOf(source, at);
      if (fields === "none") return afterString(source, at);
      return open(levels, source, at, fields === "raw");
    }
    case letter.OPEN:
      level.depth++;
      return at + 1;
    case letter.CLOSE:
      if (level.depth > 0) level.depth--;
      else if (byte === letter.CLOSE_BRACE) levels.pop();
      return at + 1;
    case letter.COMMENT:
      return letter.lineEnd(source, at);
    case letter.STOP:
      if (byte === letter.COLON && level.depth === 0) startSpec(levels);
      return at + 1;
  }
  return at + 1;
}

/** The field's level becomes that of the text after its colon, in the quotes of the literal around it. */
function startSpec(levels: Level[]): void {
  levels.pop();
  const { quote, triple, raw } = levels[levels.length - 1]!;
  levels.push({ quote, triple, raw, spec: true, depth: 0 });
}

compileCheaply([afterString, afterTriple, afterFields, inText, inField]);
