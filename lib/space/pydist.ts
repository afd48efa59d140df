import { nearest } from "../base/nearest.ts";
import type { Checked } from "../base/problems.ts";
import type { PydistConfig } from "../config/types.ts";
import { normalName } from "./installed.ts";
import type { Packages } from "./packages.ts";

/** Where versions are looked for, in this order. */
export interface PydistSources {
  readonly installed?:
    | (Pick<Packages, "version" | "names"> & Partial<Pick<Packages, "unread">>)
    | undefined;
  /** By normalised name. Asked only for what is not installed. */
  readonly lock?: ReadonlyMap<string, string> | undefined;
  readonly config: Pick<PydistConfig, "ignoreMissing" | "versions">;
}

/**
 * Version of a Python distribution: as installed, else as locked, else as `[pydist] versions` says.
 *
 * @param name In any spelling.
 * @returns `undefined` with a `pydist-missing` problem where it is nowhere (no problem under `ignore-missing`).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pydistVersion } from "./pydist.ts";
 * const lock = new Map([["pip-tools", "7.5.1"]]);
 * const config = { ignoreMissing: false, versions: [] };
 * assert.equal(pydistVersion("Pip_Tools", { lock, config }).value, "7.5.1");
 * const [problem] = pydistVersion("pip-tool", { lock, config }).problems;
 * assert.equal(problem?.hint, 'Did you mean "pip-tools"?');
 * ```
 */
export function pydistVersion(name: string, sources: PydistSources): Checked<string | undefined> {
  const { installed, lock, config } = sources;
  const wanted = normalName(name);
  const value = installed?.version(wanted) ?? lock?.get(wanted) ??
    config.versions.find((given) => normalName(given.name) === wanted)?.version;
  if (value !== undefined) return { value, problems: [] };
  // It may be there where nobody looked: then that counts in its place.
  const unread = installed?.unread?.() ?? [];
  if (config.ignoreMissing) {
    const instead = unread.length === 0
      ? undefined
      : `not found, and not read: ${unread.join(", ")}`;
    return { value: instead, problems: [] };
  }
  const known = new Set([
    ...installed?.names() ?? [],
    ...lock?.keys() ?? [],
    ...config.versions.map((given) => normalName(given.name)),
  ]);
  const near = nearest(wanted, known).map((other) => `"${other}"`).join(", ");
  const message =
    `Cannot find the Python distribution "${name}" in the environment or its lock file`;
  const parts = unread.map((part) => part.replace(/ [0-9a-f]+$/, "")).join(", ");
  const text = near !== ""
    ? `Did you mean ${near}?`
    : `qik does not read these parts of the environment: ${parts}. Name its version in [pydist] versions`;
  const hint = near === "" && parts === "" ? {} : { hint: text };
  return { value, problems: [{ code: "pydist-missing", message, ...hint }] };
}
