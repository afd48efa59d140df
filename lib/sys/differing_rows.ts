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
import { type Statx, statxHere } from "./statx.ts";

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
  const { answer } = statx;
  const { words, count } = rows;
  let at = 0;
  for (let row = 0; row < count; row++) {
    const end = names.indexOf(0, at);
    if (end <= at) return undefined;
    const known = statx.ask(directory, start + at) === 0
      ? isAnswer(answer, words, row * STAT_WORDS)
      : words[row * STAT_WORDS + STAT.mode] === 0 && statx.wasAbsent() ||
        isStill(root, names.subarray(at, end), rows, row);
    if (!known) differing.push(row);
    at = end + 1;
  }
  return at === names.length ? differing : undefined;
}

/**
 * The comparison without a row in between. The most telling fields come first.
 *
 * Places in `STAT` and `STATX_WORD` are written as numbers: a recalled run ends before anything of it was compiled,
 * and looking each of them up took twice as long.
 */
function isAnswer(answer: Uint32Array, words: Uint32Array, at: number): boolean {
  return words[at + 3] === answer[26] && words[at + 2] === answer[24] && // ctime
    words[at + 1] === answer[30] && words[at] === answer[28] && // mtime
    words[at + 13] === answer[25] && words[at + 12] === answer[29] && // high halves
    words[at + 4] === answer[8] && words[at + 5] === answer[9] && // ino
    words[at + 7] === answer[10] && words[at + 8] === answer[11] && // size
    words[at + 9] === (answer[7]! & 0xffff) && // mode
    words[at + 10] === answer[5] && words[at + 11] === answer[6] && // uid, gid
    words[at + 6] === folded(answer[34]!, answer[35]!) >>> 0;
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
