import type { QikEvent, Reporter, RunEnded, RunStarted, TaskEnded } from "../events/events.ts";
import type { Files } from "../sys/sys.ts";
import { OUT_DIRECTORY } from "./log_file.ts";

/** Relative to the root. */
export const MANIFEST_FILE = `${OUT_DIRECTORY}/manifest.json`;

/**
 * The summary of the last run in `._qik/out/manifest.json`, for scripts: how it ended, and each task in the order in
 * which they ended. Durations are whole milliseconds; `log` is relative to the root; what is not known is not there.
 */
export interface RunManifest {
  readonly version: 1;
  /** qik's version. */
  readonly qik: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly savedMs: number;
  readonly exit: number;
  readonly interrupted?: RunEnded["interrupted"];
  readonly counts: RunEnded["counts"];
  readonly tasks: readonly Omit<TaskEnded, "type" | "atMs" | "steps" | "worker">[];
}

/**
 * Writes the summary when the run has ended. Where it cannot be written nothing happens: the run's result does not
 * depend on it, and the reason is reported where results are stored.
 *
 * @param path Absolute path of the file.
 */
export function manifestReporter(files: Files, path: string): Reporter {
  let started: RunStarted | undefined;
  const tasks: RunManifest["tasks"][number][] = [];
  return {
    on(event: QikEvent) {
      if (event.type === "run-started") started = event;
      else if (event.type === "task-ended") tasks.push(taskOf(event));
      else if (event.type === "run-ended") write(files, path, manifestOf(started, event, tasks));
    },
  };
}

function taskOf(
  { type: _type, atMs: _atMs, steps: _steps, worker: _worker, ...task }: TaskEnded,
): RunManifest["tasks"][number] {
  const saved = task.savedMs === undefined ? {} : { savedMs: Math.round(task.savedMs) };
  return { ...task, tookMs: Math.round(task.tookMs), ...saved };
}

function manifestOf(
  started: RunStarted | undefined,
  { exit, tookMs, savedMs, counts, interrupted }: RunEnded,
  tasks: RunManifest["tasks"],
): RunManifest {
  return {
    version: 1,
    qik: started?.version ?? "",
    startedAt: started?.startedAt ?? 0,
    tookMs: Math.round(tookMs),
    savedMs: Math.round(savedMs),
    exit,
    ...(interrupted !== undefined && { interrupted }),
    counts,
    tasks,
  };
}

function write(files: Files, path: string, manifest: RunManifest): void {
  try {
    files.writeAtomic(path, new TextEncoder().encode(JSON.stringify(manifest, null, 2) + "\n"));
  } catch {
    // See above.
  }
}
