/** Environments that plugins build: where they stand, and whether they still are what was installed. */
import { sha256 } from "../sys/digest.ts";
import type { DirectoryEntry, Files } from "../sys/sys.ts";
import { attempt, isFile } from "./ports.ts";

/** An environment that a plugin builds, whether it is there already or not. */
export interface BuiltVenv {
  /** Relative to the root; nothing else is kept in it. */
  readonly directory: string;
  /** The lock file that it is made from, relative to the root. */
  readonly lock: string;
  /** Where programs and packages lie in it. */
  readonly layout: "virtualenv" | "conda";
  /** What it is meant to be apart from its lock; enters the key of each command. */
  readonly identity: string;
  /** Everything else that decides what is installed, without credentials. */
  readonly recipe: string;
}

/** What an installation leaves when it is whole; in the environment itself, so that it goes when that goes. */
interface Marker {
  /** Of what was installed: lock, identity and recipe. */
  readonly id: string;
  readonly identity: string;
  /** What was there then: names by directory, relative to the environment. */
  readonly names: Readonly<Record<string, readonly string[]>>;
}

const MARKER = "qik-installed.json";

/**
 * What the environment has to be: its lock's content with its identity.
 *
 * @returns `undefined` where there is no lock.
 */
export function wantedId(files: Files, root: string, built: BuiltVenv): string | undefined {
  const lock = attempt(() => files.read(`${root}/${built.lock}`));
  const text = [built.identity, built.recipe, lock && sha256(lock)].join("\n");
  return lock && sha256(new TextEncoder().encode(text));
}

/**
 * Whether what was installed is still there: `same` where it also is what the lock says, `other` where that has
 * changed since, `broken` where the installation did not end, or was of another kind, or somebody removed or added
 * packages afterwards.
 *
 * Names are compared two levels deep in the directories of packages; what a command writes into the environment
 * beside them (`__pycache__`, its own caches) breaks nothing. Cost: one listing for each package.
 */
export function standing(
  files: Files,
  root: string,
  built: BuiltVenv,
): "same" | "other" | "broken" | "absent" {
  const prefix = `${root}/${built.directory}`;
  const marker = readMarker(files, prefix);
  if (marker === undefined) return files.lstat(prefix) === undefined ? "absent" : "broken";
  const isKind = marker.identity === built.identity;
  if (!isKind || !holds(files, prefix, marker, built.layout)) return "broken";
  return marker.id === wantedId(files, root, built) ? "same" : "other";
}

/** Takes the mark away: from here on the environment is not whole. */
export function unmark(files: Files, root: string, { directory }: BuiltVenv): void {
  files.remove(`${root}/${directory}/${MARKER}`);
}

/** Marks the environment as whole; called last. */
export function mark(files: Files, root: string, built: BuiltVenv, id: string): void {
  const prefix = `${root}/${built.directory}`;
  const names: Record<string, readonly string[]> = {};
  for (const directory of directoriesOf(files, prefix, built.layout)) {
    const entries = listed(files, prefix, directory);
    names[directory] = entries.map(({ name }) => name);
    if (!isPackages(directory)) continue;
    for (const { name, kind } of entries) {
      // Of a distribution its name alone counts: nothing is imported from it.
      if (kind !== "directory" || isDistribution(name)) continue;
      const inside = `${directory}/${name}`;
      names[inside] = listed(files, prefix, inside).map((entry) => entry.name);
    }
  }
  const marker: Marker = { id, identity: built.identity, names };
  const bytes = new TextEncoder().encode(JSON.stringify(marker));
  files.writeAtomic(`${prefix}/${MARKER}`, bytes);
}

function holds(
  files: Files,
  prefix: string,
  { names }: Marker,
  layout: BuiltVenv["layout"],
): boolean {
  const python = layout === "virtualenv" ? programs(layout).map((bin) => `${bin}/python`) : [];
  // Also where the Python that the environment was made with is gone.
  if (python.length > 0 && !python.some((path) => isProgramThere(files, `${prefix}/${path}`))) {
    return false;
  }
  return Object.entries(names).every(([directory, wanted]) => {
    const now = listed(files, prefix, directory).map(({ name }) => name);
    const there = new Set(now);
    if (!wanted.every((name) => there.has(name))) return false;
    const known = new Set(wanted);
    return !isPackages(directory) || now.every((name) => known.has(name) || !isDistribution(name));
  });
}

function isProgramThere(files: Files, path: string): boolean {
  return isFile(files, path) || isFile(files, `${path}.exe`);
}

/** Whether a new name in a directory of packages means that something was installed. */
function isDistribution(name: string): boolean {
  return /\.(?:dist-info|egg-info|egg-link|pth|egg)$/.test(name);
}

function isPackages(directory: string): boolean {
  return directory.endsWith("site-packages");
}

function programs(layout: BuiltVenv["layout"]): readonly string[] {
  return layout === "virtualenv" ? ["bin", "Scripts"] : ["bin", "Scripts", "conda-meta"];
}

/** Directories that tell what is installed, relative to the environment. */
function directoriesOf(
  files: Files,
  prefix: string,
  layout: BuiltVenv["layout"],
): readonly string[] {
  const libraries = listed(files, prefix, "lib")
    .filter(({ name, kind }) => kind === "directory" && /^(?:python|pypy)\d/.test(name))
    .map(({ name }) => `lib/${name}/site-packages`);
  return [...programs(layout), ...libraries, "Lib/site-packages"]
    .filter((directory) => attempt(() => files.list(`${prefix}/${directory}`)) !== undefined);
}

function listed(files: Files, prefix: string, directory: string): readonly DirectoryEntry[] {
  const entries = attempt(() => files.list(`${prefix}/${directory}`)) ?? [];
  return entries.filter(({ name }) => name !== "__pycache__" && !name.endsWith(".pyc"));
}

function readMarker(files: Files, prefix: string): Marker | undefined {
  const bytes = attempt(() => files.read(`${prefix}/${MARKER}`));
  if (bytes === undefined) return undefined;
  try {
    const marker = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Marker> | null;
    const { id, identity, names } = marker ?? {};
    const isWhole = typeof id === "string" && typeof identity === "string" &&
      typeof names === "object" && names !== null && Object.values(names).every(Array.isArray);
    return isWhole ? { id, identity, names } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
