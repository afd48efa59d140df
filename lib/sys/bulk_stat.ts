import { concat, encodeName, hasEscapedBytes } from "../base/bytes.ts";
import { nodeFs } from "./later.ts";
import { ANYWHERE, type Statx, STATX_WORD, statxHere } from "./statx.ts";
import { errorCode } from "./sys.ts";

/**
 * Answers of lstat for many files as rows of plain words: 50,000 `Stat` objects would cost more than the
 * system calls themselves, and rows can be written to a file as they are.
 *
 * One row is 14 words of 32 bits: see `STAT`. A mode of 0 means that nothing stands at the path.
 */
export interface StatRows {
  readonly count: number;
  readonly words: Uint32Array;
}

/** Words of one row. Times are seconds (their low half) and nanoseconds; numbers of devices are folded. */
export const STAT = {
  mtime: 0,
  mtimeNs: 1,
  ctime: 2,
  ctimeNs: 3,
  ino: 4,
  inoHigh: 5,
  dev: 6,
  size: 7,
  sizeHigh: 8,
  mode: 9,
  uid: 10,
  gid: 11,
  mtimeHigh: 12,
  ctimeHigh: 13,
} as const;
export const STAT_WORDS = 14;
export const STAT_ROW_BYTES = STAT_WORDS * 4;

const FEW = 4;
const encoder = new TextEncoder();
const TYPE_BITS = 0o170000;
const TYPES = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** Rows of zeros, or rows over bytes read from a file (4-byte aligned). */
export function newStatRows(count: number, buffer?: ArrayBuffer, offset = 0): StatRows {
  const length = count * STAT_WORDS;
  // Without a buffer of its own that somebody sees, a short one takes half the time.
  const words = buffer === undefined
    ? new Uint32Array(length)
    : new Uint32Array(buffer, offset, length);
  return { count, words };
}

/** Whether every field of two rows is equal. */
export function sameStat(a: StatRows, i: number, b: StatRows, j: number): boolean {
  const left = i * STAT_WORDS;
  const right = j * STAT_WORDS;
  for (let at = 0; at < STAT_WORDS; at++) {
    if (a.words[left + at] !== b.words[right + at]) return false;
  }
  return true;
}

/** Change times of some rows: seconds and nanoseconds, two words each. */
export function changeTimes(rows: StatRows, ids: readonly number[]): Uint32Array {
  const times = new Uint32Array(ids.length * 2);
  const { ctime } = STAT;
  const { words } = rows;
  // No iterator: this runs before anything is compiled.
  for (let at = 0; at < ids.length; at++) {
    const word = ids[at]! * STAT_WORDS + ctime;
    times[at * 2] = words[word]!;
    times[at * 2 + 1] = words[word + 1]!;
  }
  return times;
}

export function copyStat(from: StatRows, i: number, to: StatRows, j: number): void {
  // A loop over 14 words is faster than a view and a copy.
  const source = i * STAT_WORDS;
  const target = j * STAT_WORDS;
  for (let at = 0; at < STAT_WORDS; at++) to.words[target + at] = from.words[source + at]!;
}

/** Type of the thing and whether its owner may execute it; `none` where nothing stands there. */
export function statKind(
  rows: StatRows,
  row: number,
): "file" | "exec" | "symlink" | "directory" | "other" | "none" {
  const mode = rows.words[row * STAT_WORDS + STAT.mode]!;
  const type = mode & TYPE_BITS;
  if (type === TYPES.file) return (mode & 0o100) !== 0 ? "exec" : "file";
  if (type === TYPES.symlink) return "symlink";
  if (type === TYPES.directory) return "directory";
  return mode === 0 ? "none" : "other";
}

export function statSize(rows: StatRows, row: number): number {
  const at = row * STAT_WORDS;
  return rows.words[at + STAT.sizeHigh]! * 2 ** 32 + rows.words[at + STAT.size]!;
}

/** The number of the file in its file system; inexact above 2^53. */
export function statIno(rows: StatRows, row: number): number {
  const at = row * STAT_WORDS;
  return rows.words[at + STAT.inoHigh]! * 2 ** 32 + rows.words[at + STAT.ino]!;
}

/** Modification and change time in nanoseconds. */
export function statTimes(rows: StatRows, row: number): readonly [bigint, bigint] {
  const at = row * STAT_WORDS;
  const [mtime, ctime] = statSeconds(rows, row);
  const time = (seconds: number, ns: number) =>
    BigInt(seconds) * 1_000_000_000n + BigInt(rows.words[at + ns]!);
  return [time(mtime, STAT.mtimeNs), time(ctime, STAT.ctimeNs)];
}

/** Both times of {@link statTimes} without what is less than a second. */
function statSeconds({ words }: StatRows, row: number): readonly [number, number] {
  const at = row * STAT_WORDS;
  const seconds = (high: number, low: number) =>
    (words[at + high]! | 0) * 0x1_0000_0000 + words[at + low]!;
  return [seconds(STAT.mtimeHigh, STAT.mtime), seconds(STAT.ctimeHigh, STAT.ctime)];
}

/**
 * A stat proves content only if the file had been left alone for this long before it was read: a change within
 * the same tick of a file system's clock would leave the stat as it is. 2 s is the coarsest tick in use (FAT).
 */
const MARGIN_NS = 2_000_000_000n;

/** Longer than that and the coarsest tick of a clock that a runtime can tell together, for times without their ticks. */
export const LONG_NS = 5_000_000_000n;

/**
 * Whether both times lie so far before a moment that any change after it shows in them.
 *
 * Deno tells mtime in whole milliseconds and ctime in whole seconds, cut off; so do some file systems. A time that
 * is a multiple of such a tick may be anywhere inside of it and is taken as the tick's end.
 */
export function leftAlone(rows: StatRows, row: number, beforeNs: bigint): boolean {
  // What is a second older than it has to be needs no exact times: as big integers they take 20 µs.
  const latest = Number((beforeNs - MARGIN_NS) / 1_000_000_000n) - 1;
  const [mtime, ctime] = statSeconds(rows, row);
  if (mtime < latest && ctime < latest) return true;
  return statTimes(rows, row).every((time) => {
    const tick = time % 1_000_000_000n === 0n
      ? 1_000_000_000n
      : time % 1_000_000n === 0n
      ? 1_000_000n
      : 1n;
    return time + tick < beforeNs - MARGIN_NS;
  });
}

/** An lstat that failed for another reason than that nothing stands there. */
export interface StatFailure {
  readonly row: number;
  readonly code: string;
}

/** Fills row `n` of `into` with what stands at `root/paths[n]`, not following symlinks. */
export type BulkLstat = (
  root: string,
  paths: readonly string[],
  into: StatRows,
) => readonly StatFailure[];

/**
 * The fastest lstat of this runtime, in a loop.
 *
 * @returns What could not be asked (`EACCES`, …). `ENOENT`, `ENOTDIR`, `ELOOP` and `ENAMETOOLONG` are a row of
 * zeros instead: nothing stands at such a path. Cost: 1.3 µs per file where {@link statxHere} works, else 2 to 4.
 */
export const bulkLstat: BulkLstat = (root, paths, into) => {
  if (paths.length === 0) return [];
  const statx = statxHere();
  if (statx === undefined) return lstatEach(root, paths, into);
  // Opening the root and closing it again takes as long as it saves for these: 3 µs for one instead of 12.
  if (paths.length < FEW) {
    const names = nulTerminated(paths.map((path) => `${root}/${path}`));
    return askAll(statx, ANYWHERE, names, root, paths, into);
  }
  const directory = statx.open(encodeName(`${root}/\0`));
  // The path is not a directory (any more), or there are no file descriptors left.
  if (directory < 0) return lstatEach(root, paths, into);
  try {
    return askAll(statx, directory, nulTerminated(paths), root, paths, into);
  } finally {
    statx.close(directory);
  }
};

/** Whether something stands at each of the paths, where mostly nothing does: 1 µs for each, whatever the answer is. */
export function existing(root: string, paths: readonly string[]): readonly boolean[] {
  const statx = paths.length < FEW ? undefined : statxHere();
  const directory = statx?.open(encodeName(`${root}/\0`)) ?? -1;
  if (statx === undefined || directory < 0) {
    const rows = newStatRows(paths.length);
    lstatEach(root, paths, rows);
    return paths.map((_, row) => statKind(rows, row) !== "none");
  }
  try {
    const names = nulTerminated(paths);
    const start = statx.address(names);
    let at = 0;
    return paths.map((path) => {
      const found = statx.ask(directory, start + at) === 0;
      at = names.indexOf(0, at + path.length) + 1;
      return found;
    });
  } finally {
    statx.close(directory);
  }
}

/** The same through the runtime's own calls: what is used where there is no better way. */
export const lstatEach: BulkLstat = (root, paths, into) => {
  const failures: StatFailure[] = [];
  for (let row = 0; row < paths.length; row++) lstatOne(root, paths[row]!, into, row, failures);
  return failures;
};

function askAll(
  statx: Statx,
  directory: number,
  /** What the system is asked about for each path, ended by NUL. */
  names: Uint8Array,
  root: string,
  paths: readonly string[],
  into: StatRows,
): readonly StatFailure[] {
  const failures: StatFailure[] = [];
  const start = statx.address(names);
  const { answer } = statx;
  let at = 0;
  for (let row = 0; row < paths.length; row++) {
    const path = paths[row]!;
    const end = names.indexOf(0, at + path.length);
    if (path !== "" && statx.ask(directory, start + at) === 0) {
      copyAnswer(answer, into.words, row * STAT_WORDS);
    } else if (path !== "" && statx.wasAbsent()) {
      clear(into, row);
    } else {
      lstatOne(root, path, into, row, failures);
    }
    at = end + 1;
  }
  return failures;
}

function nulTerminated(paths: readonly string[]): Uint8Array {
  const text = paths.join("\0") + "\0";
  if (text.isWellFormed()) return encoder.encode(text);
  return concat(paths.map((path) => encodeName(`${path}\0`)));
}

function copyAnswer(answer: Uint32Array, words: Uint32Array, at: number): void {
  words[at + STAT.mtime] = answer[STATX_WORD.mtime]!;
  words[at + STAT.mtimeHigh] = answer[STATX_WORD.mtime + 1]!;
  words[at + STAT.mtimeNs] = answer[STATX_WORD.mtime + 2]!;
  words[at + STAT.ctime] = answer[STATX_WORD.ctime]!;
  words[at + STAT.ctimeHigh] = answer[STATX_WORD.ctime + 1]!;
  words[at + STAT.ctimeNs] = answer[STATX_WORD.ctime + 2]!;
  words[at + STAT.ino] = answer[STATX_WORD.ino]!;
  words[at + STAT.inoHigh] = answer[STATX_WORD.ino + 1]!;
  words[at + STAT.size] = answer[STATX_WORD.size]!;
  words[at + STAT.sizeHigh] = answer[STATX_WORD.size + 1]!;
  words[at + STAT.dev] = folded(answer[STATX_WORD.devMajor]!, answer[STATX_WORD.devMinor]!);
  words[at + STAT.mode] = answer[STATX_WORD.mode]! & 0xffff;
  words[at + STAT.uid] = answer[STATX_WORD.uid]!;
  words[at + STAT.gid] = answer[STATX_WORD.gid]!;
}

/** As the C library's `makedev` puts the two together, but for bits above the 32nd. */
export function folded(major: number, minor: number): number {
  return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xff) << 12;
}

const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

export function lstatOne(
  root: string,
  path: string,
  into: StatRows,
  row: number,
  failures: StatFailure[],
): void {
  const fill = "Deno" in globalThis ? fillWithDeno : fillWithNode;
  try {
    if (!fill(path === "" ? root : `${root}/${path}`, into, row)) clear(into, row);
  } catch (error) {
    clear(into, row);
    const code = errorCode(error) ?? "EIO";
    if (!ABSENT.has(code)) failures.push({ row, code });
  }
}

function clear(into: StatRows, row: number): void {
  into.words.fill(0, row * STAT_WORDS, (row + 1) * STAT_WORDS);
}

function fillWithNode(path: string, into: StatRows, row: number): boolean {
  const native = hasEscapedBytes(path) ? globalThis.Buffer.from(encodeName(path)) : path;
  const stat = nodeFs().lstatSync(native, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return false;
  const { words } = into;
  const at = row * STAT_WORDS;
  setTime(words, at + STAT.mtime, at + STAT.mtimeHigh, stat.mtimeNs);
  setTime(words, at + STAT.ctime, at + STAT.ctimeHigh, stat.ctimeNs);
  setLong(words, at + STAT.ino, stat.ino);
  setLong(words, at + STAT.size, stat.size);
  words[at + STAT.dev] = Number(stat.dev & 0xffff_ffffn);
  words[at + STAT.mode] = Number(stat.mode);
  words[at + STAT.uid] = Number(stat.uid);
  words[at + STAT.gid] = Number(stat.gid);
  return true;
}

function setTime(words: Uint32Array, at: number, high: number, ns: bigint): void {
  const rest = (ns % 1_000_000_000n + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (ns - rest) / 1_000_000_000n;
  words[at] = Number(seconds & 0xffff_ffffn);
  words[at + 1] = Number(rest);
  words[high] = Number(seconds >> 32n & 0xffff_ffffn);
}

function setLong(words: Uint32Array, at: number, value: bigint): void {
  words[at] = Number(value & 0xffff_ffffn);
  words[at + 1] = Number(value >> 32n & 0xffff_ffffn);
}

/** Deno's own call takes half the time of its `node:fs` one and is just as coarse: ms mtime, second ctime. */
function fillWithDeno(path: string, into: StatRows, row: number): boolean {
  const stat = Deno.lstatSync(path);
  const { words } = into;
  const at = row * STAT_WORDS;
  const ns = (time: Date | null) => BigInt(time?.getTime() ?? 0) * 1_000_000n;
  setTime(words, at + STAT.mtime, at + STAT.mtimeHigh, ns(stat.mtime));
  setTime(words, at + STAT.ctime, at + STAT.ctimeHigh, ns(stat.ctime));
  setLong(words, at + STAT.ino, BigInt(stat.ino ?? 0));
  setLong(words, at + STAT.size, BigInt(stat.size));
  words[at + STAT.dev] = Number(BigInt(stat.dev) & 0xffff_ffffn);
  words[at + STAT.mode] = stat.mode ?? (stat.isFile ? TYPES.file : TYPES.directory);
  words[at + STAT.uid] = stat.uid ?? 0;
  words[at + STAT.gid] = stat.gid ?? 0;
  return true;
}
