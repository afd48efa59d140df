import { compressZstd, decompressZstd } from "../../sys/zstd.ts";
import type { Manifest, Producer } from "../cache.ts";
import { readInline, toBase64 } from "../entry.ts";
import { isDigest, isObject, plainManifest, readManifest, readProducer } from "../manifest.ts";
import type { AcceptKey, SignKey } from "./keys.ts";
import { closeEnvelope, openEnvelope, UNKNOWN_FORMAT } from "./envelope.ts";
import { MOST_OBJECT } from "./store.ts";

/** A content of up to this many bytes stands in the record, as long as all of them together take no more than the sum. */
export const INLINE_EACH = 1 << 16;
export const INLINE_SUM = 1 << 18;

/** No honest record unpacks to more. */
const MOST_RECORD = 1 << 26;

/** A part of a content, as an object of its own: stored compressed, named by the SHA-256 of its stored bytes. */
export interface Piece {
  readonly name: string;
  /** Bytes as stored. */
  readonly stored: number;
  /** Bytes of the content. */
  readonly size: number;
}

/** All that a remote holds under a key; contents that are not inline are made of pieces. */
export interface RemoteRecord {
  /** Of the object that it stands in. */
  readonly name: string;
  /** The accepted key that signed it; unset where none was asked for. */
  readonly keyId?: string;
  readonly key: string;
  readonly scope: string;
  readonly producer: Producer;
  readonly manifest: Manifest;
  readonly inline: ReadonlyMap<string, Uint8Array>;
  readonly pieces: ReadonlyMap<string, readonly Piece[]>;
}

/** Where a record stands: entries of different scopes and keys never share a name. */
export function recordName(scope: string, key: string, keyId: string): string {
  return `${RECORDS}${scope}/${key}.${keyId}`;
}

export function pieceName(digest: string): string {
  return `${PIECES}${digest.slice(0, 2)}/${digest}`;
}

/** What all names of records and of pieces begin with. */
export const RECORDS = "v1/rec/";
export const PIECES = "v1/blob/";

/** The bytes of a record, signed where there is a key; `undefined` where they are more than a store takes. */
export async function writeRecord(
  record: RemoteRecord,
  key: SignKey | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { scope, producer, manifest, inline, pieces } = record;
  const text = JSON.stringify({
    format: 1,
    key: record.key,
    scope,
    producer,
    manifest: plainManifest(manifest),
    inline: Object.fromEntries([...inline].map(([digest, bytes]) => [digest, toBase64(bytes)])),
    pieces: Object.fromEntries(pieces),
  });
  const payload = new Uint8Array(await compressZstd(new TextEncoder().encode(text)));
  const bytes = await closeEnvelope(payload, key);
  return bytes.length <= MOST_OBJECT ? bytes : undefined;
}

/** What a record must say to be used. */
export interface RecordQuestion {
  readonly name: string;
  readonly key: string;
  readonly scope: string;
  /** The key that must have signed it; unset: none has to. */
  readonly accept?: AcceptKey | undefined;
}

/**
 * Reads a record and believes nothing in it.
 *
 * @returns The record, or in one line what is wrong with it.
 */
export async function readRecord(
  bytes: Uint8Array,
  { name, key, scope, accept }: RecordQuestion,
): Promise<RemoteRecord | string> {
  const payload = await openEnvelope(bytes, accept);
  if (typeof payload === "string") return payload;
  const value = await unpack(payload);
  if (!isObject(value) || value["format"] !== 1) return UNKNOWN_FORMAT;
  if (value["key"] !== key) return "it belongs to another key";
  if (value["scope"] !== scope) return "it belongs to another scope";
  const producer = readProducer(value["producer"]);
  if (producer === undefined) return "it does not say who made it";
  const manifest = readManifest(value["manifest"]);
  if (typeof manifest === "string") return manifest;
  if (manifest.key !== key) return "it belongs to another key";
  const inline = readInline(value["inline"]);
  const pieces = readPieces(value["pieces"]);
  if (inline === undefined || pieces === undefined) return "its contents are mixed up";
  const keyId = accept === undefined ? {} : { keyId: accept.id };
  const record = { name, ...keyId, key, scope, producer, manifest, inline, pieces };
  return missing(record) ?? record;
}

/** The contents that a manifest names, with their sizes. */
export function contentsOf({ log, artifacts }: Manifest): Map<string, number> {
  const contents = new Map<string, number>();
  if (log.size > 0) contents.set(log.digest, log.size);
  for (const { kind, content, size } of artifacts) {
    if (kind !== "directory") contents.set(content, size);
  }
  return contents;
}

/** Every content must be described, by as many bytes as the manifest says. */
function missing({ manifest, inline, pieces }: RemoteRecord): string | undefined {
  for (const [content, size] of contentsOf(manifest)) {
    const sum = inline.get(content)?.length ??
      pieces.get(content)?.reduce((all, piece) => all + piece.size, 0);
    // Empty files have neither: nothing has to be fetched for them.
    if (sum !== size && !(size === 0 && sum === undefined)) return "its contents are mixed up";
  }
  return undefined;
}

async function unpack(payload: Uint8Array): Promise<unknown> {
  try {
    const text = await decompressZstd(payload, MOST_RECORD);
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    return undefined;
  }
}

function readPieces(value: unknown): Map<string, readonly Piece[]> | undefined {
  if (!isObject(value)) return undefined;
  const pieces = new Map<string, readonly Piece[]>();
  for (const [content, list] of Object.entries(value)) {
    if (!isDigest(content) || !Array.isArray(list) || !list.every(isPiece)) return undefined;
    pieces.set(content, list.map(({ name, stored, size }: Piece) => ({ name, stored, size })));
  }
  return pieces;
}

function isPiece(value: unknown): value is Piece {
  if (!isObject(value)) return false;
  const { name, stored, size } = value;
  const sizes = [stored, size].every((one) =>
    Number.isSafeInteger(one) && (one as number) >= 0 && (one as number) <= MOST_OBJECT
  );
  return typeof name === "string" && isDigest(name) && sizes;
}
