import type { QikEvent, Reporter } from "../events/events.ts";
import type { Sink } from "./ports.ts";

/** Raised when a field changes its meaning or goes away; new fields and new types of events do not raise it. */
const VERSION = 1;

/**
 * JSON Lines for machines: each event on one line, as it is, after `"v": 1`. `docs/events.schema.json` tells the fields.
 * A line is with the system before the next event comes, so a run that is killed leaves whole lines, and
 * at most one part of a line.
 *
 * The bytes of `task-output` are a field `text` where the piece is valid UTF-8, else `base64`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { jsonReporter } from "./json.ts";
 * const lines: string[] = [];
 * const reporter = jsonReporter({ write: (line) => lines.push(`${line}`), close() {} });
 * const bytes = Uint8Array.of(0x68, 0x69);
 * reporter.on({ type: "task-output", task: "a", stream: "out", bytes, replayed: false });
 * assert.deepEqual(lines, [
 *   '{"v":1,"type":"task-output","task":"a","stream":"out","replayed":false,"text":"hi"}\n',
 * ]);
 * ```
 */
export function jsonReporter(sink: Sink): Reporter {
  return {
    on: (event) => sink.write(JSON.stringify({ v: VERSION, ...jsonable(event) }) + "\n"),
    close: () => sink.close(),
  };
}

function jsonable(event: QikEvent): object {
  if (event.type !== "task-output") return event;
  const { bytes, ...rest } = event;
  const text = asText(bytes);
  return text === undefined ? { ...rest, base64: asBase64(bytes) } : { ...rest, text };
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function asText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function asBase64(bytes: Uint8Array): string {
  // In slices: a call takes only so many arguments.
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(binary);
}
