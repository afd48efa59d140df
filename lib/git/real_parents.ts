import { parentPath } from "../base/paths.ts";
import { type BulkLstat, newStatRows, statKind } from "../sys/bulk_stat.ts";
import type { LookedAt } from "./tree.ts";

/** So many files lie in so many directories that these are asked about at once. */
const MANY = 64;

/** Whether directories on the way to files are directories: git takes what lies behind a symlink for deleted. */
export class RealParents {
  readonly #known = new Map<string, boolean>();
  /** What stands at a path itself, as far as that was asked ahead. */
  readonly #directories = new Map<string, boolean>();
  /** The directory last found to be real. */
  #last = "";

  constructor(private readonly root: string, private readonly lstat: BulkLstat) {}

  /** What was found before may have changed. */
  forget(): void {
    this.#known.clear();
    this.#directories.clear();
    this.#last = "";
  }

  /**
   * Asks about all directories on the way to sorted files at once, which takes a fifth of the time.
   *
   * @returns Those that nobody had asked about.
   */
  lookAhead(paths: readonly string[]): readonly string[] {
    const asked: string[] = [];
    if (paths.length < MANY) return asked;
    let last = "";
    for (const path of paths) {
      const end = path.lastIndexOf("/");
      if (end === -1 || (last.length === end && path.startsWith(last))) continue;
      last = path.slice(0, end);
      for (let at = last; at !== "" && !this.#directories.has(at); at = parentPath(at)) {
        this.#directories.set(at, false);
        asked.push(at);
      }
    }
    const rows = newStatRows(asked.length);
    this.lstat(this.root, asked, rows);
    asked.forEach((path, at) => this.#directories.set(path, statKind(rows, at) === "directory"));
    return asked;
  }

  areReal(path: string): boolean {
    const end = path.lastIndexOf("/");
    if (end === -1) return true;
    // Neighbours in a sorted list mostly share their directory.
    if (this.#last.length === end && path.startsWith(this.#last)) return true;
    const parent = path.slice(0, end);
    const real = this.#known.get(parent) ?? this.#follow(path);
    if (real) this.#last = parent;
    return real;
  }

  #follow(path: string): boolean {
    let real = true;
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      const directory = path.slice(0, at);
      real &&= this.#known.get(directory) ?? this.#directories.get(directory) ??
        this.#isDirectory(directory);
      this.#known.set(directory, real);
    }
    return real;
  }

  #isDirectory(path: string): boolean {
    const rows = newStatRows(1);
    this.lstat(this.root, [path], rows);
    return statKind(rows, 0) === "directory";
  }
}

/** Whether a path lies in a directory itself, and not in one further down. */
export function isIn(path: string, directory: string): boolean {
  return path.lastIndexOf("/") === directory.length && path.startsWith(directory);
}

/** Directories on the way to files that count only where they really are. */
export function parentsOf({ states, named }: LookedAt): readonly string[] {
  const free = new Set(named);
  const parents = new Set<string>();
  let last = "";
  for (let at = 0; at < states.length; at++) {
    const { path } = states[at]!;
    // Neighbours mostly share their directory.
    if (free.has(at) || isIn(path, last)) continue;
    last = parentPath(path);
    for (let above = last; above !== "" && !parents.has(above);) {
      parents.add(above);
      above = parentPath(above);
    }
  }
  return [...parents];
}
