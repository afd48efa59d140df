import { dirname } from "node:path";
import { type BulkLstat, bulkLstat } from "../sys/bulk_stat.ts";
import type { Files, Sys } from "../sys/sys.ts";
import { waitForGit } from "./busy.ts";
import { type Directories, openDirectories } from "./directories.ts";
import { findRepository, type Repository } from "./git_call.ts";
import { openGitSource } from "./git_source.ts";
import type { Source } from "./source.ts";
import type { Tree } from "./tree.ts";
import { openWalkSource } from "./walk_source.ts";
import { WorkTree } from "./work_tree.ts";

export interface OpenTreeOptions {
  readonly sys: Sys;
  /** Absolute path of the qik root: the top of a git working tree, a directory below it, or in no git at all. */
  readonly root: string;
  /** Absolute path of the directory that keeps what was learned about contents, in a file `files`. */
  readonly stateDir: string;
  /** False: files that are not in the index are invisible. Default true. */
  readonly untracked?: boolean;
  /** What configuration of git's and its index are read through, for somebody who wants to know; unset: `sys`. */
  readonly settings?: Files;
  /** Replaces the fast lstat of this runtime. */
  readonly lstat?: BulkLstat;
}

/**
 * Opens the picture of a working tree.
 *
 * Costs one reading of git's index (or a `git ls-files`, where something about it is unusual) and one `git ls-files`
 * for untracked files that runs beside what follows; without git, one walk.
 *
 * @throws {QikError} `git-failed` where a repository is there but git refuses it, or git is not installed.
 */
export function openTree(options: OpenTreeOptions): Promise<Tree> {
  return open(options, false);
}

/**
 * Opens the search for directories in which inputs may come to be.
 *
 * @returns Also where git keeps its index, whose changes may change what is tracked; unset without git.
 */
export function openWatched(
  options: OpenTreeOptions,
  inner = false,
): { readonly directories: Directories; readonly gitDirectory?: string } {
  const { sys, root } = options;
  const repository = findRepository(sys, root, inner);
  const source = sourceOf(sys, root, repository, options);
  const directories = openDirectories(
    sys,
    root,
    source,
    (innerRoot) => openWatched({ ...options, root: innerRoot }, true).directories,
  );
  return repository === undefined
    ? { directories }
    : { directories, gitDirectory: dirname(repository.indexPath) };
}

async function open(options: OpenTreeOptions, inner: boolean): Promise<Tree> {
  const { sys, root, untracked = true } = options;
  const told = options.settings === undefined ? sys : { ...sys, files: options.settings };
  const repository = findRepository(told, root, inner);
  const busy = repository === undefined || inner ? undefined : await waitForGit(told, repository);
  const source = sourceOf(repository === undefined ? sys : told, root, repository, options);
  const tree = new WorkTree({
    sys,
    root,
    stateDir: options.stateDir,
    untracked,
    busy,
    source,
    asked: told.files,
    lstat: options.lstat ?? bulkLstat,
    openInner: (innerRoot, stateDir) =>
      open({ ...options, root: innerRoot, stateDir, untracked: true }, true),
  });
  await tree.start();
  return tree;
}

function sourceOf(
  sys: Sys,
  root: string,
  repository: Repository | undefined,
  { lstat = bulkLstat, stateDir }: OpenTreeOptions,
): Source {
  return repository === undefined
    ? openWalkSource(sys, root)
    : openGitSource(sys, root, repository, lstat, stateDir);
}
