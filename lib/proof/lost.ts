import { byCodeUnit } from "../base/order.ts";
import { parentPath } from "../base/paths.ts";
import type { Artifact } from "../cache/cache.ts";
import { splitNames } from "../git/names.ts";
import { namesDigest } from "../git/rescan.ts";
import { bulkLstat, copyStat, newStatRows, statKind } from "../sys/bulk_stat.ts";
import type { FileKind, Files } from "../sys/sys.ts";
import type { Instead, Proof, Table } from "./proof.ts";
import { areAlike } from "./same_stat.ts";
import type { Verified } from "./verify.ts";

/** Names by the directory they are in. */
type Names = ReadonlyMap<string, ReadonlyMap<string, FileKind>>;

/**
 * Whether directories differ from what they were by nothing but missing artifacts, and directories on the way to them:
 * with those there again, every name is the one that was known, so that none came which could be an input.
 */
export function areOnlyMissing(
  files: Files,
  { text: { root }, directories }: Proof,
  rows: readonly number[],
  artifacts: readonly Artifact[],
): boolean {
  const names = splitNames(directories.names);
  const wanted = namesOf(artifacts);
  return rows.every((row) => {
    const path = names[row] === "." ? "" : names[row]!;
    const there = files.list(`${root}/${path}`);
    if (there !== undefined && !isSameDirectory(root, names[row]!, directories, row)) return false;
    if (there === undefined && !wanted.has(path)) return false;
    const known = new Set(there?.map(({ name }) => name));
    const missing = [...wanted.get(path) ?? []].filter(([name]) => !known.has(name));
    const whole = [...there ?? [], ...missing.map(([name, kind]) => ({ name, kind }))]
      .sort((a, b) => byCodeUnit(a.name, b.name));
    return namesDigest(whole) === directories.instead.get(row)?.[1];
  });
}

function namesOf(artifacts: readonly Artifact[]): Names {
  const names = new Map<string, Map<string, FileKind>>();
  for (const { path, kind } of artifacts) {
    let [at, what]: [string, FileKind] = [path, kind === "link" ? "symlink" : kind];
    while (at !== "") {
      const above = parentPath(at);
      const inside = names.get(above) ?? new Map<string, FileKind>();
      inside.set(at.slice(above === "" ? 0 : above.length + 1), what);
      names.set(above, inside);
      [at, what] = [above, "directory"];
    }
  }
  return names;
}

function isSameDirectory(root: string, name: string, { rows }: Table, row: number): boolean {
  const now = newStatRows(1);
  return bulkLstat(root, [name], now).length === 0 &&
    areAlike(now, rows, row, ["mode", "uid", "gid", "dev"]);
}

/**
 * Gives a proof the rows of what was put back. They are young, so the next run compares contents and names.
 *
 * @returns False where something is not what it was before it was lost.
 */
export function renewLost(
  files: Files,
  { text: { root }, directories, places }: Proof,
  lost: Verified,
  artifacts: readonly Artifact[],
): boolean {
  const contents = new Map(artifacts.map(({ path, content }) => [`${root}/${path}`, content]));
  const renewed = (base: string, table: Table, rows: readonly number[]) => {
    const names = splitNames(table.names);
    const paths = rows.map((row) => names[row]!);
    const now = newStatRows(rows.length);
    if (bulkLstat(base, paths, now).length > 0) return false;
    const unsettled = new Set(table.unsettled);
    const holds = rows.every((row, at) => {
      const kind = statKind(now, at);
      if (kind !== statKind(table.rows, row)) return false;
      const known = table.instead.get(row);
      const instead = insteadOf(files, `${base}/${paths[at]}`, kind, known, contents);
      if (instead === undefined) return false;
      copyStat(now, at, table.rows, row);
      if (instead === "none") return true;
      (table.instead as Map<number, Instead>).set(row, instead);
      if (instead[0] !== "directory") unsettled.add(row);
      return true;
    });
    (table as { unsettled: readonly number[] }).unsettled = [...unsettled];
    return holds;
  };
  return renewed("", places, lost.lostPlaces) && renewed(root, directories, lost.lostDirectories);
}

/** What decides beside a new row of the same kind; `undefined` where the place is not what it was. */
function insteadOf(
  files: Files,
  path: string,
  kind: ReturnType<typeof statKind>,
  known: Instead | undefined,
  contents: ReadonlyMap<string, string>,
): Instead | "none" | undefined {
  if (kind === "none") return "none";
  if (kind === "directory") {
    if (known?.[0] !== "names") return ["directory"];
    return namesDigest(files.list(path) ?? []) === known[1] ? known : undefined;
  }
  const content = kind === "file" || kind === "exec" ? contents.get(path) : undefined;
  return content === undefined ? undefined : ["content", content];
}
