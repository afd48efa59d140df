import { oneLine } from "../base/one_line.ts";
import { formatDuration } from "../base/duration.ts";
import type { RunEnded, RunStopping, TaskEnded, TaskRetried } from "../events/events.ts";
import type { Style } from "./style.ts";
import { plural, shellWord, shorten } from "./text.ts";

/** A reason longer than this is cut: it is one line of many. */
const LONGEST_WHY = 100;
/** So many names of skipped tasks are listed. */
const MOST_NAMES = 10;
/** So many failed tasks are put into one command that repeats them. */
const MOST_REPEATED = 5;

/**
 * The line of a task that ended: its mark, its name, and what is worth knowing about that ending.
 *
 * @param why Of `task-started`: why it was not a hit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { endedLine } from "./lines.ts";
 * import { createStyle } from "./style.ts";
 * const style = createStyle({ colour: false, emoji: true });
 * const ended = { type: "task-ended", task: "lint", ending: "failed", atMs: 9, tookMs: 1200, code: 3, cached: false } as const;
 * assert.equal(endedLine(ended, "first run", style), "💔 lint: exit code 3, 1.2s (first run)");
 * ```
 */
export function endedLine(ended: TaskEnded, why: string | undefined, style: Style): string {
  const facts = [endingFact(ended)];
  if (ended.ending === "ran" || ended.ending === "failed" && !ended.cached) {
    facts.push(formatDuration(ended.tookMs));
  }
  if (ended.flaky) facts.push(style.paint("flaky", "yellow"));
  const said = facts.filter((fact) => fact !== "").join(", ");
  const name = oneLine(ended.task);
  const reason = why === undefined ? "" : " " + style.paint(`(${reasonText(why)})`, "dim");
  return `${style.mark(ended.ending)} ${name}${said === "" ? "" : `: ${said}`}${reason}`;
}

/** A reason for a miss as one short line. */
export function reasonText(why: string): string {
  return shorten(oneLine(why), LONGEST_WHY);
}

function endingFact(ended: TaskEnded): string {
  switch (ended.ending) {
    case "hit":
    case "ran":
      return "";
    case "failed":
      return failureText(ended);
    case "skipped":
      return ended.because === undefined ? "not started" : `needs ${oneLine(ended.because)}`;
    case "cancelled":
      return ended.because === undefined ? "stopped" : `stopped, ${oneLine(ended.because)}`;
    default:
      ended.ending satisfies never;
      return "";
  }
}

/** How a task failed: the reason where one is known, else its signal or code. */
export function failureText(
  ended: Pick<TaskEnded, "because" | "signal" | "code"> & { readonly cached?: boolean },
): string {
  const how = ended.because !== undefined
    ? oneLine(ended.because)
    : ended.signal !== undefined
    ? `killed by ${oneLine(ended.signal)}`
    : `exit code ${ended.code ?? "unknown"}`;
  return ended.cached ? `${how}, cached` : how;
}

/** A try failed, and what comes now is the next one. */
export function retriedLine(retried: TaskRetried, style: Style): string {
  const { task, attempt } = retried;
  const next = style.paint(`try ${attempt + 1}`, "yellow");
  return `${style.mark("running")} ${oneLine(task)}: ${failureText(retried)}, ${next}`;
}

/** The line that a stop begins with. */
export function stoppingLine({ because }: RunStopping, style: Style): string {
  const text = because === "fail-fast"
    ? "no more tasks start, because one failed"
    : because === "change"
    ? "no more tasks start, because files changed"
    : because === "bug"
    ? "an error inside qik"
    : `${because}, waiting for running tasks to end; Ctrl-C again kills them`;
  return `${style.paint("Stopping:", "bold", "yellow")} ${text}`;
}

/**
 * The end line: how many tasks there were and how they ended, how long it took, what the cache saved.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { endLine } from "./lines.ts";
 * import { createStyle } from "./style.ts";
 * const counts = { hit: 9, ran: 3, failed: 0, skipped: 0, cancelled: 0 };
 * const ended = { type: "run-ended", exit: 0, counts, tookMs: 1200, savedMs: 40_000 } as const;
 * const style = createStyle({ colour: false, emoji: true });
 * assert.equal(endLine(ended, 0, style), "✅ 12 tasks: 3 ran, 9 cached in 1.2s (saved 40.0s)");
 * ```
 */
export function endLine(ended: RunEnded, flaky: number, style: Style): string {
  const { hit, ran, failed, skipped, cancelled } = ended.counts;
  const all = hit + ran + failed + skipped + cancelled;
  const parts = [
    part(ran, "ran", style),
    part(hit, "cached", style, "cyan"),
    part(failed, "failed", style, "red"),
    part(skipped, "skipped", style, "yellow"),
    part(cancelled, "stopped", style, "yellow"),
    part(flaky, "flaky", style, "yellow"),
  ].filter((text) => text !== "");
  const saved = ended.savedMs >= 1 ? ` (saved ${formatDuration(ended.savedMs)})` : "";
  const good = ended.exit === 0 && failed === 0;
  const stopped = cancelled > 0 || ended.interrupted !== undefined;
  const mark = style.mark(
    failed === 0 && stopped && (good || ended.interrupted) ? "cancelled" : good ? "ran" : "failed",
  );
  const cause = ended.interrupted === undefined ? "" : `Stopped by ${ended.interrupted}: `;
  const said = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  return `${mark} ${cause}${style.paint(plural(all, "task"), "bold")}${said} in ` +
    `${formatDuration(ended.tookMs)}${saved}`;
}

function part(
  count: number,
  word: string,
  style: Style,
  look: "red" | "cyan" | "yellow" | "green" = "green",
) {
  return count === 0 ? "" : style.paint(`${count} ${word}`, look);
}

/** The skipped tasks with what they waited for, one line each. */
export function skippedLines(skipped: readonly TaskEnded[], style: Style): string[] {
  const named = skipped.slice(0, MOST_NAMES).map((ended) => endedLine(ended, undefined, style));
  const more = skipped.length - named.length;
  return more === 0 ? named : [...named, `${style.mark("skipped")} ${more} more skipped`];
}

/** The failed tasks with how they failed and where the log stands. */
export function failureLines(failed: readonly TaskEnded[], style: Style): string[] {
  return failed.map((ended) => {
    const log = ended.log === undefined ? "" : style.paint(` (log: ${oneLine(ended.log)})`, "dim");
    return `${style.mark("failed")} ${oneLine(ended.task)}: ${failureText(ended)}${log}`;
  });
}

/** How to run the failed tasks of a larger run again. */
export function againLine(failed: readonly TaskEnded[], style: Style): string {
  if (failed.length > MOST_REPEATED) {
    return "Run again: the same command; what passed comes from the cache";
  }
  const names = failed.map(({ task }) => shellWord(oneLine(task)));
  return `Run again: ${style.paint(`qik ${names.join(" ")}`, "bold")}`;
}
