import { dirname } from "node:path";
import { encodeName } from "../base/bytes.ts";
import { LONG_NS } from "../sys/bulk_stat.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files, Stat, Sys } from "../sys/sys.ts";
import { type ConfigPlaces, configTexts } from "./config_places.ts";
import { isYes, parseGitConfig } from "./git_config.ts";
import type { RepositoryFormat } from "./repository_format.ts";

/** What decides what git ignores and does not lie below the root: configuration, files with rules, variables. */
export interface IgnoreSettings {
  /** A text that differs where git may ignore something else than before. */
  readonly mark: string;
  /** Whether git takes some names that differ for one: in the case of letters, or in how letters are put together. */
  readonly foldsNames: boolean;
  /** Whether all of it still is as it was, and was left alone since before a moment, in nanoseconds. */
  isSettled(files: Files, sinceNs: bigint): boolean;
}

/**
 * @param ignoredBy All files with rules outside of the root that may count.
 * @throws The system's error where something can be seen but not read.
 */
export function openIgnoreSettings(
  sys: Sys,
  format: RepositoryFormat,
  places: ConfigPlaces,
  root: string,
  ignoredBy: readonly string[],
): IgnoreSettings {
  const { env, machine: { uid } } = sys;
  const own = [`${format.commonDirectory}/config`, `${format.gitDirectory}/config.worktree`];
  const paths = [...own, ...places.files, ...ignoredBy];
  const variables = Object.keys(env).filter((name) => VARIABLES.test(name)).sort();
  const markNow = (files: Files) =>
    sha256(encodeName(JSON.stringify([
      [uid, root, format.commonDirectory],
      variables.map((name) => [name, env[name]]),
      paths.map((path) => [path, digestAt(files, path)]),
    ])));
  const mark = markNow(sys.files);
  const configs = [...format.configTexts, ...configTexts(sys, places) ?? []].map(parseGitConfig);
  return {
    mark,
    foldsNames: configs.some((config) => FOLDING.some((name) => config?.get(name)?.some(isYes))),
    isSettled: (files, sinceNs) =>
      paths.every((path) => isOlder(files, path, sinceNs)) && markNow(files) === mark,
  };
}

const FOLDING = ["core.ignorecase", "core.precomposeunicode"];

/** They say which configuration git reads. */
const VARIABLES = /^(GIT_CONFIG|HOME$|XDG_CONFIG_HOME$)/;

/** Of a device or a directory git learns nothing. */
function digestAt(files: Files, path: string): string {
  const kind = files.stat(path)?.kind;
  if (kind !== "file") return kind ?? "";
  return sha256(files.read(path) ?? new Uint8Array());
}

/**
 * Whether a file, and the link that leads to it, had been left alone for long before a moment; where nothing is there, the
 * directory in which it would be.
 */
export function isOlder(files: Files, path: string, sinceNs: bigint): boolean {
  const thanNs = sinceNs - LONG_NS;
  const older = (stat: Stat) => stat.mtimeNs < thanNs && stat.ctimeNs < thanNs;
  for (let at = path;; at = dirname(at)) {
    const stat = files.lstat(at);
    if (stat === undefined && at !== dirname(at)) continue;
    if (stat === undefined || stat.kind === "other") return true;
    if (stat.kind !== "symlink") return older(stat);
    const target = files.stat(at);
    return target !== undefined && older(stat) && (target.kind === "other" || older(target));
  }
}
