import type {
  QikEvent,
  Reporter,
  RunEnded,
  RunStarted,
  TaskEnded,
  TaskRetried,
} from "../events/events.ts";
import { GroupedOutput } from "./grouped.ts";
import { failureText } from "./lines.ts";
import type { ReadLog, Sink } from "./ports.ts";
import { TailText } from "./tail_text.ts";

/** Of each failing output so many bytes are reported: CI systems keep no more. */
const MOST_OUTPUT = 64 * 1024;

interface Ended {
  readonly task: TaskEnded;
  readonly retried: readonly TaskRetried[];
}

/**
 * JUnit XML, as CI systems read it: a suite for each command, a case for each task. Written when the run has ended.
 *
 * A failed task has a `failure` with the end of its output; a skipped or stopped one is `skipped`; tries that failed
 * before one that passed are a `flakyFailure`. Results from a cache are cases like all others, with the time
 * that they took now, and a property `cached`.
 */
export function junitReporter(sink: Sink, readLog: ReadLog): Reporter {
  const grouped = new GroupedOutput(readLog, () => undefined);
  const retried = new Map<string, TaskRetried[]>();
  const ended: Ended[] = [];
  let started: RunStarted | undefined;
  const on = (event: QikEvent): void => {
    switch (event.type) {
      case "run-started":
        started = event;
        return;
      case "task-output":
        return grouped.add(event);
      case "task-retried":
        retried.set(event.task, [...retried.get(event.task) ?? [], event]);
        return;
      case "task-ended":
        if (event.ending === "failed") grouped.keep(event);
        else grouped.drop(event.task);
        ended.push({ task: event, retried: retried.get(event.task) ?? [] });
        return;
      case "run-ended":
        return write(sink, grouped, started, ended, event);
      default:
        return;
    }
  };
  return { on, close: () => sink.close() };
}

function write(
  sink: Sink,
  grouped: GroupedOutput,
  started: RunStarted | undefined,
  ended: readonly Ended[],
  run: RunEnded,
): void {
  const commandOf = new Map(started?.tasks.map(({ task, command }) => [task, command]));
  const suites = new Map<string, Ended[]>();
  for (const one of ended) {
    const command = commandOf.get(one.task.task) ?? one.task.task;
    const suite = suites.get(command);
    if (suite) suite.push(one);
    else suites.set(command, [one]);
  }
  const at = new Date(started?.startedAt ?? 0).toISOString().slice(0, 19);
  sink.write('<?xml version="1.0" encoding="UTF-8"?>\n');
  sink.write(
    `<testsuites name="qik" ${counts(ended)} time="${seconds(run.tookMs)}">\n`,
  );
  for (const [command, cases] of suites) {
    const time = cases.reduce((sum, { task }) => sum + task.tookMs, 0);
    const facts = `name="${escaped(command)}" ${counts(cases)} errors="0" skipped="${
      cases.filter(isSkipped).length
    }" time="${seconds(time)}" timestamp="${at}"`;
    sink.write(`  <testsuite ${facts}>\n`);
    for (const one of cases) sink.write(caseOf(command, one, grouped));
    sink.write("  </testsuite>\n");
  }
  sink.write("</testsuites>\n");
}

function isSkipped({ task: { ending } }: Ended): boolean {
  return ending === "skipped" || ending === "cancelled";
}

function counts(ended: readonly Ended[]): string {
  const failures = ended.filter(({ task }) => task.ending === "failed").length;
  return `tests="${ended.length}" failures="${failures}"`;
}

function caseOf(command: string, one: Ended, grouped: GroupedOutput): string {
  const { task, retried } = one;
  const open = `    <testcase classname="${escaped(command)}" name="${escaped(task.task)}" time="${
    seconds(task.tookMs)
  }"`;
  const inner = [
    ...(task.cached
      ? ['      <properties><property name="cached" value="true"/></properties>\n']
      : []),
    ...retried.map((tried) => {
      const kind = task.ending === "failed" ? "rerunFailure" : "flakyFailure";
      return `      <${kind} message="${
        escaped(failureText(tried))
      }" type="try ${tried.attempt}"/>\n`;
    }),
    ...bodyOf(one, grouped),
  ];
  return inner.length === 0 ? `${open}/>\n` : `${open}>\n${inner.join("")}    </testcase>\n`;
}

function bodyOf(one: Ended, grouped: GroupedOutput): string[] {
  const { task } = one;
  if (isSkipped(one)) {
    const why = task.ending === "cancelled" ? "stopped" : `needs ${task.because ?? "what failed"}`;
    return [`      <skipped message="${escaped(why)}"/>\n`];
  }
  if (task.ending !== "failed") return [];
  const tail = new TailText(MOST_OUTPUT);
  grouped.write(task, (bytes) => tail.push(bytes));
  const message = escaped(failureText(task));
  return [`      <failure message="${message}" type="failed">${escaped(tail.text())}</failure>\n`];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

// What XML 1.0 cannot hold in any form.
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escaped(text: string): string {
  return text.toWellFormed().replace(FORBIDDEN, "\ufffd").replace(/[&<>"]/g, (c) => NAMED[c]!);
}
