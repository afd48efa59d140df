import { decodeName } from "../base/bytes.ts";
import type { Files, Sys } from "../sys/sys.ts";
import { digestFile } from "./content.ts";
import { findRepository, Git } from "./git_call.ts";

/** Which files are what they were when a protected branch last had them. */
export interface ProtectedTree {
  /** Absolute path. Compares raw bytes: what git's index or its filters say does not count. */
  isUnchanged(file: string): boolean;
}

/**
 * The files below a directory as they are in the merge base of `HEAD` and a protected branch.
 *
 * @param directory Relative to `root`, with `/`.
 * @returns In one line why it cannot be told, such as for a clone that has no common history.
 */
export async function openProtectedTree(
  sys: Sys,
  root: string,
  ref: string,
  directory: string,
): Promise<ProtectedTree | string> {
  const repository = findRepository(sys, root);
  if (repository === undefined) return "there is no git repository";
  const git = new Git(sys, root, repository.env);
  const base = await git.ask(["merge-base", "--end-of-options", "HEAD", ref]);
  const commit = decodeName(base.stdout).trim();
  if (base.code !== 0 || commit === "") {
    return `git knows no common commit of HEAD and "${ref}"; a full clone has one`;
  }
  const listed = await git.ask([
    "ls-tree",
    "-r",
    "-z",
    "--end-of-options",
    commit,
    `${directory}/`,
  ]);
  if (listed.code !== 0) return `git cannot list the files of ${commit}`;
  const ids = new Map<string, string>();
  for (const line of decodeName(listed.stdout).split("\0")) {
    const [, id, path] = /^100[67][45][45] blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (id !== undefined) ids.set(path!, id);
  }
  return { isUnchanged: (file) => isBlob(sys.files, file, ids.get(file.slice(root.length + 1))) };
}

function isBlob(files: Files, file: string, id: string | undefined): boolean {
  const stat = id === undefined ? undefined : files.lstat(file);
  if (id === undefined || stat?.kind !== "file") return false;
  const algorithm = id.length === 64 ? "sha256" : "sha1";
  return digestFile(files, file, stat.size, algorithm) === `${algorithm}:${id}`;
}
