/** Words and places that the plugin's parts share. */
import type { Config, PluginProject } from "../../mod.ts";

/** An edge by hand. */
export interface Link {
  readonly from: string;
  readonly to: string;
}

/** `[plugins.pygraph]` as its schema leaves it. */
export interface Settings {
  readonly "ignore-type-checking"?: boolean;
  readonly "ignore-pydists"?: boolean;
  readonly cache?: string;
  readonly "build-cache"?: string;
  readonly "lock-cache"?: string;
  readonly "check-cache"?: string;
  readonly links?: { readonly add?: readonly Link[]; readonly remove?: readonly Link[] };
}

export type Project = PluginProject<Settings>;
export type Work = "build" | "lock" | "check";

/** What the places of files depend on. */
export interface Located {
  readonly settings: Settings;
  readonly config: Pick<Config, "defaults">;
  /** The user's word for the plugin. */
  readonly plugin: { readonly name: string };
}

/** The cache of one of the commands. */
export function cacheOf({ settings, config }: Located, work: Work): string {
  return settings[`${work}-cache`] ?? settings.cache ?? config.defaults.cache;
}

/** Where a command writes: to be committed with the `repo` cache, else below qik's own directory. */
function artifactOf(at: Located, work: Work, file: string): string {
  const top = cacheOf(at, work) === "repo" ? ".qik" : "._qik";
  return `${top}/artifacts/${at.plugin.name}.${work}/${file}`;
}

export function graphFile(at: Located): string {
  return artifactOf(at, "build", "graph.json");
}

export function lockFile(at: Located, space: string, pyimport: string): string {
  return artifactOf(at, "lock", `${space}/${encodeURIComponent(pyimport)}.json`);
}

/** Pathspecs of the files that may be modules, stubs too; not of `.pyc`, which Python writes while commands run. */
export function sourceGlobs(pythonPath: string): readonly string[] {
  const below = pythonPath === "" ? "" : `${pythonPath.replaceAll(/[*?[\\]/g, "\\$&")}/`;
  return [`${below}**.py`, `${below}**.pyi`];
}

/** A pathspec for a path, or for `directory/**`: names may hold what pathspecs read as wildcards or magic. */
export function literal(path: string): string {
  const plain = path.endsWith("/**") ? path.slice(0, -3) : path;
  return /[*?[\\]|^[:!]/.test(plain) ? `:(literal)${plain}` : path;
}

/** Python writes it below a package while commands run: as an input it would make each first run change its own key. */
export const BYTE_CODE = "!**/__pycache__/**";
