import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import type { Repository } from "./git_call.ts";

/** Nearly everything that git does to an index takes less; what takes longer is not waited for. */
const LONGEST_MS = 2000;
const POLL_MS = 20;

/**
 * Waits while git writes the index: in the middle of a checkout or a rebase, files are neither what they were nor what
 * they will be.
 *
 * @returns The lock that is still there after 2 s, left by a git that works on or by one that crashed; `undefined`
 * where nobody works.
 */
export async function waitForGit(
  { files, clock }: Pick<Sys, "files" | "clock">,
  { indexPath }: Repository,
): Promise<string | undefined> {
  const lock = `${indexPath}.lock`;
  const start = clock.monotonic();
  while (unlessClosed(() => files.lstat(lock)) !== undefined) {
    if (clock.monotonic() - start > LONGEST_MS) return lock;
    await new Promise<void>((resolve) => void clock.after(POLL_MS, resolve));
  }
  return undefined;
}
