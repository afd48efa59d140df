import type { Sys } from "../sys/sys.ts";

/** `|| true`: on a machine without qik our own side stays, which is right too: see the repo cache. */
const DRIVER = "qik :merge-driver %O %A %B %P || true";

/**
 * Tells this clone's git how files with `merge=qik` are merged, unless it has been told. Writes to the clone's own
 * configuration, which all its worktrees share; attributes alone cannot name a program.
 *
 * @returns Whether git knows the driver now.
 */
export async function registerMergeDriver(
  { processes }: Pick<Sys, "processes">,
  root: string,
): Promise<boolean> {
  const git = async (...args: readonly string[]) =>
    (await processes.capture({
      argv: ["git", "config", ...args],
      cwd: root,
      env: { LC_ALL: "C" },
    })).code === 0;
  if (await git("--get", "merge.qik.driver")) return true;
  // In this order: a driver with a name and without a program stops every merge.
  return await git("--local", "merge.qik.driver", DRIVER) &&
    await git("--local", "merge.qik.name", "cached results of qik");
}
