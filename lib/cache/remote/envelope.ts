import { concat } from "../../base/bytes.ts";
import { fromBase64, toBase64 } from "../entry.ts";
import { isObject } from "../manifest.ts";
import type { AcceptKey, SignKey } from "./keys.ts";

/** What the payload of an envelope is; another meaning gets another number. */
const TYPE = "application/vnd.qik.entry.v1+json+zstd";

/** What is said of an envelope or a payload that a newer qik may have written. */
export const UNKNOWN_FORMAT = "its format is not known to this version";

const encoder = new TextEncoder();

/**
 * Puts a payload into an envelope in the form of DSSE (Dead Simple Signing Envelope), signed where there is a
 * key. What is signed is the type and the payload's bytes, each with its length before it.
 */
export async function closeEnvelope(
  payload: Uint8Array<ArrayBuffer>,
  key: SignKey | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const signatures = key === undefined
    ? []
    : [{ keyid: key.id, sig: toBase64(await key.sign(signedBytes(payload))) }];
  const envelope = { payloadType: TYPE, payload: toBase64(payload), signatures };
  return encoder.encode(JSON.stringify(envelope) + "\n");
}

/**
 * Opens an envelope that anybody may have written.
 *
 * @param accept The key whose signature it must carry; `undefined`: any entry is used, signed or not.
 * @returns The payload, or in one line what is wrong.
 */
export async function openEnvelope(
  bytes: Uint8Array,
  accept: AcceptKey | undefined,
): Promise<Uint8Array<ArrayBuffer> | string> {
  const value = parse(bytes);
  if (!isObject(value)) return "it is no record of qik";
  const { payloadType, payload: text, signatures } = value;
  if (payloadType !== TYPE) return UNKNOWN_FORMAT;
  if (typeof text !== "string" || !Array.isArray(signatures)) return "it is no record of qik";
  const payload = fromBase64(text);
  if (accept === undefined) return payload;
  for (const one of signatures) {
    if (!isObject(one) || one["keyid"] !== accept.id || typeof one["sig"] !== "string") continue;
    const signature = fromBase64(one["sig"]);
    if (await accept.verify(signedBytes(payload), signature)) return payload;
    return `its signature by the key ${accept.id} is wrong`;
  }
  return `it is not signed by the key ${accept.id}`;
}

/** The pre-authentication encoding of DSSE, version 1. */
function signedBytes(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([encoder.encode(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `), payload]);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
