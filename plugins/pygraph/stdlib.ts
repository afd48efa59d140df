/** What belongs to Python itself. */
import { ALWAYS, FIRST_MINOR, LAST_MINOR, SOMETIMES } from "./stdlib_names.ts";

/**
 * Top-level modules of Python's standard library.
 *
 * @param minor Of Python 3; a version that is not known has the names of the nearest one. Without it: the names of
 *   all versions.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { stdlibModules } from "./stdlib.ts";
 * assert.ok(stdlibModules(11).has("distutils") && !stdlibModules(12).has("distutils"));
 * assert.ok(stdlibModules().has("tomllib") && !stdlibModules(10).has("tomllib"));
 * ```
 */
export function stdlibModules(minor?: number): ReadonlySet<string> {
  const names = new Set(ALWAYS.split(" "));
  const wanted = minor && Math.min(LAST_MINOR, Math.max(FIRST_MINOR, minor));
  for (const entry of SOMETIMES.split(" ")) {
    const [name, first, last] = entry.split(/[:-]/) as [string, string, string];
    if (wanted === undefined || (Number(first) <= wanted && wanted <= Number(last))) {
      names.add(name);
    }
  }
  return names;
}

/** Names that every version has. */
export function alwaysStdlib(): ReadonlySet<string> {
  return new Set(ALWAYS.split(" "));
}
