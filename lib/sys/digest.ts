import { createHash, createHmac } from "node:crypto";

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
  const hash = createHash(algorithm);
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
  const digest = startSha256();
  digest.update(bytes);
  return digest.end();
}

/** Keyed SHA-256: tells whether a secret changed without telling the secret. */
export function keyedSha256(key: Uint8Array, bytes: Uint8Array): string {
  return createHmac("sha256", key).update(bytes).digest("hex");
}
