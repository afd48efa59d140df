import { STAT, STAT_WORDS, statKind, type StatRows } from "../sys/bulk_stat.ts";
import { ENTRY, hexOf, type IndexFile, MODES } from "./index_file.ts";
import type { Algorithm } from "./algorithm.ts";

/** Both times must lie this much before the index was written: the coarsest clock of a file system in use. */
const MARGIN_S = 2;

/** What git's index says about contents. */
export interface Vouch {
  /**
   * The digest of a file's content, where the index proves it: every number that it holds about the file is the
   * same today, down to the nanosecond, and the file had been left alone for 2 s when the index was written.
   *
   * git itself is content with whole seconds, and with what was said to it (assume-unchanged, fsmonitor); neither
   * says what a command would read. The answer is of what git stored: the caller knows whether that is what lies
   * on disk.
   *
   * @param at Position of the path in what `tracked` answered.
   */
  digest(at: number, rows: StatRows, row: number): string | undefined;
}

const MODE_OF = { file: MODES.file, exec: MODES.exec, symlink: MODES.link } as const;

/**
 * @param writtenNs When the index file was changed last.
 * @param sinceMs Nothing is proven about files that were changed last before this.
 */
export function openVouch(
  index: IndexFile,
  algorithm: Algorithm,
  writtenNs: bigint,
  sinceMs: number,
): Vouch {
  const since = sinceMs / 1000;
  const { bytes, starts } = index;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const before = Number(writtenNs / 1_000_000n) / 1000 - MARGIN_S;
  const idOf = idsOf(index);
  const noContent = algorithm === "sha1" ? EMPTY_SHA1 : EMPTY_SHA256;

  const isSame = (at: number, words: Uint32Array, word: number) =>
    view.getUint32(at + ENTRY.mtime) === words[word + STAT.mtime] &&
    view.getUint32(at + ENTRY.mtimeNs) === words[word + STAT.mtimeNs] &&
    view.getUint32(at + ENTRY.ctime) === words[word + STAT.ctime] &&
    view.getUint32(at + ENTRY.ctimeNs) === words[word + STAT.ctimeNs] &&
    view.getUint32(at + ENTRY.ino) === words[word + STAT.ino] &&
    view.getUint32(at + ENTRY.size) === words[word + STAT.size] &&
    view.getUint32(at + ENTRY.uid) === words[word + STAT.uid] &&
    view.getUint32(at + ENTRY.gid) === words[word + STAT.gid] &&
    // The index has no room for these; what needs them is read.
    (words[word + STAT.mtimeHigh]! | words[word + STAT.ctimeHigh]! |
        words[word + STAT.sizeHigh]!) ===
      0;

  /** A file system or a writer of the index that knows whole seconds only cannot prove anything. */
  const isSettled = (words: Uint32Array, word: number) =>
    words[word + STAT.ctimeNs] !== 0 && words[word + STAT.ctime]! > since &&
    words[word + STAT.ctime]! + words[word + STAT.ctimeNs]! / 1e9 < before &&
    words[word + STAT.mtime]! + words[word + STAT.mtimeNs]! / 1e9 < before;

  return {
    digest(position, rows, row) {
      const at = starts[position]!;
      const word = row * STAT_WORDS;
      if (at === 0 || !isSame(at, rows.words, word) || !isSettled(rows.words, word)) {
        return undefined;
      }
      const kind = statKind(rows, row) as keyof typeof MODE_OF;
      if (view.getUint32(at + ENTRY.mode) !== MODE_OF[kind]) return undefined;
      const hex = idOf(position);
      // git writes size 0 for what it could not be sure of.
      if (rows.words[word + STAT.size] === 0 && hex !== noContent) return undefined;
      return `${algorithm}:${hex}`;
    },
  };
}

/** Entries whose ids are read at once. */
const PIECE = 256;

/**
 * Ids by position, in hexadecimal. They are parts of texts with the ids of many entries: a call for each takes twice as
 * long as its whole check, and the digits of a whole index of 50,000 entries would stay as 15 MB.
 */
function idsOf({ bytes, starts, idBytes }: IndexFile): (position: number) => string {
  const pieces: string[] = [];
  const read = (piece: number) => {
    const first = piece * PIECE;
    const count = Math.min(PIECE, starts.length - first);
    const ids = new Uint8Array(count * idBytes);
    for (let entry = 0, to = 0; entry < count; entry++) {
      let from = starts[first + entry]! + ENTRY.id;
      for (const end = from + idBytes; from < end; from++) ids[to++] = bytes[from]!;
    }
    return hexOf(ids);
  };
  return (position) => {
    const piece = Math.trunc(position / PIECE);
    const at = (position - piece * PIECE) * idBytes * 2;
    return (pieces[piece] ??= read(piece)).slice(at, at + idBytes * 2);
  };
}

const EMPTY_SHA1 = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
const EMPTY_SHA256 = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
