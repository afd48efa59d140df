import { dirname, resolve } from "node:path";
import type { Sys } from "../sys/sys.ts";
import { type ConfigPlaces, configTexts } from "./config_places.ts";
import { parseGitConfig } from "./git_config.ts";
import type { RepositoryFormat } from "./repository_format.ts";

const INCLUDES = /^\s*\[\s*include/im;

/**
 * Files with ignore rules that do not lie below the root: the repository's own, the user's, and those in directories
 * from the top of the working tree down to the root.
 *
 * Every file that some configuration names is in the list, whichever of them git goes by: who watches all of them
 * misses no change.
 *
 * @returns Absolute paths, of which some may not be there; `undefined` where only git itself could tell.
 */
export function ignoreFiles(
  sys: Sys,
  format: RepositoryFormat,
  places: ConfigPlaces,
  top: string,
  root: string,
): readonly string[] | undefined {
  const { env } = sys;
  const others = configTexts(sys, places);
  if (others === undefined) return undefined;
  if (env["GIT_CONFIG_COUNT"] !== undefined || env["GIT_CONFIG_PARAMETERS"] !== undefined) {
    return undefined;
  }
  const paths = [`${format.commonDirectory}/info/exclude`];
  for (const directory of places.userDirectories) paths.push(`${directory}/git/ignore`);
  for (let at = root; at !== top && at !== dirname(at);) {
    at = dirname(at);
    paths.push(`${at}/.gitignore`);
  }
  for (const text of [...format.configTexts, ...others]) {
    const config = INCLUDES.test(text) ? undefined : parseGitConfig(text);
    if (config === undefined) return undefined;
    for (const named of config.get("core.excludesfile") ?? []) {
      const path = absolute(named, env["HOME"]);
      if (path === undefined) return undefined;
      paths.push(path);
    }
  }
  return paths;
}

function absolute(named: string, home: string | undefined): string | undefined {
  if (named.startsWith("~/") && home) return resolve(home, named.slice(2));
  return named.startsWith("/") ? named : undefined;
}
