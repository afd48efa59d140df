/** What of the repository itself requirements and locks name in place of a distribution. */
import { parentPath, rootedPath } from "../base/paths.ts";
import { percentDecoded } from "../base/percent.ts";
import { isTomlLock, logicalLines } from "./lock_file.ts";

/** Paths that a requirement file asks for, as written, but without `file:`. */
export interface AskedPaths {
  /** Directories whose code stays where it is; only what they say of themselves is read. */
  readonly editable: readonly string[];
  /** Directories whose code is copied. */
  readonly copied: readonly string[];
  /** Wheels and source distributions. */
  readonly archives: readonly string[];
}

const ARCHIVE = /\.(?:whl|zip|tar\.\w+|tgz)$/;

/** `-e`, then `name[extra] @`, then `file:`, then a path: one that says so by its beginning, or an archive. */
const ASKED = new RegExp(
  "^(-e\\s*|--editable[\\s=]+)?(?:[A-Za-z0-9][\\w.-]*\\s*(?:\\[[^\\]]*\\])?\\s*@\\s*)?" +
    "(file:(?://(?:localhost)?(?=/))?)?" +
    "(\\.{1,2}(?:/[^\\s;[#]*)?|/[^\\s;[#]*|[^\\s;:[@#]+\\.(?:whl|zip|tar\\.\\w+|tgz)(?=[\\s;[#]|$))",
);

/**
 * The paths that requirements name.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { askedPaths } from "./asked_paths.ts";
 * const text = "-e ./lib[extra]\nother @ file:../other\n./dist/a-1.0.whl\nflask==3.1\n" +
 *   "b @ file:///srv/b%20c-1.zip#sha256=00 ; python_version > '3'\nx @ https://x.test/x-1.whl\n";
 * assert.deepEqual(askedPaths(text), {
 *   editable: ["./lib"],
 *   copied: ["../other"],
 *   archives: ["./dist/a-1.0.whl", "/srv/b c-1.zip"],
 * });
 * ```
 */
export function askedPaths(text: string): AskedPaths {
  const asked = { editable: [] as string[], copied: [] as string[], archives: [] as string[] };
  for (const line of logicalLines(text)) {
    const [, editable, address, written] = ASKED.exec(line) ?? [];
    if (written === undefined) continue;
    const path = address === undefined ? written : percentDecoded(written);
    if (ARCHIVE.test(path)) asked.archives.push(path);
    else (editable === undefined ? asked.copied : asked.editable).push(path);
  }
  return asked;
}

/**
 * A path that a file names, relative to the root; `undefined` where it lies outside: nothing there is an input.
 *
 * @param directory What it is relative to, where it is.
 */
export function pathBelow(root: string, directory: string, path: string): string | undefined {
  const inside = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
  return inside === undefined ? rootedPath(directory, path) : rootedPath(inside);
}

/** Poetry's way to name an archive, relative to the lock. */
const SOURCE = /^type = "file"\r?\nurl = "([^"\\\n]*)"/gm;

/**
 * The archives below the root that a requirement file or lock names, each once, relative to the root. Paths in requirements
 * are relative to where the tool runs, which is the root.
 */
export function archivesIn(path: string, text: string, root: string): readonly string[] {
  const found = isTomlLock(path)
    ? [...text.matchAll(SOURCE)].map(([, url]) => pathBelow(root, parentPath(path), url!))
    : askedPaths(text).archives.map((archive) => pathBelow(root, "", archive));
  return [...new Set(found.filter((archive) => archive !== undefined))];
}
