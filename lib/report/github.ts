import { oneLine } from "../base/one_line.ts";
import type { QikEvent, Reporter, RunEnded, RunStarted, TaskEnded } from "../events/events.ts";
import { PROBLEMS } from "../base/problems.ts";
import { type Annotation, findAnnotations } from "./annotations.ts";
import { GroupedOutput } from "./grouped.ts";
import { JobSummary } from "./job_summary.ts";
import {
  againLine,
  endedLine,
  endLine,
  failureLines,
  failureText,
  retriedLine,
  stoppingLine,
} from "./lines.ts";
import { Endings } from "./plain.ts";
import type { ReadLog, Sink, Verbosity } from "./ports.ts";
import type { Style } from "./style.ts";
import { plural } from "./text.ts";

/** GitHub shows 10 of a kind for each step; somewhat more are of use in the raw log. */
const MOST_ANNOTATIONS = 50;

export interface GithubParts {
  readonly sink: Sink;
  readonly style: Style;
  readonly verbosity: Verbosity;
  readonly readLog: ReadLog;
  /** A word that no command can know: it ends the part of the log in which GitHub obeys nothing. */
  readonly token: string;
  /** Where the job's summary is appended, as Markdown; unset outside of a job. */
  readonly summary?: Sink;
}

/**
 * The log of a GitHub job: one line per ended task, the output of each in a group of its own, failing output last and
 * unfolded, annotations at the lines of files that tools complained about, and a summary of the job.
 *
 * What commands print stands between `::stop-commands::` and its token, so that neither a command nor a replayed
 * log can give GitHub orders.
 */
export class GithubReporter implements Reporter {
  readonly #grouped: GroupedOutput;
  readonly #endings = new Endings();
  readonly #whys = new Map<string, string>();
  readonly #dirs = new Map<string, string>();
  readonly #summary: JobSummary;
  #root = "";
  #annotations = 0;

  constructor(readonly parts: GithubParts) {
    this.#grouped = new GroupedOutput(parts.readLog, () => undefined);
    this.#summary = new JobSummary(parts.style);
  }

  on(event: QikEvent): void {
    const { style } = this.parts;
    switch (event.type) {
      case "run-started":
        return this.#runStarted(event);
      case "task-started":
        if (event.why !== undefined) this.#whys.set(event.task, event.why);
        return;
      case "task-output":
        return this.#grouped.add(event);
      case "task-retried":
        return this.#line(retriedLine(event, style));
      case "task-ended":
        return this.#taskEnded(event);
      case "problem":
        return this.#problem(event);
      case "run-stopping":
        return this.#line(stoppingLine(event, style));
      case "run-paused":
      case "run-resumed":
        return;
      case "run-ended":
        return this.#runEnded(event);
      default:
        event satisfies never;
    }
  }

  close(): void {
    this.parts.sink.close();
    this.parts.summary?.close();
  }

  #line(text: string): void {
    this.parts.sink.write(`${text}\n`);
  }

  #runStarted({ root, tasks }: RunStarted): void {
    this.#root = root;
    for (const { task, dir } of tasks) if (dir !== undefined) this.#dirs.set(task, dir);
  }

  #taskEnded(ended: TaskEnded): void {
    const { style, verbosity } = this.parts;
    this.#endings.add(ended);
    const line = endedLine(ended, this.#whys.get(ended.task), style);
    this.#whys.delete(ended.task);
    this.#summary.add(ended);
    if (ended.ending === "failed") {
      this.#grouped.keep(ended);
      return this.#line(line);
    }
    const shown = this.#grouped.has(ended.task) && verbosity > 0 &&
      (ended.ending === "ran" || verbosity === 2);
    if (!shown) {
      this.#grouped.drop(ended.task);
      return this.#line(line);
    }
    this.#line(`::group::${line}`);
    this.#output(ended, () => {});
    this.#line("::endgroup::");
  }

  /** What a command printed; GitHub obeys nothing in it. */
  #output(ended: TaskEnded, onBytes: (bytes: Uint8Array) => void): void {
    const { sink, token } = this.parts;
    this.#line(`::stop-commands::${token}`);
    this.#grouped.write(ended, (bytes) => {
      sink.write(bytes);
      onBytes(bytes);
    });
    this.#line(`::${token}::`);
  }

  #failure(ended: TaskEnded): void {
    const found: Annotation[] = [];
    const dir = this.#dirs.get(ended.task) ?? "";
    const finder = findAnnotations({ root: this.#root, dir }, (one) => {
      if (found.length < MOST_ANNOTATIONS) found.push(one);
    });
    if (this.#grouped.has(ended.task)) {
      this.#line(this.parts.style.paint(`--- ${oneLine(ended.task)} ---`, "bold", "red"));
      const tail = this.#summary.outputOf(ended);
      this.#output(ended, (bytes) => {
        finder.push(bytes);
        tail.push(bytes);
      });
    }
    finder.end();
    if (found.length === 0) {
      return this.#annotate("error", { title: ended.task }, failureText(ended));
    }
    for (const { level, path, line, column, rule, message } of found) {
      const title = rule === undefined ? ended.task : `${ended.task}: ${rule}`;
      const place = { file: path, line: `${line}`, ...(column && { col: `${column}` }) };
      this.#annotate(level, { ...place, title }, message);
    }
  }

  #problem({ code, message, hint, place }: Extract<QikEvent, { type: "problem" }>): void {
    const level = PROBLEMS[code].exit === 0 ? "warning" : "error";
    const at = place === undefined ? {} : {
      file: place.file,
      ...(place.line !== undefined && { line: `${place.line}` }),
      ...(place.column !== undefined && { col: `${place.column}` }),
    };
    const said = hint === undefined ? message : `${message}\n${hint}`;
    this.#annotate(level, { ...at, title: code }, said);
  }

  #annotate(level: string, properties: Readonly<Record<string, string>>, message: string): void {
    this.#annotations += 1;
    if (this.#annotations > MOST_ANNOTATIONS) return;
    const pairs = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`);
    this.#line(`::${level} ${pairs.join(",")}::${oneCommand(message)}`);
  }

  #runEnded(ended: RunEnded): void {
    const { style, summary } = this.parts;
    const { failed, flaky } = this.#endings;
    failed.forEach((task) => this.#failure(task));
    const hidden = this.#annotations - MOST_ANNOTATIONS;
    if (hidden > 0) this.#line(`${plural(hidden, "more annotation")} left out`);
    failureLines(failed, style).forEach((line) => this.#line(line));
    if (failed.length > 0) this.#line(againLine(failed, style));
    this.#line(endLine(ended, flaky, style));
    summary?.write(this.#summary.text(ended, this.#endings));
  }
}

/** GitHub reads commands line by line. */
function oneCommand(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return oneCommand(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
