import { encodeName } from "../base/bytes.ts";
import { type Digest, startSha1, startSha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import type { Algorithm } from "./algorithm.ts";

/** Larger files are read in pieces, so that memory stays bounded. */
const PIECE_BYTES = 1 << 20;

/**
 * Digest of a file's raw bytes as they are on disk: the id that git would give to a blob of them, without any
 * conversion of line ends or filters.
 *
 * @param size What lstat said. The id starts with it, so a file of another size cannot be read to its end.
 * @returns `<algorithm>:<hex>`; `undefined` where the file is gone or has another size.
 * @throws The system's error where it cannot be read.
 */
export function digestFile(
  files: Files,
  path: string,
  size: number,
  algorithm: Algorithm,
): string | undefined {
  if (size > PIECE_BYTES) return digestInPieces(files, path, size, algorithm);
  const bytes = files.read(path);
  return bytes?.length === size ? digestBytes(bytes, algorithm) : undefined;
}

/** Digest of the text that a symlink holds. */
export function digestLink(files: Files, path: string, algorithm: Algorithm): string {
  return digestBytes(encodeName(files.readLink(path)), algorithm);
}

/** The digest that the tree tells for a file with these bytes: `<algorithm>:<hex>`. */
export function digestBytes(bytes: Uint8Array, algorithm: Algorithm): string {
  const digest = startBlob(bytes.length, algorithm);
  digest.update(bytes);
  return `${algorithm}:${digest.end()}`;
}

function startBlob(size: number, algorithm: Algorithm): Digest {
  const digest = algorithm === "sha1" ? startSha1() : startSha256();
  digest.update(new TextEncoder().encode(`blob ${size}\0`));
  return digest;
}

function digestInPieces(
  files: Files,
  path: string,
  size: number,
  algorithm: Algorithm,
): string | undefined {
  const reader = files.openReader(path);
  if (reader === undefined) return undefined;
  try {
    const digest = startBlob(size, algorithm);
    const piece = new Uint8Array(PIECE_BYTES);
    let total = 0;
    // A file that grows as fast as it is read would never end.
    while (total <= size) {
      const length = reader.read(piece);
      if (length === 0) break;
      digest.update(piece.subarray(0, length));
      total += length;
    }
    return total === size ? `${algorithm}:${digest.end()}` : undefined;
  } finally {
    reader.close();
  }
}
