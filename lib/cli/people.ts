import { pieces } from "../cache/blobs.ts";
import type { Reporter } from "../events/events.ts";
import { chooseReporter } from "../report/choose.ts";
import type { ReadLog, ReportTerminal } from "../report/ports.ts";
import type { Sys } from "../sys/sys.ts";

/** How a run is shown to people. */
export interface Shown {
  readonly workers: number;
  readonly verbosity: 0 | 1 | 2;
  readonly emoji: boolean;
  /** Replayed output keeps all its escapes. */
  readonly raw: boolean;
}

/** What a reporter needs of the outside. */
export type ShownThrough = Pick<Sys, "clock" | "env" | "files"> & {
  readonly terminal: ReportTerminal;
};

/** The reporter for people that fits the run and the terminal. */
export function peopleReporter(
  sys: ShownThrough,
  root: string,
  taskCount: number,
  shown: Shown,
): Promise<Reporter> {
  const { terminal, clock, env } = sys;
  const readLog = logReader(sys, root);
  return chooseReporter({ terminal, clock, env, taskCount, ...shown, readLog });
}

/** Reads logs by their paths below the root. */
export function logReader(sys: Pick<Sys, "files">, root: string): ReadLog {
  return (path, onBytes) => readPieces(sys, `${root}/${path}`, onBytes);
}

/** Hands out a file in pieces, which hold until the next one; false where there is none. */
function readPieces(
  sys: Pick<Sys, "files">,
  path: string,
  onBytes: (bytes: Uint8Array) => void,
): boolean {
  const reader = sys.files.openReader(path);
  if (reader === undefined) return false;
  try {
    for (const piece of pieces(reader)) onBytes(piece);
    return true;
  } finally {
    reader.close();
  }
}
