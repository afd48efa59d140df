import type { Ending } from "../events/events.ts";
import type { Verbosity } from "./ports.ts";
import { type Env, wantsLive } from "./style.ts";

/** `streaming`: output as it comes. `plain`: lines, grouped per task. `live`: a screen redrawn in place. */
export type Mode = "streaming" | "plain" | "live";

/** When the output of a task is shown: while it comes, when the task has ended, last of all, or not. */
export type Shown = "stream" | "now" | "last" | "never";

/**
 * Decides how a run is told.
 *
 * Quiet runs are never streamed: whether a task fails, and so whether its output is wanted, is known at its
 * end only.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chooseMode } from "./show_output.ts";
 * const usual = { tasks: 9, workers: 4, verbosity: 1, outIsTerminal: false, env: {} } as const;
 * assert.equal(chooseMode(usual), "plain");
 * assert.equal(chooseMode({ ...usual, outIsTerminal: true }), "live");
 * assert.equal(chooseMode({ ...usual, tasks: 1 }), "streaming");
 * ```
 */
export function chooseMode(
  { tasks, workers, verbosity, outIsTerminal, env }: {
    readonly tasks: number;
    readonly workers: number;
    readonly verbosity: Verbosity;
    readonly outIsTerminal: boolean;
    readonly env: Env;
  },
): Mode {
  if (verbosity === 0) return "plain";
  if (tasks === 1 || workers === 1) return "streaming";
  return wantsLive(outIsTerminal, env) ? "live" : "plain";
}

/**
 * Decides when the output of a task is shown: each output at most once, a failure's always.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { showOutput } from "./show_output.ts";
 * assert.equal(showOutput("plain", 1, "ran"), "never");
 * assert.equal(showOutput("plain", 1, "failed"), "last");
 * ```
 */
export function showOutput(mode: Mode, verbosity: Verbosity, ending: Ending): Shown {
  if (mode === "streaming" && verbosity > 0) return "stream";
  if (ending === "failed") return "last";
  if (ending === "skipped") return "never";
  return verbosity === 2 ? "now" : "never";
}

/** Whether a grouped task gets a line of its own when it ends; on the live view successes are in the counts. */
export function showStatus(
  mode: "plain" | "live",
  verbosity: Verbosity,
  ending: Ending,
  flaky: boolean,
): boolean {
  if (verbosity === 0) return false;
  if (mode === "plain" || verbosity === 2) return true;
  return ending === "failed" || flaky;
}
