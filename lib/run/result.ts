import { formatDuration } from "../base/duration.ts";
import { QikError } from "../base/problems.ts";
import type { Task } from "../plan/types.ts";
import type { ExecResult } from "./executor.ts";
import type { KeyedTask } from "./ports.ts";

/** What `timeout(1)` answers; a command that is stopped may end with any code, also 0. */
const TIMED_OUT = 124;

/** Why a hit of a task does not count that does not stand (`TaskSpec.stands`). */
export const NOT_THERE = "what it made is not there as it was";

/** The code that a run counts; the executor's is how the process ended. */
export function codeOf(result: ExecResult): number {
  return result.endedBy === "timeout" ? TIMED_OUT : result.code;
}

/** Why it ended so, where that was not the command's own doing. */
export function becauseOf({ command }: Task, result: ExecResult): string | undefined {
  if (result.startFailure !== undefined) return result.startFailure;
  if (result.endedBy !== "timeout") return undefined;
  return `timeout after ${formatDuration(command.timeoutMs ?? 0)}`;
}

/** What to say of programs that a command left behind with its output open; `undefined` where there were none. */
export function leftOpen(
  { name }: Task,
  { pipeLeftOpen, endedBy, leftRunning }: ExecResult,
): { readonly message: string; readonly hint?: string } | undefined {
  if (!pipeLeftOpen || endedBy !== undefined) return undefined;
  const what = `what "${name}" left running with its output open`;
  if (!leftRunning) return { message: `Stopped ${what}` };
  const hint = "A background process keeps the output open; it has left the command's group";
  return { message: `Stopped listening to ${what}`, hint };
}

/** Whether a result with this exit code is one that the command stores and replays. */
export function isWanted(task: Task, code: number): boolean {
  if (task.cacheWhen === "finished") return true;
  return (code === 0) === (task.cacheWhen === "success");
}

/** Whether running the command again could be expected to give the same. */
export function isOwnResult(result: ExecResult): boolean {
  return result.endedBy === undefined && result.signal === undefined &&
    result.startFailure === undefined && !result.logCut && result.logFailure === undefined &&
    !result.pipeLeftOpen;
}

/**
 * Whether the work itself can have changed nothing that is anybody's input: it is sealed code whose artifacts lie in
 * qik's own directory, and it found its inputs as they were.
 */
export function leftAlone({ artifacts }: Task, { changedInputs }: ExecResult): boolean {
  return changedInputs?.length === 0 && artifacts.every((path) => path.startsWith("._qik/"));
}

/** Paths of inputs that changed while the task ran. One that cannot be read any more has changed, too. */
export async function changedInputs(
  keyed: KeyedTask,
  { changedInputs: told }: ExecResult,
): Promise<readonly string[]> {
  try {
    if (told !== undefined && told.length > 0) return told;
    // What sealed code was told of its inputs is what the key was made of, unless somebody looked again meanwhile.
    if (told !== undefined && await keyed.holds()) return [];
    return await keyed.changedInputs();
  } catch (error) {
    if (!(error instanceof QikError)) throw error;
    return error.problems.map(({ place, message }) => place?.file ?? message);
  }
}
