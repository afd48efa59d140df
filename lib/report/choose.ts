import type { Reporter } from "../events/events.ts";
import type { ReporterParts } from "./plain.ts";
import type { ReadLog, ReportClock, ReportTerminal, Stream, Verbosity } from "./ports.ts";
import { chooseMode } from "./show_output.ts";
import { createStyle, type Env, runsInCi, type Style, wantsColour, wantsEmoji } from "./style.ts";

export interface ReporterOptions {
  readonly terminal: ReportTerminal;
  readonly clock: ReportClock;
  readonly env: Env;
  /** Tasks in the plan, hits included. */
  readonly taskCount: number;
  readonly workers: number;
  readonly verbosity: Verbosity;
  /** False for `--no-emoji`. */
  readonly emoji: boolean;
  readonly readLog: ReadLog;
  /** Replayed output is shown with all its escapes. */
  readonly raw?: boolean;
}

/**
 * Makes the reporter for people that fits the run and where it is shown. Loads only that one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chooseReporter } from "./choose.ts";
 * const written: string[] = [];
 * const reporter = await chooseReporter({
 *   terminal: {
 *     isTerminal: () => false,
 *     size: () => ({ columns: 80, rows: 24 }),
 *     write: (_, bytes) => written.push(new TextDecoder().decode(bytes)),
 *     onResize: () => () => {},
 *   },
 *   clock: { monotonic: () => 0, after: () => () => {}, every: () => () => {} },
 *   env: {},
 *   taskCount: 2,
 *   workers: 4,
 *   verbosity: 1,
 *   emoji: true,
 *   readLog: () => false,
 * });
 * reporter.on({ type: "task-ended", task: "lint", ending: "hit", atMs: 1, tookMs: 1, cached: true });
 * reporter.close?.();
 * assert.deepEqual(written, ["⏩ lint\n"]);
 * ```
 */
export async function chooseReporter(options: ReporterOptions): Promise<Reporter> {
  const { terminal, clock, env, taskCount, workers, verbosity, readLog } = options;
  const parts: ReporterParts = {
    terminal,
    clock,
    styles: { out: styleFor("out", options), err: styleFor("err", options) },
    verbosity,
    readLog,
    ci: runsInCi(env),
    raw: options.raw ?? false,
  };
  const outIsTerminal = terminal.isTerminal("out");
  switch (chooseMode({ tasks: taskCount, workers, verbosity, outIsTerminal, env })) {
    case "streaming":
      return new (await import("./streaming.ts")).StreamingReporter(parts);
    case "plain":
      return new (await import("./plain.ts")).PlainReporter(parts);
    case "live":
      return new (await import("./live.ts")).LiveReporter(parts);
  }
}

/** The style for a stream, also for what is printed without a run: errors of the configuration, `--ls`. */
export function styleFor(
  stream: Stream,
  { terminal, env, emoji }: Pick<ReporterOptions, "env" | "emoji"> & {
    readonly terminal: Pick<ReportTerminal, "isTerminal">;
  },
): Style {
  return createStyle({
    colour: wantsColour(terminal.isTerminal(stream), env),
    emoji: wantsEmoji(!emoji, env),
  });
}
