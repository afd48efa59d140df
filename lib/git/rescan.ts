import { encodeName } from "../base/bytes.ts";
import { parentPath } from "../base/paths.ts";
import {
  type BulkLstat,
  copyStat,
  leftAlone,
  newStatRows,
  sameStat,
  STAT,
  STAT_WORDS,
  statKind,
  type StatRows,
} from "../sys/bulk_stat.ts";
import { sha256 } from "../sys/digest.ts";
import type { DirectoryEntry, Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { isIn } from "./real_parents.ts";
import { isOwnFile, isOwnPart, type Source } from "./source.ts";
import type { KnownDirectory } from "./tree.ts";

/** What one directory held when it was read last, and what was judged of it. */
export interface ReadDirectory {
  /** Its row just before, where an equal one proves that no name came or went. */
  readonly row: StatRows | undefined;
  /** Names in it that git ignores, as paths; a directory ends in `/`. */
  readonly ignored: readonly string[];
  /** Digest of the names in it, and just before when they were read, in nanoseconds since the epoch. */
  readonly names: string;
  readonly readNs: bigint;
}

interface Directory extends ReadDirectory {
  epoch: number;
  row: StatRows | undefined;
  /** Paths of the directories in it that are walked. */
  children: string[];
  ignored: string[];
  /** Names in it that are new and that nobody had to judge yet, because no pathspec could select them. */
  unjudged: readonly Unknown[];
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
  /** Those in directories that are new as well: nothing was judged without them, but they are to be watched. */
  readonly rulesInside: readonly string[];
}

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
  readonly #directories = new Map<string, Directory>();
  readonly #ignored = new Set<string>();
  readonly #found = new Set<string>();
  readonly #closed = new Set<string>();
  /** Files with rules that were met above what was read; each is told of once. */
  readonly #rulesAbove = new Set<string>();
  /** How many directories were read, and how many names were shown to git. */
  read = 0;
  asked = 0;
  /** Whether a directory below the root was read that holds a `.git`. */
  holdsRepository = false;

  constructor(
    private readonly sys: Pick<Sys, "files" | "clock" | "machine">,
    private readonly root: string,
    private readonly source: Source,
    private readonly lstat: BulkLstat,
    /** Whether a file or a module is listed. */
    private readonly isListed: (path: string) => boolean,
    /** Whether a repository of its own is listed at a path. */
    private readonly isModule: (path: string) => boolean,
  ) {
    this.#addDirectory("");
  }

  /** Adds the directories of listed files, of which nobody knows yet what is in them. */
  addParents(paths: Iterable<string>): void {
    let last = "";
    for (const path of paths) {
      // Neighbours mostly share their directory.
      if (isIn(path, last)) continue;
      last = parentPath(path);
      this.#addDirectory(last);
    }
  }

  /** Takes over what was known of all directories once; each parent comes before what is in it. */
  takeOver(known: Iterable<readonly [path: string, directory: ReadDirectory]>): void {
    for (const [path, { row, names, readNs, ignored }] of known) {
      const epoch = -1;
      const [children, unjudged]: [string[], Unknown[]] = [[], []];
      const directory = { epoch, row, names, readNs, children, unjudged, ignored: [...ignored] };
      this.#directories.set(path, directory);
      for (const name of ignored) this.#ignored.add(name);
      if (path !== "") this.#directories.get(parentPath(path))!.children.push(path);
    }
  }

  #addDirectory(path: string): void {
    for (let at = path; !this.#directories.has(at); at = parentPath(at)) {
      this.#directories.set(at, {
        epoch: -1,
        row: undefined,
        children: [],
        ignored: [],
        unjudged: [],
        names: "",
        readNs: 0n,
      });
    }
  }

  /** Looks for new names that start with one of the texts; one that ends in `/` is also what it names without. */
  async refresh(starts: readonly string[], epoch: number): Promise<Found> {
    const found = { paths: [] as string[], rules: [] as string[], rulesInside: [] as string[] };
    const made = new Set<string>();
    let waiting = [...new Set(starts.map((start) => this.#nearest(start, found.rules)))];
    const covered = (path: string) =>
      starts.some((start) => `${path}/`.startsWith(start) || start.startsWith(`${path}/`));
    while (waiting.length > 0) {
      const unknown = this.#readAll(waiting, covered, epoch);
      if (unknown.length === 0) break;
      waiting = [];
      const names = unknown.map(({ path, directory }) => directory ? `${path}/` : path);
      this.asked += names.length;
      const ignored = await this.source.ignored(names, true);
      for (const [at, { path, directory }] of unknown.entries()) {
        // In a directory that is new too, nothing was judged without it.
        if (!directory && isRulesFile(path)) {
          (made.has(parentPath(path)) ? found.rulesInside : found.rules).push(path);
        }
        if (ignored.has(names[at]!)) {
          this.#ignored.add(names[at]!);
          this.#directories.get(parentPath(path))!.ignored.push(names[at]!);
        } else if (!directory || this.#isRepository(path)) {
          this.#found.add(path);
          found.paths.push(names[at]!);
        } else {
          made.add(path);
          this.#addDirectory(path);
          this.#directories.get(parentPath(path))!.children.push(path);
          if (covered(path)) waiting.push(path);
        }
      }
    }
    return found;
  }

  /**
   * The deepest known directory that holds everything which starts with the text, not behind a symlink; puts files with
   * rules above it that nobody knew to the others.
   *
   * All of it is one question: two or three through the runtime's own calls take as long.
   */
  #nearest(start: string, rules: string[]): string {
    const asked = [".", ".gitignore"];
    for (let at = start.indexOf("/"); at !== -1; at = start.indexOf("/", at + 1)) {
      const path = start.slice(0, at);
      if (!this.#directories.has(path)) break;
      asked.push(path, `${path}/.gitignore`);
    }
    if (asked.length === 2) return "";
    const rows = newStatRows(asked.length);
    this.lstat(this.root, asked, rows);
    let row = 0;
    for (; row + 2 < asked.length && statKind(rows, row + 2) === "directory"; row += 2) {
      // What is closed has to be read to be known as closed: nothing in it counts then.
      if (!this.#mayBeRead(rows, row)) break;
      const ruled = asked[row + 1]!;
      if (this.#rulesAbove.has(ruled) || !isPlain(rows, row + 1)) continue;
      this.#rulesAbove.add(ruled);
      if (!this.#isKnown(ruled)) rules.push(ruled);
    }
    return row === 0 ? "" : asked[row]!;
  }

  /** Whether the mode of a directory says that everybody, or its owner, who this user is, may list it. */
  #mayBeRead({ words }: StatRows, row: number): boolean {
    const at = row * STAT_WORDS;
    const mode = words[at + STAT.mode]!;
    const isOurs = words[at + STAT.uid] === this.sys.machine.uid;
    return (mode & 0o444) === 0o444 || (isOurs && (mode & 0o400) !== 0);
  }

  /** Whether somebody judged a file already. */
  #isKnown(path: string): boolean {
    return this.isListed(path) || this.#found.has(path) || this.#ignored.has(path);
  }

  /** Reads directories and the known ones in them; returns the names that nobody has judged. */
  #readAll(
    first: readonly string[],
    covered: (path: string) => boolean,
    epoch: number,
  ): readonly Unknown[] {
    const unknown: Unknown[] = [];
    for (let level = first; level.length > 0;) {
      this.#look(level, epoch);
      const next: string[] = [];
      for (const path of level) {
        const directory = this.#directories.get(path)!;
        for (const child of directory.children) if (covered(child)) next.push(child);
        const left = directory.unjudged;
        // Artifacts mostly lie beside inputs: asking about them would start git after each command, for 3 to 5 ms.
        directory.unjudged = left.filter((name) => !isRulesFile(name.path) && !covered(name.path));
        if (directory.unjudged.length === left.length) continue;
        const kept = new Set(directory.unjudged);
        unknown.push(...left.filter((name) => !kept.has(name)));
      }
      level = next;
    }
    return unknown;
  }

  /** Reads those of the directories that are not what they were, unless that was done in this epoch. */
  #look(level: readonly string[], epoch: number): void {
    const paths = level.filter((path) => this.#directories.get(path)!.epoch !== epoch);
    const startedNs = BigInt(this.sys.clock.now()) * 1_000_000n;
    const rows = newStatRows(paths.length);
    // Where one cannot be asked, nothing is there that could be an input.
    this.lstat(this.root, paths.map((path) => path === "" ? "." : path), rows);
    for (const [at, path] of paths.entries()) {
      const directory = this.#directories.get(path)!;
      directory.epoch = epoch;
      const isSame = directory.row !== undefined && sameStat(directory.row, 0, rows, at);
      if (!isSame) this.#readOne(path, directory, rows, at, startedNs);
    }
  }

  #readOne(
    path: string,
    directory: Directory,
    rows: StatRows,
    at: number,
    startedNs: bigint,
  ): void {
    this.read += 1;
    directory.children = [];
    directory.ignored = [];
    directory.row = undefined;
    directory.names = "";
    this.#closed.delete(path);
    const unknown: Unknown[] = [];
    directory.unjudged = unknown;
    if (statKind(rows, at) !== "directory") return;
    const whole = path === "" ? this.root : `${this.root}/${path}`;
    const entries = unlessClosed(() => this.sys.files.list(whole) ?? []);
    if (entries === undefined) this.#close(path);
    directory.names = entries === undefined ? CLOSED : namesDigest(entries);
    directory.readNs = startedNs;
    for (const { name, kind } of entries ?? []) {
      const inside = path === "" ? name : `${path}/${name}`;
      if (path !== "" && name === ".git") this.holdsRepository = true;
      if (kind === "other" || isOwnFile(`${inside}/`)) continue;
      const isDirectory = kind === "directory";
      if (isDirectory && this.#directories.has(inside)) {
        directory.children.push(inside);
        continue;
      }
      const asked = isDirectory ? `${inside}/` : inside;
      if (isDirectory ? this.isModule(inside) : this.#found.has(inside) || this.isListed(inside)) {
        continue;
      }
      if (this.#ignored.has(asked)) directory.ignored.push(asked);
      else unknown.push({ path: inside, directory: isDirectory });
    }
    if (entries === undefined || !leftAlone(rows, at, startedNs)) return;
    directory.row = newStatRows(1);
    copyStat(rows, at, directory.row, 0);
  }

  #close(path: string): void {
    this.#closed.add(path);
    for (const found of this.#found) if (this.isClosed(found)) this.#found.delete(found);
  }

  /** Whether a path lies in a directory that may not be read, whose files git does not list. */
  isClosed(path: string): boolean {
    if (this.#closed.size === 0) return false;
    for (let at = path; at !== "";) {
      at = parentPath(at);
      if (this.#closed.has(at)) return true;
    }
    return false;
  }

  /** All directories on the way from the root, each parent before what is in it. */
  *known(): Generator<readonly [path: string, directory: ReadDirectory]> {
    for (let level = [""]; level.length > 0;) {
      const next: string[] = [];
      for (const path of level) {
        const directory = this.#directories.get(path)!;
        // As if it had not been read, where somebody still has to judge what is in it.
        const row = directory.unjudged.length > 0 ? undefined : directory.row;
        yield [path, { ...directory, row }];
        next.push(...directory.children);
      }
      level = next;
    }
  }

  /** All directories that are there, for who wants to see names come and go. */
  directories(): readonly KnownDirectory[] {
    const found: KnownDirectory[] = [];
    for (const [path, { names, readNs }] of this.known()) {
      if (names !== "") found.push({ path, names, readNs });
    }
    return found;
  }

  /** Whether it found files that nobody had listed. */
  get foundSome(): boolean {
    return this.#found.size > 0;
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

/** Whether something stands there that git would list as a file. */
function isPlain(rows: StatRows, row: number): boolean {
  const kind = statKind(rows, row);
  return kind === "file" || kind === "exec" || kind === "symlink";
}

/** Whether a path is that of a file with ignore rules. */
export function isRulesFile(path: string): boolean {
  return path === ".gitignore" || path.endsWith("/.gitignore");
}
