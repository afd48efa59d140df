import { nodeProcess } from "./later.ts";

/** The part of Bun's own hasher that is used here. */
interface BunHasher {
  update(bytes: Uint8Array): void;
  digest(form: "hex"): string;
}

interface BunHashers {
  new (algorithm: string, key?: Uint8Array): BunHasher;
  hash(algorithm: string, bytes: Uint8Array, form: "hex"): string;
}

const { Bun: bun } = globalThis as unknown as {
  readonly Bun?: { readonly CryptoHasher: BunHashers };
};

/** Loaded when first needed, which under Bun is never: `node:crypto` takes it 6 ms. */
function nodeCrypto(): typeof import("node:crypto") {
  return nodeProcess().getBuiltinModule("node:crypto");
}

/** A digest under way. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Lower-case hexadecimal. The digest cannot be used afterwards. */
  end(): string;
}

/** SHA-256 under way, for everything that qik itself names by content. */
export function startSha256(): Digest {
  return started("sha256");
}

/** SHA-1 under way; only git's object ids need it. */
export function startSha1(): Digest {
  return started("sha1");
}

function started(algorithm: string): Digest {
  const hash = bun === undefined
    ? nodeCrypto().createHash(algorithm)
    : new bun.CryptoHasher(algorithm);
  return { update: (bytes) => void hash.update(bytes), end: () => hash.digest("hex") };
}

/**
 * SHA-256 of bytes, in lower-case hexadecimal.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sha256 } from "./digest.ts";
 * assert.equal(sha256(new Uint8Array()).slice(0, 8), "e3b0c442");
 * ```
 */
export function sha256(bytes: Uint8Array): string {
  // Making a hasher for a short text takes twice as long as all else: 2.5 µs instead of 7.
  if (bun !== undefined) return bun.CryptoHasher.hash("sha256", bytes, "hex");
  const digest = startSha256();
  digest.update(bytes);
  return digest.end();
}

/** The same for whoever can wait: Deno need not load `node:crypto` for it, which takes 12 ms. */
export async function sha256Soon(bytes: Uint8Array): Promise<string> {
  if (bun !== undefined) return sha256(bytes);
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A number that tells damaged bytes from whole ones, and nothing else: the fastest that the runtime has, so that
 * another runtime may give another one. 5 MB take 0.3 ms (Bun) where SHA-256 takes 6.
 */
export function damageSum(bytes: Uint8Array): number {
  const fast = (bun as { readonly hash?: (bytes: Uint8Array) => bigint } | undefined)?.hash;
  if (fast !== undefined) return Number(fast(bytes) & 0xffff_ffffn);
  return wordSum(bytes);
}

/** FNV-1a over words of 32 bits: each step is one-to-one, so that no change of a single word goes unseen. */
function wordSum(bytes: Uint8Array): number {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(whole.buffer, whole.byteOffset, whole.length >> 2);
  let sum = 0x811c9dc5 ^ whole.length;
  for (let at = 0; at < words.length; at++) sum = Math.imul(sum ^ words[at]!, 0x01000193);
  for (const byte of whole.subarray(words.length * 4)) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

/** Keyed SHA-256: tells whether a secret changed without telling the secret. */
export function keyedSha256(key: Uint8Array, bytes: Uint8Array): string {
  const hash = bun === undefined
    ? nodeCrypto().createHmac("sha256", key)
    : new bun.CryptoHasher("sha256", key);
  hash.update(bytes);
  return hash.digest("hex");
}
