import type { Files, Stat } from "./sys.ts";
import { unlessClosed } from "./unless_closed.ts";

/** Where a program is looked for. */
export interface ProgramSearch {
  readonly files: Pick<Files, "stat">;
  /** Value of `PATH`; empty entries are passed over. */
  readonly path: string;
  /** Absolute directory that a name with `/` is relative to. */
  readonly from: string;
  readonly windows: boolean;
}

/**
 * The file that a name stands for, as a shell finds it; `undefined` where there is none that may be executed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { findProgram } from "./find_program.ts";
 * import { openSys } from "./open.ts";
 * const { files } = openSys();
 * const search = { files, path: "/nowhere:/bin", from: "/", windows: false };
 * assert.equal(findProgram("sh", search)?.path, "/bin/sh");
 * ```
 */
export function findProgram(
  name: string,
  { files, path, from, windows }: ProgramSearch,
): { readonly path: string; readonly stat: Stat } | undefined {
  const absolute = /^([a-zA-Z]:)?[\\/]/.test(name);
  const places = absolute
    ? [name]
    : name.includes("/")
    ? [`${from}/${name}`]
    : pathDirectories(path, windows).map((dir) => `${dir}/${name}`);
  const endings = windows ? ["", ".exe", ".cmd", ".bat"] : [""];
  for (const place of places.flatMap((at) => endings.map((ending) => at + ending))) {
    // What may not be looked at cannot be run: a shell passes over it.
    const stat = unlessClosed(() => files.stat(place));
    if (stat?.kind === "file" && (windows || (stat.mode & 0o111) !== 0)) {
      return { path: place, stat };
    }
  }
  return undefined;
}

/** The directories of a `PATH`, in order. */
export function pathDirectories(path: string, windows: boolean): string[] {
  return path.split(windows ? ";" : ":").filter((directory) => directory !== "");
}
