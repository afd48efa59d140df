/** Columns that a text takes on a terminal; escapes take none. */
export type Width = (text: string) => number;

const ASCII = /^[\x20-\x7e]*$/;
// Made when a text needs it: most runs have none.
let graphemes: Intl.Segmenter | undefined;

/**
 * Cuts a text without escapes so that it takes at most `columns`, with `…` where something is gone. Never
 * cuts through what a reader takes for one character.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cut } from "./fit.ts";
 * const width = (text: string) => Array.from(text).length * 2;
 * assert.equal(cut("日本語", 4, width), "日…");
 * assert.equal(cut("abc", 3, width), "abc");
 * ```
 */
export function cut(text: string, columns: number, width: Width): string {
  if (ASCII.test(text)) {
    return text.length <= columns ? text : columns <= 0 ? "" : text.slice(0, columns - 1) + "…";
  }
  // A character takes at least some columns most of the time: what is far too long is cut before it is measured.
  const head = text.slice(0, 8 * columns + 64);
  if (head === text && width(text) <= columns) return text;
  if (columns <= 0) return "";
  let kept = "";
  let taken = 1;
  graphemes ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { segment } of graphemes.segment(head)) {
    taken += columnsOf(segment, width);
    if (taken > columns) break;
    kept += segment;
  }
  return kept + "…";
}

/** Fills a text with spaces up to `columns`. */
export function fill(text: string, columns: number, width: Width): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text, width)));
}

/** Columns of a text, without the cost of looking where it is plain ASCII. */
export function columnsOf(text: string, width: Width): number {
  return ASCII.test(text) ? text.length : width(text);
}
