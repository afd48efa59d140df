import { compilePathspec, type Pathspec } from "../git/pathspec.ts";

/** What a command's artifact patterns select, and where to look for it. */
export interface ArtifactPatterns {
  /**
   * Whether the patterns select a path.
   *
   * @param directory It names a directory: then `dist/` and `dist/**` select `dist` too.
   */
  matches(path: string, directory: boolean): boolean;
  /** Places below which everything that can be selected lies, in the order of the patterns. */
  readonly roots: readonly WalkRoot[];
}

/** Where a walk for the files of one pattern begins. */
export interface WalkRoot {
  /** The pattern as written, for messages. */
  readonly pattern: string;
  readonly path: string;
  /** The pattern has no wildcard: it means exactly this path and what is below it. */
  readonly literal: boolean;
}

/** Lists that were compiled: those of a task are the same list each time. */
const known = new WeakMap<readonly string[], ArtifactPatterns>();

/**
 * Compiles artifact patterns; those that subtract take away from all others, wherever they stand.
 *
 * @throws {QikError} `glob-bad`, as for every other pathspec.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compileArtifacts } from "./patterns.ts";
 * const { matches, roots } = compileArtifacts(["dist/", "out/a*.js", "!out/ab.js"]);
 * assert.deepEqual(roots.map(({ path, literal }) => [path, literal]), [["dist", true], ["out", false]]);
 * assert.equal(matches("dist/x", false), true);
 * assert.equal(matches("out/ab.js", false), false);
 * ```
 */
export function compileArtifacts(patterns: readonly string[]): ArtifactPatterns {
  let compiled = known.get(patterns);
  if (compiled === undefined) known.set(patterns, compiled = compile(patterns));
  return compiled;
}

function compile(patterns: readonly string[]): ArtifactPatterns {
  const specs = patterns.map((pattern) => compilePathspec(pattern));
  const chosen = specs.filter(({ exclude }) => !exclude);
  const taken = specs.filter(({ exclude }) => exclude);
  const select = (path: string, module: boolean) =>
    chosen.some((spec) => spec.matches(path, module)) &&
    !taken.some((spec) => spec.matches(path, module));
  return {
    matches: (path, directory) =>
      select(path, directory) || (directory && select(path + "/", false)),
    roots: chosen.map(rootOf),
  };
}

function rootOf(spec: Pathspec): WalkRoot {
  const pattern = spec.text;
  const bare = pattern.replace(/(?<=[^/])\/+$/, "");
  const { literal, prefix } = bare === pattern ? spec : compilePathspec(bare);
  const path = literal ?? prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
  return { pattern, path, literal: literal !== undefined };
}
