import { messageOf } from "../base/message_of.ts";
import { sha256, startSha256 } from "../sys/digest.ts";
import type { Files, Reader } from "../sys/sys.ts";

/** Read in such pieces: large enough to be fast, small enough that a file of any size costs no memory. */
const PIECE = 1 << 16;

/** Up to this size a file is read once and kept, instead of being read again when it is copied. */
const SMALL = 1 << 18;

/** Contents by their SHA-256, below `<store>/blobs/<2 hex>/`. */
export interface Blobs {
  path(digest: string): string;
  /** Stores bytes that are already in memory. */
  putBytes(bytes: Uint8Array): string;
  /**
   * Stores the bytes that the file has while it is read.
   *
   * @returns Digest and size of what was stored, or `undefined` where there is no such file.
   */
  putFile(path: string, size: number): Stored | undefined;
}

export interface Stored {
  readonly content: string;
  readonly size: number;
}

/**
 * Opens the blobs of a store. Every blob is written under another name first and is complete when it gets
 * its own; two writers of one blob write the same bytes, so that neither can harm the other.
 *
 * @param store The store's directory with its format, such as `._qik/cache/v1`.
 * @param unique Text that no other process uses at the same time, for temporary names.
 */
export function openBlobs(files: Files, store: string, unique: string): Blobs {
  let copies = 0;
  const path = (digest: string) => `${store}/blobs/${digest.slice(0, 2)}/${digest}`;

  /**
   * Whether the blob is there; if so it is marked, so that a collection under way leaves it alone. It is read,
   * because a damaged one that is believed here would make the new entry a damaged one.
   */
  const known = ({ content, size }: Stored): boolean => {
    const blob = path(content);
    const stat = files.lstat(blob);
    if (stat?.kind === "directory") files.removeTree(blob);
    if (stat?.kind !== "file" || stat.size !== size) return false;
    if (digestFile(files, blob)?.content !== content) return false;
    files.touch(blob);
    return true;
  };

  const putBytes = (bytes: Uint8Array): string => {
    const content = sha256(bytes);
    if (!known({ content, size: bytes.length })) files.writeAtomic(path(content), bytes, 0o600);
    return content;
  };

  /** A copy is digested after it was made, so that what counts is what is kept, whoever changes the file. */
  const putCopy = (from: string): Stored | undefined => {
    const copy = `${store}/tmp/${unique}-${copies += 1}`;
    try {
      files.makeDirectory(`${store}/tmp`);
      files.copy(from, copy);
      files.chmod(copy, 0o600);
      const stored = digestFile(files, copy);
      if (stored === undefined || known(stored)) return stored;
      files.makeDirectory(path(stored.content).slice(0, -65));
      files.rename(copy, path(stored.content));
      return stored;
    } finally {
      attempt(() => files.remove(copy));
    }
  };

  return {
    path,
    putBytes,
    putFile(from, size) {
      if (size > SMALL) return putCopy(from);
      const bytes = files.read(from);
      return bytes === undefined ? undefined : { content: putBytes(bytes), size: bytes.length };
    },
  };
}

/** SHA-256 and size of a file as it is now, or `undefined` where there is none. */
export function digestFile(files: Files, path: string): Stored | undefined {
  const reader = files.openReader(path);
  if (reader === undefined) return undefined;
  try {
    const digest = startSha256();
    let size = 0;
    for (const piece of pieces(reader)) {
      digest.update(piece);
      size += piece.length;
    }
    return { content: digest.end(), size };
  } finally {
    attempt(() => reader.close());
  }
}

/** The rest of a file, piece by piece; each piece is only good until the next is asked for. */
export function* pieces(reader: Reader): Generator<Uint8Array> {
  const buffer = new Uint8Array(PIECE);
  for (let got = reader.read(buffer); got > 0; got = reader.read(buffer)) {
    yield buffer.subarray(0, got);
  }
}

/** Does what may fail without consequence, such as tidying up after a failure. */
export function attempt(action: () => unknown): void {
  try {
    action();
  } catch {
    // What is left behind is found and removed by a collection.
  }
}

/** Writes a file of the store, also where a directory has taken its place. */
export function writeStored(files: Files, path: string, bytes: Uint8Array): void {
  try {
    files.writeAtomic(path, bytes, 0o600);
  } catch (error) {
    if (files.lstat(path)?.kind !== "directory") throw error;
    files.removeTree(path);
    files.writeAtomic(path, bytes, 0o600);
  }
}

/** Removes whatever stands at the place of a file of the store; a directory there would block it for ever. */
export function discard(files: Files, path: string): void {
  attempt(() => {
    if (files.lstat(path)?.kind === "directory") files.removeTree(path);
    else files.remove(path);
  });
}

/** What went wrong, in one line for a person. */
export function reasonOf(error: unknown): string {
  const text = messageOf(error);
  return text.split("\n", 1)[0]!;
}
