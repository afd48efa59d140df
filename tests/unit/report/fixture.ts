import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type {
  Ending,
  QikEvent,
  Reporter,
  RunEnded,
  TaskEnded,
  TaskInfo,
} from "../../../lib/events/events.ts";
import type { ReporterParts } from "../../../lib/report/plain.ts";
import type { Sink } from "../../../lib/report/ports.ts";
import { createStyle } from "../../../lib/report/style.ts";
import type { FakeClock } from "../../support/fake_clock.ts";
import type { FakeTerminal } from "../../support/fake_terminal.ts";

export const utf8 = (text: string) => new TextEncoder().encode(text);

/** Compares without printing: the difference of large arrays takes more memory than the machine may have. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, label: string): void {
  assert(Buffer.compare(actual, expected) === 0, `${label}: bytes differ`);
}

/** A place for a report that keeps what is written as text. */
export function sinkInto(pieces: string[]): Sink {
  const decoder = new TextDecoder();
  return {
    write: (text) => void pieces.push(typeof text === "string" ? text : decoder.decode(text)),
    close: () => {},
  };
}

export const PIPES = { out: false, err: false };
export const TERMINALS = { out: true, err: true };

/** Parts of a reporter on fakes; `logs` stand on the disk. */
export function partsOn(
  terminal: FakeTerminal,
  clock: FakeClock,
  more: Partial<ReporterParts> & { readonly logs?: Readonly<Record<string, Uint8Array>> } = {},
): ReporterParts {
  const { logs = {}, ...parts } = more;
  const style = createStyle({ colour: false, emoji: true });
  return {
    terminal,
    clock,
    styles: { out: style, err: style },
    verbosity: 1,
    readLog: (path, onBytes) => {
      const log = logs[path];
      if (log === undefined) return false;
      // As a real reader does, with one buffer for all pieces.
      const buffer = new Uint8Array(3000);
      for (let at = 0; at < log.length; at += buffer.length) {
        const piece = log.subarray(at, at + buffer.length);
        buffer.set(piece);
        onBytes(buffer.subarray(0, piece.length));
      }
      return true;
    },
    ci: false,
    raw: false,
    ...parts,
  };
}

export function runStarted(tasks: readonly (string | TaskInfo)[], workers = 4): QikEvent {
  const infos = tasks.map((task) =>
    typeof task === "string" ? { task, command: task.split("@")[0]! } : task
  );
  return {
    type: "run-started",
    version: "0.1.0",
    root: "/repo",
    workers,
    startedAt: 0,
    tasks: infos,
  };
}

export function started(task: string, why?: string): QikEvent {
  return { type: "task-started", task, atMs: 0, worker: 1, ...(why === undefined ? {} : { why }) };
}

export function output(
  task: string,
  text: string | Uint8Array,
  more: { stream?: "out" | "err"; replayed?: boolean } = {},
): QikEvent {
  const bytes = typeof text === "string" ? utf8(text) : text;
  return { type: "task-output", task, stream: "out", replayed: false, bytes, ...more };
}

export function ended(task: string, ending: Ending, more: Partial<TaskEnded> = {}): TaskEnded {
  const code = ending === "failed" ? 1 : 0;
  const cached = ending === "hit";
  return { type: "task-ended", task, ending, atMs: 0, tookMs: 1200, code, cached, ...more };
}

export function runEnded(
  counts: Partial<Record<Ending, number>>,
  more: Partial<RunEnded> = {},
): RunEnded {
  const all = { hit: 0, ran: 0, failed: 0, skipped: 0, cancelled: 0, ...counts };
  return {
    type: "run-ended",
    exit: all.failed > 0 ? 1 : 0,
    counts: all,
    tookMs: 3400,
    savedMs: 0,
    ...more,
  };
}

/** A run in which a bit of everything happens; a number moves the clock by so many milliseconds. */
export const MIXED: readonly (QikEvent | number)[] = [
  runStarted([
    { task: "lint@app#core", command: "lint", expectedMs: 900 },
    { task: "lint@app#api", command: "lint", expectedMs: 800 },
    { task: "test@app#core", command: "test", expectedMs: 4000 },
    { task: "test@app#api", command: "test", expectedMs: 9000 },
    { task: "build", command: "build", expectedMs: 5000 },
    { task: "publish", command: "publish" },
  ], 2),
  output("lint@app#core", "All checks passed\n", { replayed: true }),
  ended("lint@app#core", "hit", { tookMs: 4, savedMs: 900 }),
  {
    type: "problem",
    code: "glob-empty",
    message: 'Pattern "src/**.pyx" of "build" matches nothing',
    place: { file: "qik.toml", line: 12, column: 9, path: "commands.build.deps[0]" },
  },
  started("test@app#core", "first run"),
  started("test@app#api", "3 files changed: api/app.py, api/db.py, core/base.py"),
  output("test@app#core", "collected 3 items\n"),
  1200,
  output("test@app#api", "\x1b[1mcollected 40 items\x1b[0m\n"),
  output("test@app#core", "3 passed — 試験は成功しました\n"),
  300,
  ended("test@app#core", "ran", { tookMs: 1500, log: "._qik/out/test@app#core.out" }),
  started("lint@app#api", "exec changed"),
  output("lint@app#api", "warning: long line\n", { stream: "err" }),
  400,
  ended("lint@app#api", "ran", { tookMs: 400, flaky: true, log: "._qik/out/lint@app#api.out" }),
  output("test@app#api", "FAILED test_app.py::test_login - assert 401 == 200", { stream: "err" }),
  500,
  ended("test@app#api", "failed", { tookMs: 2400, code: 2, log: "._qik/out/test@app#api.out" }),
  ended("build", "skipped", { because: "test@app#api", tookMs: 0 }),
  ended("publish", "skipped", { because: "test@app#api", tookMs: 0 }),
  runEnded({ hit: 1, ran: 2, failed: 1, skipped: 2 }, { exit: 2, tookMs: 2400, savedMs: 900 }),
];

/** What {@link MIXED} lacks, in place of its last event: a second try, steps, an annotation, orders to a CI system. */
export const RETRIED: readonly (QikEvent | number)[] = [
  started("flaky"),
  output("flaky", "::add-path::/evil\n"),
  { type: "task-retried", task: "flaky", atMs: 2500, attempt: 1, code: 137, signal: "SIGKILL" },
  ended("flaky", "ran", {
    flaky: true,
    atMs: 2700,
    worker: 2,
    steps: [
      { name: "queue", startMs: 0, endMs: 2400 },
      { name: "hash", startMs: 2400, endMs: 2401.5 },
      { name: "run", startMs: 2402, endMs: 2500 },
      { name: "run", startMs: 2500, endMs: 2699 },
    ],
  }),
  started('lint <&> "it"'),
  output('lint <&> "it"', "\x1b[31mapi/a.py:3:8: F401 `os` imported, % unused\x1b[0m\n\x00<&>\n"),
  ended('lint <&> "it"', "failed", { worker: 1, key: "abc", because: "timeout after 1s" }),
  ended("late", "cancelled", { tookMs: 0 }),
  runEnded({ hit: 1, ran: 3, failed: 2, skipped: 2, cancelled: 1 }, { exit: 2 }),
];

/** Sends events to a reporter; `each` is called after every step. */
export async function play(
  events: readonly (QikEvent | number)[],
  reporter: Reporter,
  clock: FakeClock,
  each: (step: number) => void = () => {},
): Promise<void> {
  for (const [index, event] of events.entries()) {
    if (typeof event === "number") clock.advance(event);
    else reporter.on(event);
    // The live view loads its measure of characters when it first draws.
    await Promise.resolve();
    each(index);
  }
  reporter.close?.();
}
