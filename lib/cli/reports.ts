import { normalize } from "node:path";
import { encodeName } from "../base/bytes.ts";
import { QikError } from "../base/problems.ts";
import type { Reporter } from "../events/events.ts";
import type { ReadLog, ReportTerminal, Sink, Verbosity } from "../report/ports.ts";
import type { Style } from "../report/style.ts";
import { errorCode, type Files, type Sys, type Terminal } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";
import { absolutePath } from "./paths.ts";

const KINDS = ["json", "github", "junit"] as const;
type Kind = typeof KINDS[number];

/** One `--report`, or `--trace`; without a file it goes to standard output. */
export interface WantedReport {
  readonly kind: Kind | "trace";
  readonly file?: string;
}

/** Reports for machines, and what they leave for people. */
export interface Reports {
  readonly reporters: readonly Reporter[];
  /** `stdout`: a report takes standard output, people read standard error. `people`: a report is for people, too. */
  readonly takes: "nothing" | "stdout" | "people";
  /** A line for each report that was not written whole. */
  lost(): readonly string[];
}

/**
 * Reads the values of `--report` and `--trace`.
 *
 * @throws {QikError} `usage` for an unknown kind, and where two reports would go to the same place.
 */
export function wantedReports({ report, trace }: Invocation): readonly WantedReport[] {
  const wanted: WantedReport[] = report.map((text) => {
    const [name, file] = /^([^=]*)(?:=(.*))?$/s.exec(text)!.slice(1);
    const kind = KINDS.find((known) => known === name);
    if (kind === undefined || file === "") throw badReport(text);
    return file === undefined ? { kind } : { kind, file };
  });
  if (trace !== undefined) wanted.push({ kind: "trace", file: trace });
  const places = new Set<string | undefined>();
  for (const { file } of wanted) {
    // `a` and `./a` are one file.
    const place = file === undefined ? undefined : normalize(file);
    if (places.has(place)) {
      const where = file === undefined ? "standard output" : `"${file}"`;
      const message = `Cannot write two reports to ${where}`;
      throw new QikError({ code: "usage", message, hint: "Write --report KIND=FILE" });
    }
    places.add(place);
  }
  return wanted;
}

function badReport(text: string): QikError {
  return new QikError({
    code: "usage",
    message: `Cannot understand the report "${text}"`,
    hint: `Write --report ${
      KINDS.join(", ").replace(/, (\w+)$/, " or $1")
    }, or with =FILE behind it`,
  });
}

/** What the reporters are given. */
export interface ReportParts {
  readonly style: Style;
  readonly verbosity: Verbosity;
  readonly readLog: ReadLog;
  readonly token: () => string;
}

/**
 * Opens all reports before anything runs.
 *
 * @throws {QikError} `report-unwritable` where a file cannot be opened.
 */
export async function openReports(
  sys: Sys,
  wanted: readonly WantedReport[],
  parts: ReportParts,
): Promise<Reports> {
  const opened = new Map<string, FileSink>();
  const sinkOf = (file: string | undefined): Sink => {
    if (file === undefined) return terminalSink(sys.terminal);
    const sink = FileSink.open(sys.files, absolutePath(file, sys.machine.cwd), file);
    opened.set(file, sink);
    return sink;
  };
  const reporters: Reporter[] = [];
  for (const { kind, file } of wanted) {
    reporters.push(await openOne(sys, kind, sinkOf(file), parts));
  }
  const direct = wanted.find(({ file }) => file === undefined)?.kind;
  return {
    reporters,
    takes: direct === undefined ? "nothing" : direct === "github" ? "people" : "stdout",
    lost: () => [...opened.values()].flatMap(({ lost }) => lost ?? []),
  };
}

async function openOne(
  sys: Sys,
  kind: WantedReport["kind"],
  sink: Sink,
  { readLog, style, verbosity, token }: ReportParts,
): Promise<Reporter> {
  switch (kind) {
    case "json":
      return (await import("../report/json.ts")).jsonReporter(sink);
    case "junit":
      return (await import("../report/junit.ts")).junitReporter(sink, readLog);
    case "trace":
      return (await import("../report/trace.ts")).traceReporter(sink);
    case "github": {
      const { GithubReporter } = await import("../report/github.ts");
      const summary = summarySink(sys);
      const all = { sink, style, verbosity, readLog, token: token() };
      return new GithubReporter(summary === undefined ? all : { ...all, summary });
    }
  }
}

/** People's report on standard error, because standard output has another reader. */
export function onStandardError(terminal: Terminal): ReportTerminal {
  return {
    isTerminal: () => terminal.isTerminal("err"),
    size: () => terminal.size(),
    write: (_, bytes) => terminal.write("err", bytes),
    onResize: (listener) => terminal.onResize(listener),
  };
}

function terminalSink(terminal: Terminal): Sink {
  return { write: (text) => terminal.write("out", bytesOf(text)), close: () => {} };
}

/** GitHub's file is appended to: earlier steps of the job may have written there. */
function summarySink({ files, env }: Sys): Sink | undefined {
  const path = env["GITHUB_STEP_SUMMARY"];
  if (path === undefined || path === "") return undefined;
  return {
    write(text) {
      try {
        files.append(path, bytesOf(text));
      } catch {
        // The page of the job lacks a summary; its log has everything.
      }
    },
    close: () => {},
  };
}

/** A report in a file, which is replaced. */
class FileSink implements Sink {
  #lost: string | undefined;

  private constructor(
    readonly writer: ReturnType<Files["openWriter"]>,
    readonly name: string,
  ) {}

  static open(files: Files, path: string, name: string): FileSink {
    try {
      const parent = path.slice(0, path.lastIndexOf("/"));
      if (parent !== "") files.makeDirectory(parent);
      return new FileSink(files.openWriter(path), name);
    } catch (error) {
      const message = `Cannot write the report "${name}": ${errorCode(error) ?? error}`;
      throw new QikError({ code: "report-unwritable", message }, { cause: error });
    }
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  write(text: string | Uint8Array): void {
    this.#try(() => this.writer.write(bytesOf(text)));
  }

  close(): void {
    this.#try(() => this.writer.close());
  }

  #try(action: () => void): void {
    if (this.#lost !== undefined) return;
    try {
      action();
    } catch (error) {
      this.#lost = `Cannot write the report "${this.name}": ${errorCode(error) ?? error}`;
    }
  }
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? encodeName(text) : text;
}
