import { digestFile, digestLink } from "../git/content.ts";
import { splitNames } from "../git/names.ts";
import { namesDigest } from "../git/rescan.ts";
import {
  bulkLstat,
  copyStat,
  leftAlone,
  newStatRows,
  sameStat,
  statKind,
  type StatRows,
  statSize,
} from "../sys/bulk_stat.ts";
import { differingRows } from "../sys/differing_rows.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files, Stat } from "../sys/sys.ts";
import type { Instead, Proof, Table } from "./proof.ts";
import { areAlike } from "./same_stat.ts";

export interface VerifyPorts {
  readonly files: Files;
  /** Milliseconds since the epoch, before anything was looked at. */
  readonly startedMs: number;
}

export interface Verified {
  /** The proof became better: what was too young to be believed by its stat was read, and its row is settled now. */
  readonly renewed: boolean;
  /** Places that do not hold, all of them a matter of restores alone; see `Restorable`. */
  readonly lostPlaces: readonly number[];
  /** Directories whose names are others. Without lost places there are none. */
  readonly lostDirectories: readonly number[];
}

/**
 * Whether everything that a proof rests on is as it was, but for artifacts that can be put back.
 *
 * @returns `undefined` where something is not.
 * @throws The system's error where something cannot be read any more.
 */
export function verify(proof: Proof, ports: VerifyPorts): Verified | undefined {
  const { text, files, directories, places } = proof;
  const check = new Check(ports, text.algorithm);
  if (!holdsElsewhere(proof, ports.files)) return undefined;
  const lostDirectories = check.table(text.root, directories, isNames);
  if (lostDirectories === undefined) return undefined;
  let mayBeLost: Set<number> | undefined;
  const lostPlaces = check.table("", places, (_, row) => {
    mayBeLost ??= new Set(text.restorable.flatMap(({ rows }) => rows));
    return mayBeLost.has(row);
  });
  if (lostPlaces === undefined) return undefined;
  if (lostDirectories.length > 0 && lostPlaces.length === 0) return undefined;
  if (check.table(text.root, files, () => false) === undefined) return undefined;
  return { renewed: check.renewed, lostPlaces, lostDirectories };
}

function isNames({ instead }: Table, row: number): boolean {
  return instead.get(row)?.[0] === "names";
}

/** The few questions that no row can answer. */
function holdsElsewhere({ text }: Proof, files: Files): boolean {
  return text.followed.every(([path, what, answer]) =>
    answer === (what === "stat" ? printOf(files.stat(path)) : contentOf(files, path))
  ) &&
    text.real.every(([path, answer]) => files.realPath(path) === answer) &&
    text.links.every(([path, answer]) => files.readLink(path) === answer);
}

/** Everything about a file as a text; `""` where there is none. */
export function printOf(stat: Stat | undefined): string {
  if (stat === undefined) return "";
  const { kind, size, mode, mtimeNs, ctimeNs, ino, dev, uid, gid } = stat;
  const what = [kind, mode, ino, dev, uid, gid];
  return (kind === "directory" ? what : [...what, size, mtimeNs, ctimeNs]).join(" ");
}

function contentOf(files: Files, path: string): string {
  const bytes = files.read(path);
  return bytes === undefined ? "" : sha256(bytes);
}

class Check {
  renewed = false;
  readonly #settledNs: bigint;

  constructor(
    private readonly ports: VerifyPorts,
    private readonly algorithm: Proof["text"]["algorithm"],
  ) {
    this.#settledNs = BigInt(ports.startedMs) * 1_000_000n;
  }

  /** Numbers of the rows that do not hold; `undefined` where one is among them that may not be lost. */
  table(
    root: string,
    table: Table,
    mayBeLost: (table: Table, row: number) => boolean,
  ): readonly number[] | undefined {
    const differing = differingRows(root, table);
    if (differing === undefined) return undefined;
    const doubtful = new Set([...differing, ...table.unsettled]);
    if (doubtful.size === 0) return [];
    const decided = (row: number) => table.instead.has(row) || mayBeLost(table, row);
    if (!differing.every(decided)) return undefined;
    const lost: number[] = [];
    const names = splitNames(table.names);
    const settled = new Set<number>();
    for (const row of doubtful) {
      const instead = table.instead.get(row);
      const now = instead && this.#holds(root, names[row]!, table.rows, row, instead);
      if (now === undefined) {
        if (!mayBeLost(table, row)) return undefined;
        lost.push(row);
        continue;
      }
      if (instead![0] === "directory" || !leftAlone(now, 0, this.#settledNs)) continue;
      copyStat(now, 0, table.rows, row);
      settled.add(row);
      this.renewed = true;
    }
    if (settled.size > 0) {
      (table as { unsettled: readonly number[] }).unsettled = table.unsettled
        .filter((row) => !settled.has(row));
    }
    return lost;
  }

  /** The row of today, where what was proven holds although (or because) the row says nothing. */
  #holds(
    root: string,
    name: string,
    rows: StatRows,
    row: number,
    instead: Instead,
  ): StatRows | undefined {
    const now = newStatRows(1);
    if (bulkLstat(root, [name], now).length > 0) return undefined;
    if (!areAlike(now, rows, row, ["mode", "uid", "gid", "dev"])) return undefined;
    if (instead[0] === "directory") return areAlike(now, rows, row, ["ino"]) ? now : undefined;
    if (this.#digest(instead[0], `${root}/${name}`, now) !== instead[1]) return undefined;
    const after = newStatRows(1);
    bulkLstat(root, [name], after);
    return sameStat(now, 0, after, 0) ? now : undefined;
  }

  #digest(what: "blob" | "content" | "names", path: string, now: StatRows): string | undefined {
    const { files } = this.ports;
    const kind = statKind(now, 0);
    if (what === "names") return namesDigest(files.list(path) ?? []);
    if (what === "content") {
      return kind === "file" || kind === "exec" ? contentOf(files, path) : undefined;
    }
    if (kind === "symlink") return digestLink(files, path, this.algorithm);
    return digestFile(files, path, statSize(now, 0), this.algorithm);
  }
}
