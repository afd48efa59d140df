import { parentPath } from "../base/paths.ts";
import { type BulkLstat, newStatRows, statKind } from "../sys/bulk_stat.ts";
import type { LookedAt } from "./tree.ts";

/** Whether directories on the way to files are directories: git takes what lies behind a symlink for deleted. */
export class RealParents {
  readonly #known = new Map<string, boolean>();
  /** The directory last found to be real. */
  #last = "";

  constructor(private readonly root: string, private readonly lstat: BulkLstat) {}

  /** What was found before may have changed. */
  forget(): void {
    this.#known.clear();
    this.#last = "";
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
      real &&= this.#known.get(directory) ?? this.#isDirectory(directory);
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

/** Directories on the way to files that count only where they really are. */
export function parentsOf({ states, named }: LookedAt): readonly string[] {
  const free = new Set(named);
  const parents = new Set<string>();
  for (let at = 0; at < states.length; at++) {
    if (free.has(at)) continue;
    for (let above = parentPath(states[at]!.path); above !== "" && !parents.has(above);) {
      parents.add(above);
      above = parentPath(above);
    }
  }
  return [...parents];
}
