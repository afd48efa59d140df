import { encodeName } from "../base/bytes.ts";
import { parentPath } from "../base/paths.ts";
import { sha256 } from "../sys/digest.ts";
import type { DirectoryEntry, Stat, Sys } from "../sys/sys.ts";
import { unlessClosed } from "./closed.ts";
import { isOwnFile, isOwnPart, type Source } from "./source.ts";
import type { KnownDirectory } from "./tree.ts";

/** What one directory held when it was read last. */
interface Directory {
  epoch: number;
  /** Its stat then, where an equal one proves that no name came or went. */
  stat: Stat | undefined;
  /** Paths of the directories in it that are walked. */
  children: string[];
  /** Names in it that are new and that nobody had to judge yet, because no pathspec could select them. */
  unjudged: readonly Unknown[];
  /** Digest of the names in it, and just before when they were read, in nanoseconds since the epoch. */
  names: string;
  readNs: bigint;
}

/** Digest of what is in a directory: names and kinds, without those of git and qik. */
export function namesDigest(entries: readonly DirectoryEntry[]): string {
  let text = "";
  for (const { name, kind } of entries) if (!isOwnPart(name)) text += `${kind}/${name}/`;
  return sha256(encodeName(text)).slice(0, 32);
}

/** A name that nobody has judged yet. */
interface Unknown {
  readonly path: string;
  readonly directory: boolean;
}

export interface Found {
  /** New files that are not ignored; a nested repository ends in `/`. */
  readonly paths: readonly string[];
  /** New `.gitignore` files in directories that were known: what was judged before may be wrong now. */
  readonly rules: readonly string[];
}

/** Directory times are trusted when this much older than the reading; see the margin in look.ts. */
const MARGIN_NS = 4_000_000_000n;

/** Stands for the names in a directory that may not be read. No other digest is this, so that opening it is a change. */
const CLOSED = "closed";

/**
 * Finds files that appeared after the listing was made, without listing again.
 *
 * Directories below the literal start of a pathspec are read and their names compared with the known ones; only
 * names that were never seen are shown to git, all of them in one question, and its answer is remembered. So the
 * cost after each command is that of the directories which the next task covers.
 */
export class Rescan {
  readonly #files: Set<string>;
  readonly #directories = new Map<string, Directory>();
  readonly #ignored = new Set<string>();

  constructor(
    private readonly sys: Pick<Sys, "files" | "clock">,
    private readonly root: string,
    private readonly source: Source,
    /** All files and modules listed so far. */
    known: Iterable<string>,
    /** Whether a repository of its own is listed at a path. */
    private readonly isModule: (path: string) => boolean,
  ) {
    this.#files = new Set(known);
    this.#addDirectory("");
    for (const path of this.#files) this.#addDirectory(parentPath(path));
  }

  #addDirectory(path: string): void {
    for (let at = path; !this.#directories.has(at); at = parentPath(at)) {
      this.#directories.set(at, {
        epoch: -1,
        stat: undefined,
        children: [],
        unjudged: [],
        names: "",
        readNs: 0n,
      });
    }
  }

  /** Looks for new names that start with one of the texts. */
  async refresh(starts: readonly string[], epoch: number): Promise<Found> {
    const paths: string[] = [];
    const rules: string[] = [];
    const made = new Set<string>();
    let waiting = [...new Set(starts.map((start) => this.#nearest(start)))];
    const covered = (path: string) =>
      starts.some((start) => `${path}/`.startsWith(start) || start.startsWith(`${path}/`));
    while (waiting.length > 0) {
      const unknown = this.#readAll(waiting, covered, epoch);
      waiting = [];
      const names = unknown.map(({ path, directory }) => directory ? `${path}/` : path);
      const ignored = await this.source.ignored(names);
      for (const [at, { path, directory }] of unknown.entries()) {
        // In a directory that is new too, nothing was judged without it.
        if (!directory && isRulesFile(path) && !made.has(parentPath(path))) rules.push(path);
        if (ignored.has(names[at]!)) this.#ignored.add(names[at]!);
        else if (!directory || this.#isRepository(path)) {
          this.#files.add(path);
          paths.push(names[at]!);
        } else {
          made.add(path);
          this.#addDirectory(path);
          this.#directories.get(parentPath(path))!.children.push(path);
          if (covered(path)) waiting.push(path);
        }
      }
    }
    return { paths, rules };
  }

  /** The deepest known directory that holds everything which starts with the text, not behind a symlink. */
  #nearest(start: string): string {
    let nearest = "";
    for (let at = start.indexOf("/"); at !== -1; at = start.indexOf("/", at + 1)) {
      const path = start.slice(0, at);
      const real = this.sys.files.lstat(`${this.root}/${path}`)?.kind === "directory";
      if (!real || !this.#directories.has(path)) break;
      nearest = path;
    }
    return nearest;
  }

  /** Reads directories and the known ones in them; returns the names that nobody has judged. */
  #readAll(
    first: readonly string[],
    covered: (path: string) => boolean,
    epoch: number,
  ): readonly Unknown[] {
    const unknown: Unknown[] = [];
    const waiting = [...first];
    while (waiting.length > 0) {
      const path = waiting.pop()!;
      const directory = this.#directories.get(path)!;
      if (directory.epoch !== epoch) this.#readOne(path, directory);
      directory.epoch = epoch;
      for (const child of directory.children) if (covered(child)) waiting.push(child);
      const left = directory.unjudged;
      // Artifacts mostly lie beside inputs: asking about them would start git after each command, for 3 to 5 ms.
      directory.unjudged = left.filter((name) => !isRulesFile(name.path) && !covered(name.path));
      if (directory.unjudged.length === left.length) continue;
      const kept = new Set(directory.unjudged);
      unknown.push(...left.filter((name) => !kept.has(name)));
    }
    return unknown;
  }

  #readOne(path: string, directory: Directory): void {
    const { files, clock } = this.sys;
    const whole = path === "" ? this.root : `${this.root}/${path}`;
    const startedNs = BigInt(clock.now()) * 1_000_000n;
    const look = path === "" ? files.stat : files.lstat;
    const stat = unlessClosed(() => look(whole), undefined);
    const real = stat?.kind === "directory";
    if (real && directory.stat !== undefined && isSame(stat, directory.stat)) return;
    directory.children = [];
    directory.unjudged = [];
    directory.stat = undefined;
    directory.names = "";
    if (!real) return;
    const entries = unlessClosed(() => files.list(whole) ?? [], undefined);
    directory.names = entries === undefined ? CLOSED : namesDigest(entries);
    directory.readNs = startedNs;
    const unknown: Unknown[] = [];
    directory.unjudged = unknown;
    for (const entry of entries ?? []) {
      const inside = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.kind === "other" || isOwnFile(`${inside}/`)) continue;
      if (entry.kind !== "directory") {
        if (!this.#files.has(inside) && !this.#ignored.has(inside)) {
          unknown.push({ path: inside, directory: false });
        }
      } else if (this.#directories.has(inside)) {
        directory.children.push(inside);
      } else if (!this.#ignored.has(`${inside}/`) && !this.isModule(inside)) {
        unknown.push({ path: inside, directory: true });
      }
    }
    const youngest = stat.mtimeNs > stat.ctimeNs ? stat.mtimeNs : stat.ctimeNs;
    if (youngest < startedNs - MARGIN_NS) directory.stat = stat;
  }

  /** All directories that were read in an epoch. */
  directories(epoch: number): readonly KnownDirectory[] {
    const found: KnownDirectory[] = [];
    for (const [path, { epoch: at, names, readNs }] of this.#directories) {
      if (at === epoch && names !== "") found.push({ path, names, readNs });
    }
    return found;
  }

  /** Whether git would list it as one name instead of looking inside. */
  #isRepository(path: string): boolean {
    const { files } = this.sys;
    const dotGit = `${this.root}/${path}/.git`;
    return unlessClosed(() => {
      const stat = files.stat(dotGit);
      if (stat?.kind === "directory") return files.lstat(`${dotGit}/HEAD`) !== undefined;
      return stat?.kind === "file";
    }, false);
  }
}

/** Whether a path is that of a file with ignore rules. */
export function isRulesFile(path: string): boolean {
  return path === ".gitignore" || path.endsWith("/.gitignore");
}

function isSame(a: Stat, b: Stat): boolean {
  return a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev;
}
