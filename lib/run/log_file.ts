import { encodeName } from "../base/bytes.ts";
import { sha256 } from "../sys/digest.ts";

/** Where logs and the summary of the last run stand, relative to the root. */
export const OUT_DIRECTORY = "._qik/out";

const SUFFIX = ".out";
/** Longest file name that common file systems take, in bytes. */
const LONGEST = 255;
/** What stands for itself. */
const SAFE = /^[a-z0-9._@#=+,-]*$/;
/** Names that old Windows programs take for devices, whatever follows the dot. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

/**
 * Path of a task's log, relative to the root.
 *
 * Different tasks have different paths, also on file systems that do not tell `A` from `a`: capitals are written
 * `!a`, everything unusual as `%` and two hexadecimal digits, and a name that would be too long ends with its digest.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { logPath } from "./log_file.ts";
 * assert.equal(logPath("lint@app#Api/v1"), "._qik/out/lint@app#!api%2fv1.out");
 * ```
 */
export function logPath(task: string): string {
  return `${OUT_DIRECTORY}/${safeName(task, SUFFIX)}${SUFFIX}`;
}

/** A task's name as that of a file, short enough to take the suffix; as {@link logPath} says. */
export function safeName(task: string, suffix: string): string {
  let safe = "";
  // Most names need nothing of this, and are asked for several times a task.
  if (SAFE.test(task)) safe = task;
  else for (const byte of encodeName(task)) safe += safeByte(byte);
  if (DEVICE.test(safe)) safe = hex(safe.charCodeAt(0)) + safe.slice(1);
  if (safe.length + suffix.length <= LONGEST) return safe;
  // `~` is never part of a short name, so the two kinds cannot meet.
  const ending = `~${sha256(encodeName(task))}`;
  return safe.slice(0, LONGEST - suffix.length - ending.length) + ending;
}

function safeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  if (SAFE.test(char)) return char;
  return /[A-Z]/.test(char) ? `!${char.toLowerCase()}` : hex(byte);
}

function hex(byte: number): string {
  return `%${byte.toString(16).padStart(2, "0")}`;
}
