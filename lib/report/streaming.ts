import { oneLine } from "../base/one_line.ts";
import type { QikEvent, Reporter, RunEnded, TaskEnded, TaskOutput } from "../events/events.ts";
import { filterRules, type OutputFilter, outputFilter } from "./filter.ts";
import {
  againLine,
  endedLine,
  endLine,
  failureLines,
  reasonText,
  retriedLine,
  stoppingLine,
} from "./lines.ts";
import { Endings, type ReporterParts } from "./plain.ts";
import type { Stream } from "./ports.ts";
import { Printer } from "./printer.ts";
import { createWarnings, type Warnings } from "./problems.ts";

/**
 * For one task, or one at a time: the commands' output goes through as it comes, byte for byte, each stream to
 * its own; qik's own lines go to standard error, so that `qik one | wc` counts what the command printed.
 */
export class StreamingReporter implements Reporter {
  readonly #printer: Printer;
  readonly #warnings: Warnings;
  readonly #endings = new Endings();
  /** Filters of the task being replayed, one per stream; `undefined` where bytes pass as they are. */
  #filters = new Map<string, Map<Stream, OutputFilter | undefined>>();
  #several = false;
  /** The task under whose name output is shown now. */
  #shown: string | undefined;

  constructor(readonly parts: ReporterParts) {
    this.#printer = new Printer(parts.terminal, parts.clock);
    this.#warnings = createWarnings(parts.verbosity, parts.styles.err);
  }

  on(event: QikEvent): void {
    switch (event.type) {
      case "run-started":
        this.#several = event.tasks.length > 1;
        return;
      case "task-started":
        return this.#taskStarted(event.task, event.why);
      case "task-output":
        return this.#taskOutput(event);
      case "task-retried":
        return this.#line(retriedLine(event, this.parts.styles.err));
      case "task-ended":
        return this.#taskEnded(event);
      case "problem":
        this.#printer.text("err", this.#warnings.add(event));
        return this.#printer.flush();
      case "run-paused":
        return this.#printer.flush();
      case "run-resumed":
        return;
      case "run-stopping":
        this.#line(stoppingLine(event, this.parts.styles.err));
        return this.#printer.flush();
      case "run-ended":
        return this.#runEnded(event);
      default:
        event satisfies never;
    }
  }

  close(): void {
    this.#printer.flush();
  }

  #line(text: string): void {
    this.#printer.line("err", text);
  }

  /** One task that is never cached needs no introduction: its output says it all. */
  #taskStarted(task: string, why: string | undefined): void {
    const style = this.parts.styles.err;
    this.#shown = task;
    if (!this.#several && why === undefined) return;
    const reason = why === undefined ? "" : " " + style.paint(`(${reasonText(why)})`, "dim");
    this.#line(`${style.mark("running")} ${oneLine(task)}${reason}`);
    this.#printer.flush();
  }

  #taskOutput({ task, stream, bytes, replayed }: TaskOutput): void {
    if (this.#several && this.#shown !== task) {
      this.#line(`${this.parts.styles.err.mark(replayed ? "hit" : "running")} ${oneLine(task)}`);
    }
    this.#shown = task;
    const filter = replayed ? this.#filterOf(task, stream) : undefined;
    this.#printer.bytes(stream, filter ? filter.push(bytes) : bytes);
    // A live command's listener must not wait; a replay comes in one go, many pieces at once.
    if (!replayed) this.#printer.flush();
  }

  #filterOf(task: string, stream: Stream): OutputFilter | undefined {
    let filters = this.#filters.get(task);
    if (filters === undefined) this.#filters.set(task, filters = new Map());
    if (!filters.has(stream)) {
      const { terminal, styles, ci, raw } = this.parts;
      const rules = filterRules({
        terminal: terminal.isTerminal(stream),
        colour: styles[stream].colour,
        replayed: true,
        later: false,
        ci,
        raw,
      });
      filters.set(stream, rules && outputFilter(rules));
    }
    return filters.get(stream);
  }

  #taskEnded(ended: TaskEnded): void {
    this.#filters.get(ended.task)?.forEach((filter, stream) => {
      if (filter) this.#printer.bytes(stream, filter.end());
    });
    this.#filters.delete(ended.task);
    this.#endings.add(ended);
    // A hit whose output was shown has had its line, above it.
    const named = ended.ending === "hit" && this.#shown === ended.task;
    if (this.#several && !named) this.#line(endedLine(ended, undefined, this.parts.styles.err));
    this.#shown = undefined;
  }

  #runEnded(ended: RunEnded): void {
    const { failed, flaky } = this.#endings;
    const style = this.parts.styles.err;
    failureLines(failed, style).forEach((line) => this.#line(line));
    this.#printer.text("err", this.#warnings.rest());
    if (this.#several && failed.length > 0) this.#line(againLine(failed, style));
    this.#line(endLine(ended, flaky, style));
    this.#printer.flush();
  }
}
