/**
 * Names of files as strings that lose no byte.
 *
 * A Unix file name is bytes, most often UTF-8. A byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte (Python's "surrogateescape"), so that every name has one string and back.
 * Only `lib/sys` turns such a string into bytes again; all other rooms carry it as it is.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE = 0xdc00;
const ESCAPED = /[\uDC80-\uDCFF]/;

/** Whether `text` holds escaped bytes, that is: whether its name is not valid UTF-8. */
export function hasEscapedBytes(text: string): boolean {
  // Asked first because it looks at no letter of what is ASCII: a third of the time.
  return !text.isWellFormed() && ESCAPED.test(text);
}

/**
 * Decodes the bytes of a file name; never fails and never loses a byte.
 *
 * @example A byte that is not UTF-8 survives the round trip
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeName, encodeName } from "./bytes.ts";
 * const bytes = Uint8Array.of(0x61, 0xff, 0xc3, 0xa9);
 * assert.equal(decodeName(bytes), "a\uDCFFé");
 * assert.deepEqual(encodeName(decodeName(bytes)), bytes);
 * ```
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

function decodeEscaping(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(ESCAPE + bytes[at]!);
      at += 1;
    } else {
      text += strict.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at `at`, or 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80
    ? 1
    : lead < 0xc2
    ? 0
    : lead < 0xe0
    ? 2
    : lead < 0xf0
    ? 3
    : lead < 0xf5
    ? 4
    : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** The bytes of a name made by {@link decodeName}; for any other well-formed text its UTF-8. */
export function encodeName(name: string): Uint8Array {
  if (!hasEscapedBytes(name)) return encoder.encode(name);
  const parts: Uint8Array[] = [];
  for (const char of name) {
    const code = char.codePointAt(0)!;
    const escaped = code >= 0xdc80 && code <= 0xdcff;
    parts.push(escaped ? Uint8Array.of(code - ESCAPE) : encoder.encode(char));
  }
  return concat(parts);
}

/** All parts, one after the other, in a new array. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
