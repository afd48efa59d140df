import {
  STAT,
  STAT_WORDS,
  statIno,
  statKind,
  type StatRows,
  statSize,
  statTimes,
} from "../sys/bulk_stat.ts";
import type { Stat } from "../sys/sys.ts";

/**
 * Whether two answers tell of the same state of a file; `null`: nothing stands there. Of a directory only what it is:
 * names come and go in it, and that is a question of its own.
 */
export function isSameStat(a: Stat | null, b: Stat | null): boolean {
  if (a === null || b === null) return a === b;
  const isSame = a.kind === b.kind && a.ino === b.ino && a.dev === b.dev && a.mode === b.mode &&
    a.uid === b.uid && a.gid === b.gid;
  if (!isSame || a.kind === "directory") return isSame;
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/**
 * The same for an answer and a row, as far as the coarser of the two can tell.
 *
 * @param namesToo Of a directory also the times, which are others where a name came or went.
 */
export function isSameAsRow(
  stat: Stat | null,
  rows: StatRows,
  row: number,
  namesToo = false,
): boolean {
  const kind = statKind(rows, row);
  if (stat === null || kind === "none") return stat === null && kind === "none";
  const word = (name: keyof typeof STAT) => rows.words[row * STAT_WORDS + STAT[name]]!;
  // Rows keep 32 bits of the device, and some runtimes 53 of the file's number.
  const isSame = stat.kind === (kind === "exec" ? "file" : kind) &&
    stat.mode === (word("mode") & 0o7777) && stat.uid === word("uid") && stat.gid === word("gid") &&
    Number(stat.ino) === statIno(rows, row) &&
    BigInt.asUintN(32, stat.dev) === BigInt(word("dev"));
  if (!isSame || (kind === "directory" && !namesToo)) return isSame;
  const [mtimeNs, ctimeNs] = statTimes(rows, row);
  return (kind === "directory" || stat.size === statSize(rows, row)) &&
    isTime(stat.mtimeNs, mtimeNs, 1_000_000n) && isTime(stat.ctimeNs, ctimeNs, 1_000_000_000n);
}

/** Deno cuts times to ticks where it tells them one by one. */
function isTime(told: bigint, exact: bigint, tick: bigint): boolean {
  return told === exact || (told % tick === 0n && exact / tick === told / tick);
}

/** Whether the only row of `now` and another one agree about some fields. */
export function areAlike(
  now: StatRows,
  rows: StatRows,
  row: number,
  fields: readonly (keyof typeof STAT)[],
): boolean {
  return fields.every((field) =>
    now.words[STAT[field]] === rows.words[row * STAT_WORDS + STAT[field]]
  );
}
