import { nearest } from "../base/nearest.ts";
import type { Code, Place, Problem } from "../base/problems.ts";
import { formatPath, type TomlPath } from "./paths.ts";

/** A problem that does not know its line yet, only its place in the tree. */
export interface Flaw {
  readonly code: Code;
  readonly message: string;
  readonly hint?: string;
  readonly path: TomlPath;
}

/** Answers `Did you mean …?` for a name, or `undefined` where none is near. */
export type Suggest = (wanted: string, names: Iterable<string>) => string | undefined;

/** Comparing names costs their product, so a file full of wrong names must not be compared to the end. */
const MOST_SUGGESTIONS = 50;

/** Suggestions for one load of the configuration; after the first fifty it is silent. */
export function suggester(): Suggest {
  let left = MOST_SUGGESTIONS;
  return (wanted, names) => {
    if (left <= 0) return undefined;
    left -= 1;
    const close = nearest(wanted, names);
    return close.length === 0 ? undefined : `Did you mean ${listed(close)}?`;
  };
}

/**
 * Writes values in quotes with a word before the last.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { listed } from "./flaws.ts";
 * assert.equal(listed(["a", "b", "c"]), '"a", "b" or "c"');
 * ```
 */
export function listed(values: readonly string[], word = "or"): string {
  const quoted = values.map((value) => `"${value}"`);
  const last = quoted.pop() ?? "nothing";
  return quoted.length === 0 ? last : `${quoted.join(", ")} ${word} ${last}`;
}

/** The type of a value in the words of TOML. */
export function found(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isInteger(value) ? "a whole number" : "a number";
  if (typeof value === "boolean") return `${value}`;
  return typeof value === "string" ? "a string" : "a table";
}

/** A value as shown in a message: short, on one line; tables and lists by their type. */
export function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return found(value);
  if (typeof value !== "string") return String(value);
  const line = value.length > 60 ? value.slice(0, 57) + "…" : value;
  return JSON.stringify(line);
}

/** The hint as an object to spread, so that a flaw without one keeps the table's hint. */
export function hinted(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint };
}

/** A value that has the right type but is not allowed. */
export function badValue(path: TomlPath, value: unknown, why: string, hint?: string): Flaw {
  const message = `Cannot use ${shown(value)} for ${formatPath(path)}: ${why}`;
  return { code: "config-bad-value", message, path, ...hinted(hint) };
}

/** The file that flaws are about, and where in it the checked table stands (`tool.qik` in `pyproject.toml`). */
export interface Origin {
  readonly file: string;
  readonly prefix: TomlPath;
}

/** Where something stands in its file; the line is found when it is needed (see `locateProblems`). */
export function placeOf({ file, prefix }: Origin, path: TomlPath): Place {
  return { file, path: formatPath(prefix.length === 0 ? path : [...prefix, ...path]) };
}

/** The flaw as a problem without a line. */
export function unlocated(origin: Origin, flaw: Flaw): Problem {
  const { code, message, hint, path } = flaw;
  return { code, message, ...hinted(hint), place: placeOf(origin, path) };
}
