/** Names of Python modules and the files that they stand in. */

/** What may stand between the dots of a module's name. */
export const IDENTIFIER = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}_]*$/u;

/**
 * Dotted name of the module in a file, or `undefined` where the file is none that can be imported.
 *
 * @param path Relative to a directory of `sys.path`, with `/`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { moduleOfFile } from "./module_names.ts";
 * assert.equal(moduleOfFile("a/b/__init__.py"), "a.b");
 * assert.equal(moduleOfFile("a/fast.cpython-311-x86_64-linux-gnu.so"), "a.fast");
 * assert.equal(moduleOfFile("a-1.dist-info/x.py"), undefined);
 * ```
 */
export function moduleOfFile(path: string): string | undefined {
  const parts = path.split("/");
  const file = parts.pop()!;
  const stem = /^([^.]+)(?:\.py|(?:\.[^/]+)?\.(?:so|pyd))$/.exec(file)?.[1];
  if (stem === undefined) return undefined;
  if (stem !== "__init__") parts.push(stem);
  return parts.length > 0 && parts.every((part) => IDENTIFIER.test(part))
    ? parts.join(".")
    : undefined;
}
