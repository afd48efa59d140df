import type { QikEvent, Reporter } from "../events/events.ts";
import type { Files } from "../sys/sys.ts";

/** How long tasks took when they last ran, from run to run. */
export interface Durations {
  /** Milliseconds; `undefined` where the task never ran. */
  expectedMs(task: string): number | undefined;
  /** Learns from the events of a run and writes the file at its end, where anything ran. */
  readonly reporter: Reporter;
}

/** Relative to the root. */
export const DURATIONS_FILE = "._qik/state/durations.json";

const VERSION = 1;

/**
 * Opens the recorded durations of a working tree. They only order tasks and estimate: a file that is missing,
 * damaged or of another version is as good as an empty one, and one that cannot be written is left alone.
 *
 * @param path Absolute path of the file.
 */
export function openDurations(files: Files, path: string): Durations {
  const known = read(files, path);
  let learnt = false;
  return {
    expectedMs: (task) => known.get(task),
    reporter: {
      on(event) {
        const took = learnFrom(event);
        if (took !== undefined) {
          known.set(took.task, took.ms);
          learnt = true;
        }
        if (event.type === "run-ended" && learnt) save(files, path, known);
      },
    },
  };
}

/** Only what a command took to its own end tells how long it will take. */
function learnFrom(event: QikEvent): { readonly task: string; readonly ms: number } | undefined {
  if (event.type !== "task-ended" || event.cached) return undefined;
  if (event.ending !== "ran" && event.ending !== "failed") return undefined;
  return { task: event.task, ms: Math.round(event.tookMs) };
}

function read(files: Files, path: string): Map<string, number> {
  const known = new Map<string, number>();
  try {
    const bytes = files.read(path);
    const stored: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes));
    if (!isStored(stored)) return known;
    for (const [task, ms] of Object.entries(stored.ms)) {
      if (typeof ms === "number" && Number.isFinite(ms) && ms >= 0) known.set(task, ms);
    }
  } catch {
    // Damage costs an estimate, nothing else.
  }
  return known;
}

function isStored(value: unknown): value is { readonly ms: Readonly<Record<string, unknown>> } {
  return typeof value === "object" && value !== null && "version" in value &&
    value.version === VERSION && "ms" in value && typeof value.ms === "object" && value.ms !== null;
}

function save(files: Files, path: string, known: ReadonlyMap<string, number>): void {
  const text = JSON.stringify({ version: VERSION, ms: Object.fromEntries(known) }) + "\n";
  try {
    files.writeAtomic(path, new TextEncoder().encode(text), 0o600);
  } catch {
    // A full disk or a read-only working tree is reported where results are stored.
  }
}
