import { concat } from "../base/bytes.ts";
import { sha256 } from "../sys/digest.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `{"seal":"`, 64 hexadecimal digits, `",` and a newline: the bytes before what is sealed. */
const START = '{"seal":"';
const HEAD = START.length + 64 + '",\n'.length;

/**
 * JSON text of an object whose first line holds the SHA-256 of all that follows, so that every flipped bit
 * and every missing byte is found before anything inside is believed.
 *
 * @param members The object's members as JSON text, without the braces around them; at least one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { seal, unseal } from "./seal.ts";
 * const bytes = seal('"a": 1');
 * assert.deepEqual(unseal(bytes), { a: 1 });
 * bytes[80]! ^= 1;
 * assert.equal(unseal(bytes), undefined);
 * ```
 */
export function seal(members: string): Uint8Array {
  const body = encoder.encode(members + "}\n");
  return concat([encoder.encode(`${START}${sha256(body)}",\n`), body]);
}

/**
 * The object that was sealed, without its seal, or `undefined` where the bytes are not what was written.
 *
 * @param without Where this text stands, members from it on are left out: they are verified, but take no time to read.
 */
export function unseal(
  bytes: Uint8Array,
  without?: string,
): { readonly [key: string]: unknown } | undefined {
  if (bytes.length <= HEAD) return undefined;
  const body = bytes.subarray(HEAD);
  const head = encoder.encode(`${START}${sha256(body)}",\n`);
  if (!head.every((byte, at) => bytes[at] === byte)) return undefined;
  try {
    const text = decoder.decode(body);
    const end = without === undefined ? -1 : text.indexOf(without);
    return JSON.parse(end === -1 ? `{${text}` : `{${text.slice(0, end)}}`);
  } catch {
    return undefined;
  }
}
