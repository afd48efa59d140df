import type { Sys } from "../sys/sys.ts";
import { Git } from "./git_call.ts";

/**
 * A file as a commit has it.
 *
 * @param path Relative to `root`, which may be a directory inside of the repository.
 * @returns `unknown` where there is no such commit or no git, `undefined` where the commit has no such file.
 */
export async function showFile(
  sys: Sys,
  root: string,
  ref: string,
  path: string,
): Promise<Uint8Array | undefined | "unknown"> {
  const git = new Git(sys, root, { GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" });
  const commit = await git.ask([
    "rev-parse",
    "-q",
    "--verify",
    "--end-of-options",
    `${ref}^{commit}`,
  ]);
  if (commit.code !== 0) return "unknown";
  const id = new TextDecoder().decode(commit.stdout).trim();
  const file = await git.ask(["cat-file", "blob", `${id}:./${path}`]);
  return file.code === 0 ? file.stdout : undefined;
}
