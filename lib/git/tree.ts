import type { StatRows } from "../sys/bulk_stat.ts";
import type { Algorithm } from "./algorithm.ts";
import type { LinkedDirectory } from "./linked_directories.ts";

/**
 * The input files of a repository and what they contain, as every other room sees them.
 *
 * A tree is a picture of the working tree: tracked files as they are on disk, and untracked ones that git
 * does not ignore. It is taken once per run; after a command ran, `invalidate` makes it look again at what is
 * asked for next. How it learns all this (git's index, git processes, a walk) stays inside `lib/git`.
 */
export interface Tree {
  /** Absolute path of git's lock where git was still at work after 2 s: what is seen may be half of a change. */
  readonly busy?: string | undefined;

  /**
   * Files that a set of pathspecs selects, in code-unit order of their paths, as `git ls-files` would.
   *
   * @param specs Pathspecs relative to the root; a leading `!` subtracts.
   * @param options Patterns to leave out; these never make the answer "empty".
   * @throws {QikError} `glob-bad` for a pathspec that git would refuse, `git-failed`.
   */
  select(specs: readonly string[], options?: SelectOptions): Promise<Selected>;

  /**
   * State and content of files: one lstat for each (none for files already known to this picture), and one
   * reading of those whose content git's index cannot vouch for.
   *
   * @throws {QikError} `file-unreadable` where an input stands there but cannot be read.
   */
  states(selected: Selected): Promise<readonly FileState[]>;

  /**
   * Symlinks among the files below a directory (`""`: all) that lead to a directory of the tree. Beside the index only
   * those without a dot in their own name count, so that not every file there is asked what it is.
   *
   * @param next Pathspecs that will be selected next: their files are looked at while git lists what is beside the index.
   */
  linkedDirectories(
    below: string,
    next?: readonly string[],
  ): Promise<readonly LinkedDirectory[]>;

  /** Files of a selection that were looked at and are pointers of Git LFS instead of their content. */
  pointers(selected: Selected): readonly string[];

  /** Whether git's index holds the path; without git nothing is tracked. */
  isTracked(path: string): boolean;

  /**
   * Whether git tracks the path or would offer to: git does not ignore it. Looks afresh, at the cost of a git process
   * or two, so it is for rare questions.
   */
  isListed(path: string): Promise<boolean>;

  /** Something may have changed files: what is asked for next is looked at anew. */
  invalidate(): void;

  /**
   * Whether a selection and its states are still what they were: looks again at each file and at what the
   * pathspecs select now.
   *
   * @returns Paths that differ, at most 10; empty where nothing changed.
   */
  changedSince(selected: Selected, states: readonly FileState[]): Promise<readonly string[]>;

  /**
   * Whether an answer is the one that the tree would give now, as far as it has looked: files are looked at again only
   * where names came or went since.
   */
  holds(selected: Selected, states: readonly FileState[]): Promise<boolean>;

  /**
   * All that the answers rest on, so that somebody who finds it unchanged need not ask the tree. Reads every directory
   * that may hold inputs.
   *
   * @returns `undefined` where it cannot be said in files alone: submodules, unusual repositories, changes under way.
   */
  evidence(): Promise<TreeEvidence | undefined>;

  /** Writes what was learned about contents and names, for the next run. Never fails a run. */
  save(): Promise<void>;
}

/** What a tree has looked at. Paths are relative to the root where nothing else is said. */
export interface TreeEvidence {
  readonly algorithm: Algorithm;
  readonly files: LookedAt;
  /** Directories in which a new name could be an input, and digests of the names in them. */
  readonly directories: readonly KnownDirectory[];
  /** Directories on the way to files, which must stay real directories. */
  readonly parents: readonly string[];
  /** Files with ignore rules in the tree. */
  readonly rules: readonly string[];
  /** Files with ignore rules elsewhere; absolute. */
  readonly ignoredBy: readonly string[];
}

/** Files that were looked at, a row for each; `unsettled` and `named` are numbers of rows. */
export interface LookedAt {
  readonly states: readonly FileState[];
  readonly rows: StatRows;
  /** An equal stat does not prove equal content: their digests must be compared. */
  readonly unsettled: readonly number[];
  /** Count wherever they are, also behind a symlink. */
  readonly named: readonly number[];
}

/** A directory in which a new name could be a new input. */
export interface KnownDirectory {
  /** Relative to the root; `""` for the root itself. */
  readonly path: string;
  /** Digest of the names and kinds in it. */
  readonly names: string;
  readonly readNs: bigint;
}

export interface SelectOptions {
  /** Pathspecs whose files are left out: a command's `ignore` and its own artifacts. */
  readonly exclude?: readonly string[];
  /** False: files that are not in the index are invisible (`[defaults] untracked`). */
  readonly untracked?: boolean;
  /** True: what selected links lead to is selected, too: a file wherever it is, a directory of the tree. */
  readonly behindLinks?: boolean;
}

export interface Selected {
  /** Sorted by code unit, without duplicates. Names that are not UTF-8 carry escaped bytes. */
  readonly paths: readonly string[];
  readonly specs: readonly string[];
  readonly options: SelectOptions;
  /** Positive pathspecs that matched nothing, for a warning. */
  readonly unmatched: readonly string[];
  /** Pathspecs of what links led to, where they were followed. */
  readonly behind?: readonly string[];
}

/**
 * What one input file is: the text that enters the key.
 *
 * `kind`: `file`, `exec` (owner may execute), `link` (symlink: digest of the target text), `module` (submodule:
 * digest of its checked-out commit and its dirt), `absent` (tracked but deleted, or not a readable kind).
 */
export interface FileState {
  readonly path: string;
  readonly kind: "file" | "exec" | "link" | "module" | "absent";
  /** Digest of the raw working bytes (`<algorithm>:<hex>`), `""` for `absent`. Equal bytes, equal digest. */
  readonly digest: string;
}
