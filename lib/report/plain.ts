import { oneLine } from "../base/one_line.ts";
import type { QikEvent, Reporter, RunEnded, TaskEnded } from "../events/events.ts";
import { filterRules } from "./filter.ts";
import { GroupedOutput } from "./grouped.ts";
import {
  againLine,
  endedLine,
  endLine,
  failureLines,
  retriedLine,
  skippedLines,
  stoppingLine,
} from "./lines.ts";
import type { ReadLog, ReportClock, ReportTerminal, Stream, Verbosity } from "./ports.ts";
import { Printer } from "./printer.ts";
import { createWarnings, type Warnings } from "./problems.ts";
import { showOutput, showStatus } from "./show_output.ts";
import type { Style } from "./style.ts";

/** What every reporter for people is made of. */
export interface ReporterParts {
  readonly terminal: ReportTerminal;
  readonly clock: ReportClock;
  /** For standard output, and for standard error: they may go to different places. */
  readonly styles: Readonly<Record<Stream, Style>>;
  readonly verbosity: Verbosity;
  readonly readLog: ReadLog;
  /** A CI system reads the output. */
  readonly ci: boolean;
  /** Replayed output is shown as it is, whatever it holds. */
  readonly raw: boolean;
}

/** What has ended, for the text that ends a run; holds no output. */
export class Endings {
  readonly failed: TaskEnded[] = [];
  readonly skipped: TaskEnded[] = [];
  flaky = 0;

  add(ended: TaskEnded): void {
    if (ended.ending === "failed") this.failed.push(ended);
    if (ended.ending === "skipped") this.skipped.push(ended);
    if (ended.flaky) this.flaky += 1;
  }
}

/**
 * Lines for pipes, files and CI: one per ended task, its output whole beneath it, nothing between; failing
 * output last, then what failed and the end line. Moves no cursor.
 *
 * Everything goes to standard output, except warnings; a quiet run (`-v 0`) tells only errors and
 * leaves standard output empty.
 */
export class PlainReporter implements Reporter {
  readonly #printer: Printer;
  readonly #stream: Stream;
  readonly #style: Style;
  readonly #warnings: Warnings;
  readonly #grouped: GroupedOutput;
  readonly #endings = new Endings();
  readonly #whys = new Map<string, string>();

  constructor(readonly parts: ReporterParts, readonly mode: "plain" | "live" = "plain") {
    const { terminal, clock, styles, verbosity, readLog, ci, raw } = parts;
    this.#printer = new Printer(terminal, clock);
    this.#stream = verbosity === 0 ? "err" : "out";
    this.#style = styles[this.#stream];
    this.#warnings = createWarnings(verbosity, styles.err);
    const screen = { terminal: terminal.isTerminal(this.#stream), colour: this.#style.colour };
    this.#grouped = new GroupedOutput(
      readLog,
      (replayed) => filterRules({ ...screen, ci, raw, replayed, later: true }),
    );
  }

  on(event: QikEvent): void {
    switch (event.type) {
      case "run-started":
        return;
      case "task-started":
        if (event.why !== undefined) this.#whys.set(event.task, event.why);
        return;
      case "task-output":
        return this.#grouped.add(event);
      case "task-retried":
        if (this.mode === "plain" && this.parts.verbosity > 0) {
          this.#printer.line(this.#stream, retriedLine(event, this.#style));
        }
        return;
      case "task-ended":
        return this.#taskEnded(event);
      case "problem":
        return this.#printer.text("err", this.#warnings.add(event));
      case "run-paused":
        return this.#printer.flush();
      case "run-resumed":
        return;
      case "run-stopping":
        if (this.parts.verbosity > 0) {
          this.#printer.line("err", stoppingLine(event, this.parts.styles.err));
        }
        return;
      case "run-ended":
        return this.#runEnded(event);
      default:
        event satisfies never;
    }
  }

  close(): void {
    this.#printer.flush();
  }

  #taskEnded(ended: TaskEnded): void {
    const { verbosity } = this.parts;
    this.#endings.add(ended);
    const shown = showOutput(this.mode, verbosity, ended.ending);
    if (showStatus(this.mode, verbosity, ended.ending, ended.flaky ?? false)) {
      const why = this.#whys.get(ended.task);
      this.#printer.line(this.#stream, endedLine(ended, why, this.#style));
    }
    this.#whys.delete(ended.task);
    if (shown === "now") this.#showOutput(ended);
    else if (shown === "last") this.#grouped.keep(ended);
    else this.#grouped.drop(ended.task);
  }

  #showOutput(ended: TaskEnded): void {
    this.#grouped.write(ended, (bytes) => this.#printer.bytes(this.#stream, bytes));
  }

  #runEnded(ended: RunEnded): void {
    const { verbosity } = this.parts;
    const { failed, skipped, flaky } = this.#endings;
    const line = (text: string) => this.#printer.line(this.#stream, text);
    for (const task of failed) {
      if (!this.#grouped.has(task.task)) continue;
      line(this.#style.paint(`--- ${oneLine(task.task)} ---`, "bold", "red"));
      this.#showOutput(task);
    }
    // On the live view they were only counted; elsewhere each has had its line.
    if (!showStatus(this.mode, verbosity, "skipped", false) && verbosity > 0) {
      skippedLines(skipped, this.#style).forEach(line);
    }
    failureLines(failed, this.#style).forEach(line);
    this.#printer.text("err", this.#warnings.rest());
    if (verbosity > 0) {
      if (failed.length > 0) line(againLine(failed, this.#style));
      line(endLine(ended, flaky, this.#style));
    }
    this.#printer.flush();
  }
}
