import { parentPath } from "../base/paths.ts";
import type { FileKind, Files } from "../sys/sys.ts";
import { reservedPath } from "./artifact_rules.ts";
import type { ArtifactPatterns, WalkRoot } from "./patterns.ts";

/** Files that are being put in place carry this at the start of their names; they are nobody's artifacts. */
export const STAGED = ".qik-tmp-";

/** What stands on the disk below the places where artifacts may be. */
export interface Walked {
  /** Everything but directories that the patterns select, in no order. */
  readonly found: readonly { readonly path: string; readonly kind: FileKind }[];
  /** Directories that the patterns select; each after the one it lies in. */
  readonly directories: readonly { readonly path: string; readonly empty: boolean }[];
  /** Left by a qik that was killed while it put files in place. */
  readonly staged: readonly string[];
  /** Roots where nothing stands. */
  readonly absent: readonly WalkRoot[];
  /** Roots that can only be reached through a symlink, which is never followed. */
  readonly linked: readonly { readonly root: WalkRoot; readonly link: string }[];
}

/**
 * Walks the disk below the roots; follows no symlink and enters nothing that belongs to git or qik.
 *
 * @throws The system's error where a directory cannot be read.
 */
export function walkArtifacts(
  files: Files,
  root: string,
  { matches, roots }: ArtifactPatterns,
): Walked {
  const walked = { found: [], directories: [], staged: [], absent: [], linked: [] } as Growing;
  const pending: string[] = [];
  for (const start of roots) {
    const link = linkAbove(files, root, start.path);
    const stat = link === undefined ? files.lstat(join(root, start.path)) : undefined;
    if (link !== undefined) walked.linked.push({ root: start, link });
    else if (stat === undefined) walked.absent.push(start);
    else if (stat.kind === "directory") pending.push(start.path);
    else if (matches(start.path, false)) walked.found.push({ path: start.path, kind: stat.kind });
    else if (stat.kind === "symlink") walked.linked.push({ root: start, link: start.path });
  }
  const stack = outermost(pending);
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    stack.push(...enter(files, root, path, matches, walked));
  }
  return { ...walked, found: distinct(walked.found) };
}

type Growing = { -readonly [Part in keyof Walked]: Walked[Part][number][] };

/** Notes what lies in one directory and answers the directories in it. */
function enter(
  files: Files,
  root: string,
  path: string,
  matches: ArtifactPatterns["matches"],
  walked: Growing,
): string[] {
  const entries = files.list(join(root, path)) ?? [];
  const deeper: string[] = [];
  if (path !== "" && reservedPath(path) === undefined && matches(path, true)) {
    walked.directories.push({ path, empty: entries.length === 0 });
  }
  for (const { name, kind } of entries) {
    const inner = path === "" ? name : `${path}/${name}`;
    if (name.startsWith(STAGED)) {
      if (matches(inner, false)) walked.staged.push(inner);
    } else if (kind === "directory") {
      if (!closed(inner)) deeper.push(inner);
    } else if (matches(inner, false) && !closed(inner)) {
      walked.found.push({ path: inner, kind });
    }
  }
  return deeper;
}

/** Belongs to git or qik; the way down to qik's own `artifacts` folders stays open. */
function closed(path: string): boolean {
  if (path === "._qik" || path === ".qik") return false;
  if (path === "._qik/artifacts" || path === ".qik/artifacts") return false;
  return reservedPath(path) !== undefined;
}

/** The outermost symlink on the way to a path, if there is one. */
export function linkAbove(files: Files, root: string, path: string): string | undefined {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    const parent = path.slice(0, at);
    if (files.lstat(join(root, parent))?.kind === "symlink") return parent;
  }
  return undefined;
}

/** Directories that lie in no other of the list, so that nothing is walked twice. */
function outermost(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => {
    for (let above = path; above !== "";) {
      above = parentPath(above);
      if (all.has(above)) return false;
    }
    return true;
  });
}

function distinct<T extends { readonly path: string }>(list: readonly T[]): T[] {
  return [...new Map(list.map((item) => [item.path, item])).values()];
}

/** The absolute path of a path below the root. */
export function join(root: string, path: string): string {
  return path === "" ? root : `${root}/${path}`;
}
