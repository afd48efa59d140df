import { QikError } from "../base/problems.ts";
import { reasonOf } from "./blobs.ts";
import type { Manifest, PutOutcome, RestoreOutcome } from "./cache.ts";
import { BadArtifact } from "./gather.ts";
import { Damaged } from "./restore.ts";
import { Conflict, Refused } from "./restore_plan.ts";

/**
 * What was thrown while restoring, as an outcome: the caller then runs the command.
 *
 * @param discard Given the blob that is wrong, where one is.
 */
export async function outcomeOf(
  action: () => Promise<RestoreOutcome>,
  discard?: (file: string) => void,
): Promise<RestoreOutcome> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Damaged && error.file !== undefined) discard?.(error.file);
    const reason = error instanceof Conflict
      ? "conflict"
      : error instanceof Refused || error instanceof QikError
      ? "refused"
      : error instanceof Damaged
      ? "damaged"
      : "failed";
    const detail = reason === "failed" ? `Cannot restore: ${reasonOf(error)}` : reasonOf(error);
    return { ok: false, reason, detail };
  }
}

/** What was thrown while a restore was planned, as the line that `Hit.obstacle` answers. */
export async function obstacleOf(plan: () => unknown): Promise<string | undefined> {
  const outcome = await outcomeOf(async () => {
    await plan();
    return { ok: true, written: 0, removed: 0 };
  });
  return outcome.ok ? undefined : outcome.detail;
}

/**
 * What was thrown while storing, as an outcome: the command's result stands, whatever happens here.
 *
 * @param action Stores; given a list to which it adds the patterns that selected nothing.
 */
export function putOutcomeOf(action: (empty: string[]) => Manifest): PutOutcome {
  try {
    const empty: string[] = [];
    const manifest = action(empty);
    return { stored: true, manifest, ...(empty.length > 0 && { empty }) };
  } catch (error) {
    if (error instanceof BadArtifact || error instanceof QikError) {
      return { stored: false, reason: "bad-artifact", detail: error.message };
    }
    return { stored: false, reason: "unwritable", detail: reasonOf(error) };
  }
}
