/** Where a value stands in a TOML file: keys and list indexes from the top, such as `["commands", "a", "deps", 1]`. */
export type TomlPath = readonly (string | number)[];

const BARE = /^[A-Za-z0-9_-]+$/;

/**
 * Writes a path as people read it; keys that TOML would quote are quoted.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatPath, parsePath } from "./paths.ts";
 * assert.equal(formatPath(["commands", "a b", "deps", 1]), 'commands."a b".deps[1]');
 * assert.deepEqual(parsePath('commands."a b".deps[1]'), ["commands", "a b", "deps", 1]);
 * ```
 */
export function formatPath(path: TomlPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += (text === "" ? "" : ".") + (BARE.test(part) ? part : JSON.stringify(part));
  }
  return text;
}

/** Reads what {@link formatPath} wrote. */
export function parsePath(text: string): TomlPath {
  const path: (string | number)[] = [];
  const part = /\.?(?:([A-Za-z0-9_-]+)|("(?:[^"\\]|\\.)*")|\[(\d+)\])/y;
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    if (found[1] !== undefined) path.push(found[1]);
    else if (found[2] !== undefined) path.push(JSON.parse(found[2]) as string);
    else path.push(Number(found[3]));
  }
  return path;
}
