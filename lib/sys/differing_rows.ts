import { decodeName, encodeName } from "../base/bytes.ts";
import {
  folded,
  lstatOne,
  newStatRows,
  sameStat,
  STAT,
  STAT_WORDS,
  type StatFailure,
  type StatRows,
} from "./bulk_stat.ts";
import { type Statx, STATX_BYTES, STATX_WORD, statxHere } from "./statx.ts";

/** What lstat said earlier about many files: a row for each name, and the names, each ended by NUL. */
export interface NamedRows {
  readonly rows: StatRows;
  readonly names: Uint8Array;
}

/**
 * Asks lstat again about all files and compares the answers with the rows.
 *
 * Nothing is made for a file that is as it was, neither a string nor a row: the names go to the system as they
 * stand in a file of qik's, and 50,000 of them take what the system calls take.
 *
 * @param root Absolute; names are relative to it. `""` is the top of all paths.
 * @returns Numbers of the rows that no longer hold, ascending; `undefined` where there is not one name for each
 * row, so that they do not belong together.
 */
export function differingRows(root: string, table: NamedRows): number[] | undefined {
  if (table.rows.count === 0) return table.names.length === 0 ? [] : undefined;
  const statx = statxHere();
  const directory = statx?.open(encodeName(`${root}/\0`)) ?? -1;
  if (statx === undefined || directory < 0) return differingEach(root, table);
  try {
    return differingBulk(statx, directory, root, table);
  } finally {
    statx.close(directory);
  }
}

function differingBulk(
  statx: Statx,
  directory: number,
  root: string,
  { rows, names }: NamedRows,
): number[] | undefined {
  const differing: number[] = [];
  const start = statx.address(names);
  const answer = new Uint32Array(STATX_BYTES / 4);
  const answerAt = statx.address(new Uint8Array(answer.buffer));
  const { words, count } = rows;
  let at = 0;
  for (let row = 0; row < count; row++) {
    const end = names.indexOf(0, at);
    if (end <= at) return undefined;
    const known = statx.ask(directory, start + at, answerAt) === 0
      ? isAnswer(answer, words, row * STAT_WORDS)
      : isStill(root, names.subarray(at, end), rows, row);
    if (!known) differing.push(row);
    at = end + 1;
  }
  return at === names.length ? differing : undefined;
}

/** The comparison without a row in between. The most telling fields come first. */
function isAnswer(answer: Uint32Array, words: Uint32Array, at: number): boolean {
  return words[at + STAT.ctimeNs] === answer[STATX_WORD.ctime + 2] &&
    words[at + STAT.ctime] === answer[STATX_WORD.ctime] &&
    words[at + STAT.ctimeHigh] === answer[STATX_WORD.ctime + 1] &&
    words[at + STAT.mtimeNs] === answer[STATX_WORD.mtime + 2] &&
    words[at + STAT.mtime] === answer[STATX_WORD.mtime] &&
    words[at + STAT.mtimeHigh] === answer[STATX_WORD.mtime + 1] &&
    words[at + STAT.ino] === answer[STATX_WORD.ino] &&
    words[at + STAT.inoHigh] === answer[STATX_WORD.ino + 1] &&
    words[at + STAT.size] === answer[STATX_WORD.size] &&
    words[at + STAT.sizeHigh] === answer[STATX_WORD.size + 1] &&
    words[at + STAT.mode] === (answer[STATX_WORD.mode]! & 0xffff) &&
    words[at + STAT.uid] === answer[STATX_WORD.uid] &&
    words[at + STAT.gid] === answer[STATX_WORD.gid] &&
    words[at + STAT.dev] ===
      folded(answer[STATX_WORD.devMajor]!, answer[STATX_WORD.devMinor]!) >>> 0;
}

/** Through the runtime's own call, which also tells why there is no answer. */
function isStill(root: string, name: Uint8Array, rows: StatRows, row: number): boolean {
  const now = newStatRows(1);
  const failures: StatFailure[] = [];
  lstatOne(root, decodeName(name), now, 0, failures);
  return failures.length === 0 && sameStat(now, 0, rows, row);
}

function differingEach(root: string, { rows, names }: NamedRows): number[] | undefined {
  const differing: number[] = [];
  let at = 0;
  for (let row = 0; row < rows.count; row++) {
    const end = names.indexOf(0, at);
    if (end <= at) return undefined;
    if (!isStill(root, names.subarray(at, end), rows, row)) differing.push(row);
    at = end + 1;
  }
  return at === names.length ? differing : undefined;
}
