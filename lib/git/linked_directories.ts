import { type BulkLstat, newStatRows, statKind } from "../sys/bulk_stat.ts";
import { errorCode, type Files } from "../sys/sys.ts";

/** A symlink among the files of a tree that leads to a directory of it. */
export interface LinkedDirectory {
  readonly path: string;
  /** Where it ends, relative to the root; not behind another link. */
  readonly target: string;
}

/** Those of some paths that are symlinks now. */
export function linksAmong(lstat: BulkLstat, root: string, paths: readonly string[]): string[] {
  const rows = newStatRows(paths.length);
  lstat(root, paths, rows);
  return paths.filter((_, row) => statKind(rows, row) === "symlink");
}

/**
 * The directories that links lead to. One that leads to a file, out of the tree, in a circle or to a directory that it
 * lies in itself is left out: nothing new is found behind it.
 */
export function directoriesBehind(
  files: Pick<Files, "stat" | "realPath">,
  root: string,
  links: readonly string[],
): LinkedDirectory[] {
  if (links.length === 0) return [];
  const isWindows = /^[A-Za-z]:/.test(root);
  const realPath = (path: string) => {
    const real = files.realPath(path);
    return isWindows ? real.replaceAll("\\", "/") : real;
  };
  const top = `${realPath(root)}/`;
  return links.flatMap((path) => {
    try {
      if (files.stat(`${root}/${path}`)?.kind !== "directory") return [];
      const real = realPath(`${root}/${path}`);
      const target = real.startsWith(top) ? real.slice(top.length) : "";
      return target === "" || `${path}/`.startsWith(`${target}/`) ? [] : [{ path, target }];
    } catch (error) {
      // ELOOP, EACCES: nobody reads what is there.
      if (errorCode(error) === undefined) throw error;
      return [];
    }
  });
}
