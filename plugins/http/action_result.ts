/**
 * Bazel's servers check that what is stored below `/ac/` is an `ActionResult` (a protocol buffer), and some write
 * it anew with a note of their own. So a record travels as the one member of it that takes any bytes:
 * `stdout_raw`, number 5.
 */
const STDOUT_RAW = 5;

/** Wire types of protocol buffers, by how their length is told. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { unwrapRecord, wrapRecord } from "./action_result.ts";
 * const record = new Uint8Array(300).fill(7);
 * assert.deepEqual(unwrapRecord(wrapRecord(record)), record);
 * assert.deepEqual(unwrapRecord(Uint8Array.of(60, 104, 116, 109, 108)), new Uint8Array());
 * ```
 */
export function wrapRecord(record: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = [STDOUT_RAW << 3 | BYTES];
  let length = record.length;
  for (; length >= 0x80; length = Math.floor(length / 0x80)) head.push(length % 0x80 | 0x80);
  head.push(length);
  const whole = new Uint8Array(head.length + record.length);
  whole.set(head);
  whole.set(record, head.length);
  return whole;
}

/** The record inside, or nothing where there is none: whoever asked finds that it is no record. */
export function unwrapRecord(message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; at < message.length && factor < 2 ** 42; factor *= 0x80) {
      const byte = message[at]!;
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return Infinity;
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === VARINT) varint();
    else if (kind === FIXED64) at += 8;
    else if (kind === FIXED32) at += 4;
    else if (kind === BYTES) {
      const length = varint();
      const end = at + length;
      if (end > message.length) break;
      if (tag >> 3 === STDOUT_RAW) return message.slice(at, end);
      at = end;
    } else break;
  }
  return new Uint8Array();
}
