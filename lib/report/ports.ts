/**
 * What reporters need from the world outside, declared by shape: `lib/report` imports `base` and `events`
 * only. `Terminal` and `Clock` of `lib/sys` fit as they are.
 */

export type Stream = "out" | "err";

/** Standard output and standard error. `write` returns when all bytes are with the system; it never throws. */
export interface ReportTerminal {
  isTerminal(stream: Stream): boolean;
  size(): { readonly columns: number; readonly rows: number };
  write(stream: Stream, bytes: Uint8Array): void;
  /** Returns how to stop listening. */
  onResize(listener: () => void): () => void;
}

/** A clock that never jumps, in milliseconds, and its timers; each returns how to cancel it. */
export interface ReportClock {
  monotonic(): number;
  after(ms: number, then: () => void): () => void;
  every(ms: number, then: () => void): () => void;
}

/**
 * Reads a whole log from the disk, piece by piece, in order.
 *
 * @param path As in `task-ended`: relative to the root.
 * @returns False where the log cannot be read; then `onBytes` was not called.
 */
export type ReadLog = (path: string, onBytes: (bytes: Uint8Array) => void) => boolean;

/** How much is told: 0 nothing but errors, 1 the usual, 2 the output of every task as well. */
export type Verbosity = 0 | 1 | 2;

/** Where a report goes. Takes everything before it returns and never throws; what it could not take it remembers. */
export interface Sink {
  write(text: string | Uint8Array): void;
  /** Nothing follows. */
  close(): void;
}
