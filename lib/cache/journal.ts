import type { Files } from "../sys/sys.ts";
import { attempt } from "./blobs.ts";
import { isObject } from "./manifest.ts";

/** What came of the runs that used a store. */
export interface Runs {
  /** Milliseconds since the epoch when the first of them began. */
  readonly since: number;
  readonly runs: number;
  /** Results that were replayed. */
  readonly hits: number;
  /** Commands that were executed, also those that are never cached. */
  readonly ran: number;
  /** How long the replayed commands had taken when they ran. */
  readonly savedMs: number;
}

/** From this size on the lines are added up into one. */
const MOST_BYTES = 1 << 16;

const encoder = new TextEncoder();

/**
 * Adds a run to the store's journal. One appended line; never throws, because nothing depends on it. Lines of
 * processes that end in the moment in which another one adds them up may be lost.
 *
 * @param dir The store's directory.
 */
export function recordRun(files: Files, dir: string, run: Runs): void {
  attempt(() => {
    const file = journalFile(dir);
    if ((files.lstat(file)?.size ?? 0) > MOST_BYTES) {
      files.writeAtomic(file, encoder.encode(lineOf(sum([...readLines(files, file), run]))), 0o600);
    } else files.append(file, encoder.encode(lineOf(run)));
  });
}

/**
 * All runs together, or `undefined` where none is known.
 *
 * @throws The system's error where the journal cannot be read.
 */
export function readRuns(files: Files, dir: string): Runs | undefined {
  const lines = readLines(files, journalFile(dir));
  return lines.length === 0 ? undefined : sum(lines);
}

function journalFile(dir: string): string {
  return `${dir}/journal`;
}

function lineOf({ since, runs, hits, ran, savedMs }: Runs): string {
  return JSON.stringify({ since, runs, hits, ran, savedMs }) + "\n";
}

/** Lines that a full disk cut are passed over. */
function readLines(files: Files, file: string): Runs[] {
  const text = new TextDecoder().decode(files.read(file) ?? new Uint8Array());
  const found: Runs[] = [];
  for (const line of text.split("\n")) {
    attempt(() => {
      const value: unknown = line === "" ? undefined : JSON.parse(line);
      if (!isObject(value)) return;
      const { since, runs, hits, ran, savedMs } = value;
      const counts = [since, runs, hits, ran, savedMs];
      if (counts.every((count) => Number.isFinite(count) && (count as number) >= 0)) {
        found.push({ since, runs, hits, ran, savedMs } as Runs);
      }
    });
  }
  return found;
}

function sum(lines: readonly Runs[]): Runs {
  const total = { since: Infinity, runs: 0, hits: 0, ran: 0, savedMs: 0 };
  for (const { since, runs, hits, ran, savedMs } of lines) {
    total.since = Math.min(total.since, since);
    total.runs += runs;
    total.hits += hits;
    total.ran += ran;
    total.savedMs += savedMs;
  }
  return total;
}
