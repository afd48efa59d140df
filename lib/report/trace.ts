import type { QikEvent, Reporter, Step, TaskEnded } from "../events/events.ts";
import type { Sink } from "./ports.ts";

/** Processes of the trace, as its viewers group rows: one row per worker, and what waits. */
const WORKERS = 1;
const WAITING = 2;

type Span = Omit<Step, "name"> & { readonly name: string };

/**
 * A Chrome trace (JSON array format) for `chrome://tracing`, Perfetto and speedscope: a row for each worker with its
 * tasks and, inside them, what their time went into; tasks that wait for a worker stand in a group of their
 * own. Written while the run goes on: viewers read it also where qik was killed before its end.
 */
export function traceReporter(sink: Sink): Reporter {
  let rows = 0;
  const named = new Set<number>();
  const put = (row: object) => sink.write(`${rows++ === 0 ? "[\n" : ",\n"}${JSON.stringify(row)}`);
  const name = (pid: number, kind: "process_name" | "thread_name", tid: number, text: string) =>
    put({ name: kind, ph: "M", pid, tid, args: { name: text } });
  const on = (event: QikEvent): void => {
    if (event.type === "run-started") {
      name(WORKERS, "process_name", 0, "qik workers");
      name(WAITING, "process_name", 0, "waiting for a worker");
    } else if (event.type === "task-ended") {
      const { worker = 0 } = event;
      if (!named.has(worker) && worker > 0) {
        named.add(worker);
        name(WORKERS, "thread_name", worker, `worker ${worker}`);
      }
      rowsOf(event).forEach(put);
    } else if (event.type === "run-ended") {
      put({ name: "run", ph: "i", s: "g", ts: micros(event.tookMs), pid: WORKERS, tid: 0 });
    }
  };
  return {
    on,
    close() {
      sink.write(rows === 0 ? "[]\n" : "\n]\n");
      sink.close();
    },
  };
}

function rowsOf(ended: TaskEnded): object[] {
  const { task, worker = 0, steps = [], ending } = ended;
  const queue = steps.filter(({ name }) => name === "queue");
  const inside = steps.filter(({ name }) => name !== "queue");
  const waits = queue.flatMap(({ startMs, endMs }) => {
    const row = { name: task, cat: "queue", id: task, pid: WAITING, tid: 0 };
    return [{ ...row, ph: "b", ts: micros(startMs) }, { ...row, ph: "e", ts: micros(endMs) }];
  });
  const first = inside[0];
  if (first === undefined) return waits;
  const args = {
    ending,
    ...(ended.code !== undefined && { code: ended.code }),
    ...(ended.key !== undefined && { key: ended.key }),
  };
  const whole: Span = { name: "task", startMs: first.startMs, endMs: ended.atMs };
  return [
    ...waits,
    { ...span(whole, worker), name: task, cat: "task", args },
    ...inside.map((step) => ({ ...span(step, worker), cat: step.name, args: { task } })),
  ];
}

function span({ name, startMs, endMs }: Span, tid: number): object {
  const ts = micros(startMs);
  return { name, ph: "X", ts, dur: micros(endMs) - ts, pid: WORKERS, tid };
}

/** Whole microseconds. */
function micros(ms: number): number {
  return Math.round(ms * 1000);
}
