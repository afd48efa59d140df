import {
  type BulkLstat,
  copyStat,
  leftAlone,
  LONG_NS,
  newStatRows,
  sameStat,
  statKind,
} from "../sys/bulk_stat.ts";
import { parentPath } from "../base/paths.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { type IgnoreSettings, isOlder } from "./ignore_settings.ts";
import type { ListingMemo } from "./listing_memo.ts";
import type { Rescan } from "./rescan.ts";

/** Whether all files with ignore rules below a root say what they said when something was remembered. */
export function rulesHold(
  files: Files,
  root: string,
  lstat: BulkLstat,
  { rules, ruleRows, ruleDigests }: ListingMemo,
): boolean {
  const rows = newStatRows(rules.length);
  if (lstat(root, rules, rows).length > 0) return false;
  return rules.every((path, at) =>
    sameStat(rows, at, ruleRows, at) || digestOf(files, `${root}/${path}`) === ruleDigests[at]
  );
}

/** `undefined` for what is no plain file, or cannot be read; `""` where nothing is there. */
function digestOf(files: Files, path: string): string | undefined {
  return unlessClosed(() => {
    const kind = files.lstat(path)?.kind;
    if (kind !== "file") return kind === undefined ? "" : undefined;
    const bytes = files.read(path);
    return bytes && sha256(bytes);
  }, undefined);
}

export interface ToRemember {
  readonly files: Files;
  readonly root: string;
  readonly lstat: BulkLstat;
  /** Before git or anybody else read any rules, in nanoseconds since the epoch. */
  readonly startedNs: bigint;
  readonly settings: IgnoreSettings;
  readonly index: string;
  readonly tracked: string;
  readonly rescan: Rescan;
  readonly rules: readonly string[];
  readonly isTracked: (path: string) => boolean;
  readonly others: readonly string[];
}

/**
 * What the next run may go on from.
 *
 * @returns `undefined` where rules are so young that nobody knows which of them git read, or where a rule is what git
 * alone understands.
 */
export function memoOf(known: ToRemember): ListingMemo | undefined {
  const { files, root, lstat, startedNs, settings, index, tracked, rescan, rules } = known;
  if (rescan.holdsRepository || (settings.foldsNames && rescan.foundSome)) return undefined;
  if (!settings.isSettled(files, startedNs)) return undefined;
  const ruleRows = newStatRows(rules.length);
  if (lstat(root, rules, ruleRows).length > 0) return undefined;
  // What is gone says something only where the index still has it: else it would be found anew.
  const kept: number[] = [];
  const isOld = (path: string, row: number) =>
    statKind(ruleRows, row) === "none"
      ? isOlder(files, `${root}/${path}`, startedNs)
      : leftAlone(ruleRows, row, startedNs);
  const ruleDigests: string[] = [];
  for (const [row, path] of rules.entries()) {
    const digest = isOld(path, row) ? digestOf(files, `${root}/${path}`) : undefined;
    if (digest === undefined) return undefined;
    if (digest === "" && !known.isTracked(path)) continue;
    ruleDigests.push(digest);
    kept.push(row);
  }
  const keptRows = newStatRows(kept.length);
  kept.forEach((row, at) => copyStat(ruleRows, row, keptRows, at));
  const directories = new Map(rescan.known());
  const reached = known.others.filter((path) => directories.has(parentPath(path)));
  const others = still(known, reached, (path) => {
    // It may have been moved away with all above it after it was read, and come back with the row that it had.
    directories.set(parentPath(path), { ...directories.get(parentPath(path))!, row: undefined });
  });
  return {
    settings: settings.mark,
    index,
    tracked,
    directories: [...directories],
    rules: kept.map((row) => rules[row]!),
    ruleRows: keptRows,
    ruleDigests,
    others,
  };
}

/** Those of the files that are still there. */
function still(
  { root, lstat }: ToRemember,
  paths: readonly string[],
  onGone: (path: string) => void,
): readonly string[] {
  const rows = newStatRows(paths.length);
  lstat(root, paths, rows);
  return paths.filter((path, row) => {
    const isGone = ["none", "directory"].includes(statKind(rows, row));
    if (isGone) onGone(path);
    return !isGone;
  });
}

/** The mark of an index (see `Source.mark`); `""` where it is so young that another index could have the same. */
export function settledMark(mark: string, startedNs: bigint): string {
  const times = mark.split(",").slice(2).map(BigInt);
  return times.length === 2 && times.every((time) => time < startedNs - LONG_NS) ? mark : "";
}
