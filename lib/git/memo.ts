import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import {
  copyStat,
  newStatRows,
  sameStat,
  STAT_ROW_BYTES,
  type StatRows,
} from "../sys/bulk_stat.ts";
import { joinNames, splitNames } from "./names.ts";
import { lowerBound } from "./roll.ts";
import type { Algorithm } from "./algorithm.ts";

/**
 * What earlier runs learned: the digest that a file had under a full stat.
 *
 * The file is a cache of its own: whoever deletes or damages it only costs time. Layout, in this machine's byte
 * order, everything aligned to 8 bytes:
 *
 * ```text
 * 32-bit words: mark, version, entries, characters of one digest, bytes of names, start of SHA-256 of the rest, 0, 0
 * entries × 56 bytes: stat rows
 * entries × digest: `sha1:…` as text, padded to 8 bytes at the end
 * names, each ended by NUL, in code-unit order
 * ```
 */
const MARK = 0x716b6666;
const VERSION = 3;
const HEADER_BYTES = 32;

const DIGEST_LENGTH: Readonly<Record<Algorithm, number>> = { sha1: 45, sha256: 71 };

/** One file whose content is known, with its row in some table of stats. */
export interface MemoEntry {
  readonly path: string;
  readonly rows: StatRows;
  readonly row: number;
  readonly digest: string;
}

/** Stat and digest of many files, sorted by path. */
export class Memo {
  #next = 0;

  constructor(
    private readonly paths: readonly string[],
    private readonly rows: StatRows,
    private readonly digests: string,
    private readonly digestLength: number,
  ) {}

  get size(): number {
    return this.paths.length;
  }

  /** The digest of a file whose stat is equal in every field. Asking in order of paths is fastest. */
  find(path: string, rows: StatRows, row: number): string | undefined {
    const at = this.paths[this.#next] === path ? this.#next : lowerBound(this.paths, path);
    if (this.paths[at] !== path) return undefined;
    this.#next = at + 1;
    return sameStat(this.rows, at, rows, row) ? this.#digest(at) : undefined;
  }

  #digest(at: number): string {
    return this.digests.slice(at * this.digestLength, (at + 1) * this.digestLength);
  }

  *entries(): Generator<MemoEntry> {
    for (const [row, path] of this.paths.entries()) {
      yield { path, rows: this.rows, row, digest: this.#digest(row) };
    }
  }
}

function emptyMemo(): Memo {
  return new Memo([], newStatRows(0), "", 0);
}

/** Reads a memo; an empty one where the file is missing, damaged, or of another version or repository format. */
export function readMemo(files: Files, path: string, algorithm: Algorithm): Memo {
  try {
    const bytes = files.read(path);
    return (bytes && decodeMemo(bytes, algorithm)) ?? emptyMemo();
  } catch {
    // It only saves time; what it would have told is read from the files themselves.
    return emptyMemo();
  }
}

function decodeMemo(read: Uint8Array, algorithm: Algorithm): Memo | undefined {
  // A buffer of its own, because rows must start at a multiple of 8 bytes.
  const bytes = read.byteOffset % 8 === 0 ? read : read.slice();
  if (bytes.length < HEADER_BYTES) return undefined;
  const buffer = bytes.buffer as ArrayBuffer;
  const header = new Uint32Array(buffer, bytes.byteOffset, HEADER_BYTES / 4);
  const [mark, version, count, width, nameBytes, sum] = header as unknown as number[];
  if (mark !== MARK || version !== VERSION || width !== DIGEST_LENGTH[algorithm]) return undefined;
  const digestsAt = HEADER_BYTES + count! * STAT_ROW_BYTES;
  const namesAt = digestsAt + padded(count! * width);
  if (bytes.length !== namesAt + nameBytes!) return undefined;
  if (sumOf(bytes.subarray(HEADER_BYTES)) !== sum) return undefined;
  const paths = splitNames(bytes.subarray(namesAt));
  if (paths.length !== count) return undefined;
  const digests = new TextDecoder("latin1").decode(
    bytes.subarray(digestsAt, digestsAt + count * width),
  );
  const rows = newStatRows(count, buffer, bytes.byteOffset + HEADER_BYTES);
  return new Memo(paths, rows, digests, width);
}

/** Not `node:zlib`'s CRC-32: loading that takes Bun longer than anything that it could save. */
function sumOf(bytes: Uint8Array): number {
  return Number.parseInt(sha256(bytes).slice(0, 8), 16);
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Bytes of a memo with the entries given, which must be in code-unit order of their paths. */
export function encodeMemo(entries: readonly MemoEntry[], algorithm: Algorithm): Uint8Array {
  const width = DIGEST_LENGTH[algorithm];
  const names = joinNames(entries.map(({ path }) => path));
  const digestsAt = HEADER_BYTES + entries.length * STAT_ROW_BYTES;
  const namesAt = digestsAt + padded(entries.length * width);
  const bytes = new Uint8Array(namesAt + names.length);
  const rows = newStatRows(entries.length, bytes.buffer, HEADER_BYTES);
  entries.forEach((entry, at) => copyStat(entry.rows, entry.row, rows, at));
  const digests = entries.map(({ digest }) => digest).join("");
  bytes.set(new TextEncoder().encode(digests), digestsAt);
  bytes.set(names, namesAt);
  const sum = sumOf(bytes.subarray(HEADER_BYTES));
  new Uint32Array(bytes.buffer, 0, HEADER_BYTES / 4)
    .set([MARK, VERSION, entries.length, width, names.length, sum]);
  return bytes;
}
