import { Buffer } from "node:buffer";
import { sha256 } from "../sys/digest.ts";
import type { Manifest } from "./cache.ts";
import { isObject, plainManifest, readManifest } from "./manifest.ts";
import { seal, unseal } from "./seal.ts";

/** Content up to this size stands in the entry itself, so that a hit with a short log reads one file. */
export const INLINE = 4096;
/** So many bytes of artifacts at most: entries are read in every run that is not recalled. */
export const MOST_INLINE = 16_384;
/** No honest entry is larger; a larger one is not read into memory. */
export const MOST_BYTES = 1 << 28;

/** An explanation up to this size stands in the entry; a longer one would take hits time, for nobody reads it there. */
export const MOST_WHY = 16_384;
/** No string in JSON text holds a line break, so this is found only where it was written. */
const WHY = ',\n"why":';

/** What one entry file of the local store holds. */
export interface Entry {
  readonly manifest: Manifest;
  /** Short contents (the log, link targets, small artifacts) by their SHA-256. */
  readonly inline: ReadonlyMap<string, Uint8Array>;
}

/**
 * The bytes of an entry file: sealed JSON, one member per line.
 *
 * @param why The explanation of the key as JSON text, for {@link readWhy}.
 */
export function writeEntry({ manifest, inline }: Entry, why?: string): Uint8Array {
  const contents = Object.fromEntries([...inline].map(([key, bytes]) => [key, toBase64(bytes)]));
  const plain = JSON.stringify(plainManifest(manifest));
  const rest = why === undefined ? "" : WHY + why;
  return seal(`"manifest":${plain},\n"inline":${JSON.stringify(contents)}${rest}`);
}

/** The explanation in an entry file, or `undefined` where it has none or is not what was written for the key. */
export function readWhy(bytes: Uint8Array, key: string): unknown {
  const value = unseal(bytes);
  const manifest = value?.["manifest"];
  return isObject(manifest) && manifest["key"] === key ? value?.["why"] : undefined;
}

/**
 * Reads an entry file and believes nothing in it.
 *
 * @param key The key that was asked for; an entry for another one is damaged.
 * @returns The entry, or in one line what is wrong with it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readEntry } from "./entry.ts";
 * assert.equal(readEntry(new Uint8Array(100), "00"), "The entry is not what was written");
 * ```
 */
export function readEntry(bytes: Uint8Array, key: string): Entry | string {
  const value = unseal(bytes, WHY);
  if (value === undefined) return "The entry is not what was written";
  const manifest = readManifest(value["manifest"]);
  if (typeof manifest === "string") return `The entry cannot be used: ${manifest}`;
  if (manifest.key !== key) return "The entry belongs to another key";
  const inline = readInline(value["inline"]);
  return inline === undefined
    ? "The entry cannot be used: its contents are mixed up"
    : { manifest, inline };
}

/** Contents under their digests, from Base64; `undefined` where one is not what its digest says. */
export function readInline(value: unknown): Map<string, Uint8Array> | undefined {
  if (!isObject(value)) return undefined;
  const inline = new Map<string, Uint8Array>();
  for (const [digest, text] of Object.entries(value)) {
    const bytes = typeof text === "string" ? fromBase64(text) : undefined;
    if (bytes === undefined || sha256(bytes) !== digest) return undefined;
    inline.set(digest, bytes);
  }
  return inline;
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Lenient: whatever the text is, the digest decides whether the bytes are believed. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}
