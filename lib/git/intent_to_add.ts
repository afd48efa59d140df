import type { Sys } from "../sys/sys.ts";

/**
 * Lets `git status` and `git diff` show new files. The one call that writes to the index, so it takes git's lock as
 * a `git add` by hand would; whatever git answers, the files themselves are there.
 *
 * @param paths Relative to `root`.
 */
export async function intentToAdd(
  sys: Pick<Sys, "processes">,
  root: string,
  paths: readonly string[],
): Promise<void> {
  const argv = ["git", "add", "-N", "--", ...paths];
  await sys.processes.capture({ argv, cwd: root, env: { LC_ALL: "C" } });
}
