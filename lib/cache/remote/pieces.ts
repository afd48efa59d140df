import { sha256, startSha256 } from "../../sys/digest.ts";
import type { Files, Reader } from "../../sys/sys.ts";
import { compressZstd } from "../../sys/zstd.ts";
import { attempt } from "../blobs.ts";
import type { Piece } from "./record.ts";

/** Contents are cut into pieces of this size: what is held in memory, sent again after a failure, and shared. */
const PIECE = 1 << 21;

/** A piece with the bytes that a remote stores. */
export interface CutPiece extends Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Cuts a file of the local store into compressed pieces, one after the other.
 *
 * @throws Where the file is not there or does not have the digest that it is named by; the pieces before are
 * then worth nothing, so a record of them must not be written.
 */
export async function* cut(files: Files, path: string, content: string): AsyncGenerator<CutPiece> {
  const reader = files.openReader(path);
  if (reader === undefined) throw new Error("a content is not in the local store any more");
  const digest = startSha256();
  try {
    for (let raw = fill(reader); raw.length > 0; raw = fill(reader)) {
      digest.update(raw);
      const bytes = new Uint8Array(await compressZstd(raw));
      yield { name: sha256(bytes), stored: bytes.length, size: raw.length, bytes };
    }
  } finally {
    attempt(() => reader.close());
  }
  if (digest.end() !== content) throw new Error("a content in the local store is damaged");
}

/** The next whole piece; shorter at the end, and empty behind it. */
function fill(reader: Reader): Uint8Array {
  const buffer = new Uint8Array(PIECE);
  let size = 0;
  while (size < PIECE) {
    const got = reader.read(buffer.subarray(size));
    if (got === 0) break;
    size += got;
  }
  return buffer.subarray(0, size);
}
