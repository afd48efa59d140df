/**
 * Paths inside the repository: relative to the root, `/` between parts, never a leading `/`, `./` or `..`.
 * The root itself is `""`. Pure text: nothing here looks at a disk.
 */

/**
 * Joins parts and resolves `.` and `..`.
 *
 * @returns The path, or `undefined` where it would leave the root, is absolute or holds a NUL.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { rootedPath } from "./paths.ts";
 * assert.equal(rootedPath("a/b", "../c"), "a/c");
 * assert.equal(rootedPath("a", "../../etc"), undefined);
 * ```
 */
export function rootedPath(...parts: readonly string[]): string | undefined {
  const kept: string[] = [];
  for (const part of parts) {
    if (part.startsWith("/") || part.includes("\0")) return undefined;
    for (const piece of part.split("/")) {
      if (piece === "" || piece === ".") continue;
      if (piece !== "..") kept.push(piece);
      else if (kept.pop() === undefined) return undefined;
    }
  }
  return kept.join("/");
}

/** Everything before the last `/`; `""` for a path at the root. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Whether `path` is `directory` or lies below it; everything lies below `""`. */
export function isWithin(path: string, directory: string): boolean {
  return directory === "" || path === directory || path.startsWith(directory + "/");
}
