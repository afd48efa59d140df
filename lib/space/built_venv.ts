/** Environments that plugins build: where they stand, and whether they still are what was installed. */
import { sha256 } from "../sys/digest.ts";
import type { DirectoryEntry, Files, Stat } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { archivesIn } from "./asked_paths.ts";
import { isDirectory, isFile, readBytes } from "./ports.ts";

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
  /** Absolute: programs and editable projects name it, so that a copy would run the code of another checkout. */
  readonly root: string;
  /** What was there then: names by directory, relative to the environment. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** What each program was, by its path relative to the environment. */
  readonly programs: Readonly<Record<string, string>>;
  /** The archives of the repository that the lock names, relative to the root. */
  readonly archives: Readonly<Record<string, Archive>>;
}

interface Archive {
  readonly stat: string;
  readonly digest: string;
}

const MARKER = "qik-installed.json";

/**
 * What the environment has to be: its lock's content with its identity, and what the archives hold that the lock names.
 *
 * @param digestOf Tells what an archive holds, relative to the root.
 * @returns `undefined` where there is no lock.
 */
export function wantedId(
  files: Files,
  root: string,
  built: BuiltVenv,
  digestOf = (path: string) => contentDigest(files, `${root}/${path}`),
): string | undefined {
  const lock = readBytes(files, `${root}/${built.lock}`);
  if (lock === undefined) return undefined;
  const named = archivesIn(built.lock, new TextDecoder().decode(lock), root);
  const archives = named.map((path) => `${path} ${digestOf(path)}`);
  const text = [built.identity, built.recipe, sha256(lock), ...archives].join("\n");
  return sha256(new TextEncoder().encode(text));
}

function contentDigest(files: Files, path: string): string {
  const bytes = readBytes(files, path);
  return bytes === undefined ? "absent" : sha256(bytes);
}

/**
 * Whether what was installed is still there: `same` where it also is what the lock says, `other` where that has
 * changed since, `stale` where an archive in it has, which tools take for what is installed already, `broken` where the installation did not end, or was of another kind, or somebody removed or added
 * packages afterwards, or emptied or replaced a program.
 *
 * Names are compared two levels deep in the directories of packages; what a command writes into the environment
 * beside them (`__pycache__`, its own caches) breaks nothing. Cost: one listing for each package, one lstat for each
 * program.
 */
export function standing(
  files: Files,
  root: string,
  built: BuiltVenv,
): "same" | "other" | "stale" | "broken" | "absent" {
  const prefix = `${root}/${built.directory}`;
  const marker = readMarker(files, prefix);
  if (marker === undefined) {
    return unlessClosed(() => files.lstat(prefix)) === undefined ? "absent" : "broken";
  }
  const isKind = marker.identity === built.identity;
  if (!isKind || marker.root !== root || !holds(files, prefix, marker, built.layout)) {
    return "broken";
  }
  const now = (path: string) => knownDigest(files, root, prefix, marker, path);
  if (marker.id === wantedId(files, root, built, now)) return "same";
  const isStale = Object.entries(marker.archives).some(([path, { digest }]) =>
    now(path) !== digest
  );
  return isStale ? "stale" : "other";
}

/** An archive that is what it was when the mark was made need not be read, unless it was young then. */
function knownDigest(
  files: Files,
  root: string,
  prefix: string,
  { archives }: Marker,
  path: string,
): string {
  const known = archives[path];
  const stat = unlessClosed(() => files.stat(`${root}/${path}`));
  const marked = unlessClosed(() => files.lstat(`${prefix}/${MARKER}`));
  const isOld = stat !== undefined && marked !== undefined &&
    stat.ctimeNs + RACY_NS < marked.mtimeNs && stat.mtimeNs + RACY_NS < marked.mtimeNs;
  if (isOld && known?.stat === archiveStat(stat)) return known.digest;
  return contentDigest(files, `${root}/${path}`);
}

/** What changes twice within this time may keep its stat. */
const RACY_NS = 2_000_000_000n;

function archiveStat({ kind, ino, size, mtimeNs, ctimeNs }: Stat): string {
  return [kind, ino, size, mtimeNs, ctimeNs].join();
}

/** Takes the mark away: from here on the environment is not whole. */
export function unmark(files: Files, root: string, { directory }: BuiltVenv): void {
  files.removeTree(`${root}/${directory}/${MARKER}`);
}

/** Removes the environment, or whatever took its place or that of the directory of all: it is qik's own. */
export function clear(files: Files, root: string, built: BuiltVenv): void {
  const path = `${root}/${built.directory}`;
  const all = path.slice(0, path.lastIndexOf("/"));
  const kind = files.lstat(all)?.kind;
  const isOther = kind === "symlink" ? !isDirectory(files, all) : kind !== "directory";
  if (isOther) return files.removeTree(all);
  // The mark goes first, but not that of the environment which a link leads to.
  if (files.lstat(path)?.kind === "directory") unmark(files, root, built);
  files.removeTree(path);
}

/** Marks the environment as whole; called last. Not where what it is made from changed meanwhile. */
export function mark(files: Files, root: string, built: BuiltVenv, id: string): void {
  const archives: Record<string, Archive> = {};
  const now = wantedId(files, root, built, (path) => {
    const stat = unlessClosed(() => files.stat(`${root}/${path}`));
    const digest = contentDigest(files, `${root}/${path}`);
    archives[path] = { stat: stat === undefined ? "" : archiveStat(stat), digest };
    return digest;
  });
  if (now !== id) return;
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
  const programs = Object.fromEntries(
    programPaths(names).filter((path) => isStartable(files, prefix, path))
      .map((path) => [path, programNow(files, `${prefix}/${path}`)]),
  );
  const marker: Marker = { id, identity: built.identity, root, names, programs, archives };
  const bytes = new TextEncoder().encode(JSON.stringify(marker));
  files.writeAtomic(`${prefix}/${MARKER}`, bytes);
}

function holds(
  files: Files,
  prefix: string,
  { names, programs }: Marker,
  layout: BuiltVenv["layout"],
): boolean {
  const python = layout === "virtualenv" ? PROGRAMS.map((bin) => `${bin}/python`) : [];
  // Also where the Python that the environment was made with is gone.
  if (python.length > 0 && !python.some((path) => isProgramThere(files, `${prefix}/${path}`))) {
    return false;
  }
  const isThere = ([path, was]: readonly [string, string]) =>
    programNow(files, `${prefix}/${path}`) === was;
  if (!Object.entries(programs).every(isThere)) return false;
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

/** Directories of programs, relative to the environment. */
const PROGRAMS: readonly string[] = ["bin", "Scripts"];

/**
 * Whether a command could start it; `bin` also holds texts, such as `activate`, of which being there is enough. Windows
 * does not tell.
 */
function isStartable(files: Files, prefix: string, path: string): boolean {
  if (!path.startsWith("bin/")) return true;
  const stat = unlessClosed(() => files.lstat(`${prefix}/${path}`));
  return stat === undefined || stat.kind !== "file" || (stat.mode & 0o111) !== 0;
}

/** Python reads the last one first of all. */
function programPaths(names: Marker["names"]): readonly string[] {
  const programs = PROGRAMS.flatMap((bin) => (names[bin] ?? []).map((name) => `${bin}/${name}`));
  return [...programs, "pyvenv.cfg"];
}

/**
 * What a program is: text that differs once it is emptied, written anew or no longer executable. Of a link it is also told
 * whether what it leads to can be started, and of Python `3.12`, but not `3.12.1`: that of the system may be updated.
 */
function programNow(files: Files, path: string): string {
  const stat = unlessClosed(() => files.lstat(path));
  if (stat === undefined) return "absent";
  const own = `${stat.kind} ${stat.mode} ${stat.size} ${stat.mtimeNs}`;
  // A directory is no program, and names come and go in it.
  if (stat.kind === "directory") return stat.kind;
  if (stat.kind !== "symlink") return own;
  const behind = unlessClosed(() => files.stat(path));
  return `${own} ${behind?.kind} ${behind !== undefined && (behind.mode & 0o111) !== 0} ${
    behind?.size === 0
  }${minorBehind(files, path)}`;
}

/** Of a link to Python its version without the last number: one with another looks for packages elsewhere. */
function minorBehind(files: Files, path: string): string {
  if (!path.endsWith("/python")) return "";
  const real = unlessClosed(() => files.realPath(path)) ?? "";
  return ` ${/\/((?:python|pypy)\d+\.\d+t?)$/.exec(real)?.[1]}`;
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
  const own = layout === "virtualenv" ? PROGRAMS : [...PROGRAMS, "conda-meta"];
  return [...own, ...libraries, "Lib/site-packages"]
    .filter((directory) => unlessClosed(() => files.list(`${prefix}/${directory}`)) !== undefined);
}

function listed(files: Files, prefix: string, directory: string): readonly DirectoryEntry[] {
  const entries = unlessClosed(() => files.list(`${prefix}/${directory}`)) ?? [];
  return entries.filter(({ name }) => name !== "__pycache__" && !name.endsWith(".pyc"));
}

function readMarker(files: Files, prefix: string): Marker | undefined {
  const bytes = readBytes(files, `${prefix}/${MARKER}`);
  if (bytes === undefined) return undefined;
  try {
    const marker = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Marker> | null;
    const { id, identity, root, names, programs, archives } = marker ?? {};
    const isWhole = [id, identity, root].every((text) => typeof text === "string") &&
      [names, programs, archives].every((table) => typeof table === "object" && table !== null) &&
      Object.values(names!).every(Array.isArray);
    return isWhole
      ? {
        id: id!,
        identity: identity!,
        root: root!,
        names: names!,
        programs: programs!,
        archives: archives!,
      }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
