/**
 * The input files of a repository and what they contain, as every other room sees them.
 *
 * A tree is a picture of the working tree: tracked files as they are on disk, and untracked ones that git
 * does not ignore. It is taken once per run; after a command ran, `invalidate` makes it look again at what is
 * asked for next. How it learns all this (git's index, git processes, a walk) stays inside `lib/git`.
 */
export interface Tree {
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

  /** Writes what was learned about contents, for the next run. Never fails a run. */
  save(): void;
}

export interface SelectOptions {
  /** Pathspecs whose files are left out: a command's `ignore` and its own artifacts. */
  readonly exclude?: readonly string[];
  /** False: files that are not in the index are invisible (`[defaults] untracked`). */
  readonly untracked?: boolean;
}

export interface Selected {
  /** Sorted by code unit, without duplicates. Names that are not UTF-8 carry escaped bytes. */
  readonly paths: readonly string[];
  readonly specs: readonly string[];
  readonly options: SelectOptions;
  /** Positive pathspecs that matched nothing, for a warning. */
  readonly unmatched: readonly string[];
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
