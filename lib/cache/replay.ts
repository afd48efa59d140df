import type { Reader } from "../sys/sys.ts";
import { attempt } from "./blobs.ts";

type OnOutput = (stream: "out" | "err", bytes: Uint8Array) => void;

/** Output is read and handed out in pieces of at most this many bytes, however long the log is. */
const PIECE = 1 << 16;

/** The log was whole when it was verified, a moment ago; only a failing disk leads here. */
const CUT = "\nqik: Cannot read the rest of this log\n";
const encoder = new TextEncoder();

/** Reads `bytes` as a file is read. */
export function readerOf(bytes: Uint8Array): Reader {
  let at = 0;
  return {
    read(buffer) {
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return part.length;
    },
    close() {},
  };
}

/**
 * Hands out a log in the order in which it was written and closes its reader.
 *
 * @param turns Byte counts in order, positive for standard output, negative for standard error.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readerOf, replayTurns } from "./replay.ts";
 * const seen: string[] = [];
 * const log = readerOf(new TextEncoder().encode("onetwo"));
 * replayTurns(log, [3, -3], (stream, bytes) => seen.push(stream + new TextDecoder().decode(bytes)));
 * assert.deepEqual(seen, ["outone", "errtwo"]);
 * ```
 */
export function replayTurns(reader: Reader, turns: readonly number[], onOutput: OnOutput): void {
  let piece = new Uint8Array();
  for (const turn of turns) {
    const stream = turn > 0 ? "out" : "err";
    for (let left = Math.abs(turn); left > 0;) {
      if (piece.length === 0) piece = nextPiece(reader);
      if (piece.length === 0) return onOutput("err", encoder.encode(CUT));
      const part = piece.subarray(0, left);
      piece = piece.subarray(part.length);
      left -= part.length;
      onOutput(stream, part);
    }
  }
  attempt(() => reader.close());
}

/** A buffer of its own each time, because listeners may keep what they are given. Empty at the end. */
function nextPiece(reader: Reader): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(PIECE);
  let got = 0;
  attempt(() => got = reader.read(buffer));
  if (got === 0) attempt(() => reader.close());
  return buffer.subarray(0, got);
}
