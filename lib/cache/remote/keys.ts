import { fromBase64, toBase64 } from "../entry.ts";

/** The words that keys begin with; a new kind of key gets a new word. */
export const SECRET = "qik-secret-1:";
const PUBLIC = "qik-public-1:";

/** The bytes before the 32 of an Ed25519 secret in PKCS #8 (RFC 8410). */
const PKCS8 = Uint8Array.from(
  [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);

/** The name under which unsigned entries stand. */
export const NO_KEY = "0";

/** Signs what this run writes. */
export interface SignKey {
  /** 16 hexadecimal digits of the SHA-256 of the public key. */
  readonly id: string;
  /** The key's own text, to keep it out of what is stored and shown. */
  readonly secret: string;
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** A key whose entries are used. */
export interface AcceptKey {
  readonly id: string;
  /** Milliseconds since the epoch; what was signed then or later is refused. */
  readonly until?: number;
  verify(bytes: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>): Promise<boolean>;
}

/** Whether what was signed at that time still counts. A key that retired is no damage. */
export function isInTime({ until }: Pick<AcceptKey, "until">, at: number): boolean {
  return until === undefined || at < until;
}

/** A new pair of keys, as they stand in configuration and in CI's secrets. */
export interface KeyPair {
  readonly secretKey: string;
  readonly publicKey: string;
  readonly id: string;
}

/**
 * Makes a pair of Ed25519 keys.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { makeKeys, readAcceptKey, readSignKey } from "./keys.ts";
 * const { secretKey, publicKey } = await makeKeys();
 * const bytes = Uint8Array.of(1, 2, 3);
 * const signature = await (await readSignKey(secretKey))!.sign(bytes);
 * const key = await readAcceptKey(publicKey);
 * assert.ok(await key!.verify(bytes, new Uint8Array(signature)));
 * ```
 */
export async function makeKeys(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  const secret = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const open = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  return {
    secretKey: SECRET + toBase64(secret.slice(PKCS8.length)),
    publicKey: PUBLIC + toBase64(open),
    id: await idOf(open),
  };
}

/** Reads a secret key; `undefined` where the text is none. */
export async function readSignKey(text: string): Promise<SignKey | undefined> {
  const seed = keyBytes(text, SECRET);
  if (seed === undefined) return undefined;
  const whole = new Uint8Array([...PKCS8, ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", whole, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return {
    id: await idOf(fromBase64(x!.replaceAll("-", "+").replaceAll("_", "/"))),
    secret: text.trim().slice(SECRET.length),
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes)),
  };
}

/**
 * Reads a public key, with or without the time from which on nothing counts that it signs:
 * `qik-public-1:… until 2027-01-31`. Answers `undefined` where the text is none.
 */
export async function readAcceptKey(text: string): Promise<AcceptKey | undefined> {
  const [word = "", ...more] = text.trim().split(/\s+/);
  const open = keyBytes(word, PUBLIC);
  const until = more.length === 2 && more[0] === "until" ? readTime(more[1]!) : undefined;
  if (open === undefined || (more.length > 0 && until === undefined)) return undefined;
  const key = await crypto.subtle.importKey("raw", open, "Ed25519", false, ["verify"]);
  return {
    id: await idOf(open),
    ...(until !== undefined && { until }),
    verify: (bytes, signature) => crypto.subtle.verify("Ed25519", key, signature, bytes),
  };
}

/** A day, or a second in UTC, that the calendar has: `Date.parse` takes the 30th of February for the 2nd of March. */
export function readTime(text: string): number | undefined {
  const [, day, time = "00:00:00"] =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?:Z|[+]00:00))?$/.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}.000Z`);
  const isReal = Number.isFinite(at) && new Date(at).toISOString() === `${day}T${time}.000Z`;
  return isReal ? at : undefined;
}

function keyBytes(text: string, word: string): Uint8Array<ArrayBuffer> | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith(word)) return undefined;
  const bytes = fromBase64(trimmed.slice(word.length));
  return bytes.length === 32 ? bytes : undefined;
}

async function idOf(open: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", open));
  return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
