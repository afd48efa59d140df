import { delimiter, dirname } from "node:path";
import { decodeName } from "../base/bytes.ts";
import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";

/** Where configuration of git's may stand that is not the repository's own. */
export interface ConfigPlaces {
  /** Where git may have been built to look: `/etc`, and `etc` beside the `bin` that it lies in. */
  readonly systemDirectories: readonly string[];
  readonly userDirectories: readonly string[];
  /** Files with configuration in all of them, and those that variables name. */
  readonly files: readonly string[];
}

/** Finding them takes 1 ms, so that it is done once for all who read them. */
export function configPlaces(sys: Sys): ConfigPlaces {
  const { HOME, GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM } = sys.env;
  const systemDirectories = systemDirectoriesOf(sys);
  const userDirectories = userDirectoriesOf(sys);
  const files = systemDirectories.map((directory) => `${directory}/gitconfig`);
  for (const directory of userDirectories) files.push(`${directory}/git/config`);
  if (HOME) files.push(`${HOME}/.gitconfig`);
  for (const path of [GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM]) if (path) files.push(path);
  return { systemDirectories, userDirectories, files };
}

function systemDirectoriesOf({ files, env }: Sys): readonly string[] {
  const found = new Set(["/etc"]);
  for (const directory of (env["PATH"] ?? "").split(delimiter)) {
    const program = `${directory}/git`;
    const isThere = directory.startsWith("/") &&
      unlessClosed(() => files.stat(program)) !== undefined;
    if (!isThere) continue;
    for (const path of [program, unlessClosed(() => files.realPath(program), program)]) {
      found.add(`${dirname(dirname(path))}/etc`);
    }
    break;
  }
  return [...found];
}

function userDirectoriesOf({ env: { XDG_CONFIG_HOME, HOME } }: Sys): readonly string[] {
  if (XDG_CONFIG_HOME) return [XDG_CONFIG_HOME];
  return HOME ? [`${HOME}/.config`] : [];
}

/** Texts of those of the files that are there; `undefined` where one of them cannot be read. */
export function configTexts({ files }: Sys, places: ConfigPlaces): readonly string[] | undefined {
  return unlessClosed(() =>
    places.files
      .filter((path) => files.stat(path)?.kind === "file")
      .map((path) => decodeName(files.read(path) ?? new Uint8Array()))
  );
}
