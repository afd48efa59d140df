import { type BulkLstat, copyStat, newStatRows, sameStat } from "../sys/bulk_stat.ts";
import { isRulesFile } from "./rescan.ts";

/** The files with ignore rules in a tree that are known, and how each was when it was looked at last. */
export class WatchedRules {
  readonly #known = new Set<string>();
  /** The same, a row for each. */
  readonly paths: string[] = [];
  #rows = newStatRows(0);

  constructor(private readonly root: string, private readonly lstat: BulkLstat) {}

  /** Remembers how those of the files that have rules are now; true where one of them is new. */
  watch(paths: readonly string[]): boolean {
    const count = this.paths.length;
    for (const path of paths) {
      if (!isRulesFile(path) || this.#known.has(path)) continue;
      this.#known.add(path);
      this.paths.push(path);
    }
    if (this.paths.length === count) return false;
    const fresh = this.paths.slice(count);
    const now = newStatRows(fresh.length);
    this.lstat(this.root, fresh, now);
    const rows = newStatRows(this.paths.length);
    rows.words.set(this.#rows.words);
    rows.words.set(now.words, this.#rows.words.length);
    this.#rows = rows;
    return true;
  }

  /** Whether a file changed since the last look that has a say about names with these starts. */
  changed(starts: readonly string[]): boolean {
    const asked: string[] = [];
    const rowOf: number[] = [];
    for (const [row, path] of this.paths.entries()) {
      const directory = path.slice(0, -".gitignore".length);
      if (!starts.some((start) => start.startsWith(directory) || directory.startsWith(start))) {
        continue;
      }
      asked.push(path);
      rowOf.push(row);
    }
    const now = newStatRows(asked.length);
    this.lstat(this.root, asked, now);
    let changed = false;
    for (const [at, row] of rowOf.entries()) {
      if (sameStat(this.#rows, row, now, at)) continue;
      copyStat(now, at, this.#rows, row);
      changed = true;
    }
    return changed;
  }
}
