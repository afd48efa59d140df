/** Bytes of Python source that mean something to the scanner. */
import { compileCheaply } from "../../../mod.ts";

export const NEWLINE = 0x0a;
export const RETURN = 0x0d;
export const TAB = 0x09;
export const FORM_FEED = 0x0c;
export const SPACE = 0x20;
export const HASH = 0x23;
export const DOT = 0x2e;
export const COMMA = 0x2c;
export const STAR = 0x2a;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const BACKSLASH = 0x5c;
export const OPEN_PAREN = 0x28;
export const CLOSE_PAREN = 0x29;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** What a byte is to the one loop that passes over code; 0 for most. */
export const PLAIN = 0;
export const LINE_END = 1;
export const QUOTE = 2;
export const OPEN = 3;
export const CLOSE = 4;
export const COMMENT = 5;
export const CONTINUE = 6;
export const STOP = 7;

/** One of the numbers above for each byte. */
export const MEANING: Uint8Array = table([
  ["\n\r", LINE_END],
  [`"'`, QUOTE],
  ["([{", OPEN],
  [")]}", CLOSE],
  ["#", COMMENT],
  ["\\", CONTINUE],
  [":;", STOP],
]);

/** 1 for each byte that a name may hold; bytes above ASCII are parts of letters. */
const IN_NAME: Uint8Array = table([
  ["0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 1],
]).fill(1, 0x80);

function table(rows: readonly (readonly [string, number])[]): Uint8Array {
  const meaning = new Uint8Array(256);
  for (const [letters, value] of rows) {
    for (let at = 0; at < letters.length; at++) meaning[letters.charCodeAt(at)] = value;
  }
  return meaning;
}

/** Whether the byte may be part of a name; past the end of the source (`undefined`) it is not. */
export function isInName(byte: number | undefined): boolean {
  return byte !== undefined && IN_NAME[byte] === 1;
}

/** The place after the line end at `at`, which may be `\n`, `\r\n` or a lone `\r`. */
export function afterLineEnd(source: Uint8Array, at: number): number {
  return source[at] === RETURN && source[at + 1] === NEWLINE ? at + 2 : at + 1;
}

/** The place of the next line end at or after `at`, or of the end of the source. */
export function lineEnd(source: Uint8Array, at: number): number {
  const end = source.length;
  while (at < end && source[at] !== NEWLINE && source[at] !== RETURN) at++;
  return at;
}

compileCheaply([isInName, afterLineEnd, lineEnd]);
