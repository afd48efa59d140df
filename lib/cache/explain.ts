import { oneLine } from "../base/one_line.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import { attempt, writeStored } from "./blobs.ts";
import { readWhy } from "./entry.ts";

/** So many of a task's latest keys are remembered, and so many of them are compared on a miss. */
const REMEMBERED = 16;
/** Lines of the list of keys before it is written anew. */
const MOST_LINES = 64;
const COMPARED = 4;

/** Names shown per kind of change. */
const SHOWN = 3;

/** Where a store is and of which task the question is. */
export interface ExplainPlace {
  readonly files: Files;
  /** The local store, such as `._qik/cache`. */
  readonly dir: string;
  readonly task: string;
}

/**
 * Keeps the lines that explain a key, so that a later miss of the same task can be told apart from it. A
 * line is `<field>\t<value>`; a field that starts with `file ` ends at the last tab, all others at the first.
 *
 * @throws The system's error where the lines cannot be written. The list of keys is a convenience: where it
 * cannot be written nothing happens.
 */
export function recordExplanation(
  { files, dir, task }: ExplainPlace,
  key: string,
  lines: readonly string[],
): void {
  writeStored(files, whyFile(dir, key), encode(JSON.stringify(lines)));
  rememberKey({ files, dir, task }, key);
}

/**
 * Notes the task's latest key, where that can be written. One new or appended line mostly: it takes a third of the time
 * of a file that is put in place.
 */
export function rememberKey({ files, dir, task }: ExplainPlace, key: string): void {
  attempt(() => {
    const file = taskFile(dir, task);
    const lines = keysIn(files, file);
    // A list that nobody touches is old one day, and is removed.
    if (lines.at(-1) === key) return files.touch(file);
    if (lines.length === 0 && begun(files, file, key)) return;
    if (lines.length === 0 || lines.length >= MOST_LINES) {
      writeStored(files, file, encode(latest([...lines, key]).join("\n") + "\n"));
    } else files.append(file, encode(`\n${key}\n`));
  });
}

/** @returns False where something of no use stands there, or where there is no directory for it yet. */
function begun(files: Files, file: string, key: string): boolean {
  try {
    return files.create(file, encode(`${key}\n`), 0o600);
  } catch {
    return false;
  }
}

/**
 * Says in one line why a task's key is not in the cache, against the nearest of its latest entries. Reads
 * only; costs a few files, so ask on a miss only.
 *
 * @param lines The explanation of the key that was looked up, in the form of {@link recordExplanation}.
 * @param key That key; where an entry under it was there once, the answer is `evicted`.
 * @param ranBefore Whether the task is known to have run, though perhaps nothing of it was stored.
 * @param stands Whether there is such a file in the repository: one that is there was not deleted, it merely is no
 * input any more, because a pattern or a `.gitignore` changed.
 * @returns Such as `first run`, `3 files changed: a.py, b.py, c.py`, `exec changed; env CI changed`,
 * `evicted`, `no stored result`.
 */
export function explainMiss(
  { files, dir, task, lines, key, ranBefore = false, stands = () => false }: ExplainPlace & {
    readonly lines: readonly string[];
    readonly key?: string;
    readonly ranBefore?: boolean;
    readonly stands?: (path: string) => boolean;
  },
): string {
  let nearest: Change[] | undefined;
  let known = false;
  attempt(() => {
    const keys = latestKeys(files, dir, task);
    known = keys.length > 0;
    if (key !== undefined && keys.includes(key)) nearest = [];
    for (const earlier of nearest === undefined ? keys.slice(-COMPARED).reverse() : []) {
      // Nearer than one difference is none, and that would be this key.
      if (nearest?.length === 1) break;
      const before = explanationOf(files, dir, earlier);
      const found = before === undefined ? undefined : changedFields(before, lines);
      if (found !== undefined && found.length < (nearest?.length ?? Infinity)) nearest = found;
    }
  });
  if (nearest === undefined) {
    return known ? "evicted" : ranBefore ? "no stored result" : "first run";
  }
  return nearest.length === 0 ? "evicted" : describe(nearest, stands);
}

/** One field that differs between two explanations. */
export interface Difference {
  readonly field: string;
  readonly change: "changed" | "added" | "deleted";
}

/**
 * Fields in which two explanations differ, those of `after` first.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { differences } from "./explain.ts";
 * assert.deepEqual(differences(["exec\ta", "env CI\t1"], ["exec\tb"]), [
 *   { field: "exec", change: "changed" },
 *   { field: "env CI", change: "deleted" },
 * ]);
 * ```
 */
export function differences(before: readonly string[], after: readonly string[]): Difference[] {
  return changedFields(before, after).map(({ field, change }) => ({ field, change }));
}

/** A {@link Difference} with the values that differ; those of a field that is a list are joined by NUL. */
export interface Change extends Difference {
  readonly before?: string;
  readonly after?: string;
}

/** As {@link differences}, with values. Against no lines at all: every field, in the order of the key. */
export function changedFields(before: readonly string[], after: readonly string[]): Change[] {
  const [was, is] = withoutEqualFiles(before, after);
  const left = byField(was);
  const found: Change[] = [];
  for (const [field, value] of byField(is)) {
    const old = left.get(field);
    left.delete(field);
    if (old === value) continue;
    const change = changeOf(field, old, value);
    found.push({ field, change, ...(old !== undefined && { before: old }), after: value });
  }
  for (const [field, old] of left) found.push({ field, change: "deleted", before: old });
  return found;
}

function changeOf(field: string, old: string | undefined, value: string): Difference["change"] {
  if (isDeleted(field, value)) return "deleted";
  return old === undefined || isDeleted(field, old) ? "added" : "changed";
}

/** Whether a line tells of a tracked file that is not there; git still lists it. */
function isDeleted(field: string, value: string): boolean {
  return field.startsWith("file ") && value.trimEnd() === "absent";
}

/**
 * Both lists without the lines of files that stand in both. Mostly all but one are, and each has a field of its own, so
 * that the others need not be looked at: a third of the time of a comparison of 50 files.
 */
function withoutEqualFiles(
  before: readonly string[],
  after: readonly string[],
): readonly [readonly string[], readonly string[]] {
  const isFile = (line: string) => line.startsWith("file ");
  const was = new Set(before.filter(isFile));
  const both = new Set(after.filter((line) => was.has(line)));
  const kept = (line: string) => !both.has(line);
  return [before.filter(kept), after.filter(kept)];
}

/**
 * Values by field. A field that stands several times is a list; counts say nothing that the counted lines do
 * not say.
 */
function byField(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const tab = line.startsWith("file ") ? line.lastIndexOf("\t") : line.indexOf("\t");
    const [field, value] = tab < 0 ? [line, ""] : [line.slice(0, tab), line.slice(tab + 1)];
    if (field.endsWith(" count") && /^\d+$/.test(value)) continue;
    const others = fields.get(field);
    fields.set(field, others === undefined ? value : `${others}\0${value}`);
  }
  return fields;
}

/** What is said of files, in this order. */
const FILE_CHANGES = [
  "changed",
  "hashed as sha1 now",
  "hashed as sha256 now",
  "added",
  "deleted",
  "no longer used",
] as const;

function describe(found: readonly Change[], stands: (path: string) => boolean): string {
  const parts: string[] = [];
  const files = found.filter(({ field }) => field.startsWith("file ")).map((one) => {
    const path = one.field.slice("file ".length);
    return { path, change: changeOfFile(one, stands(path)) };
  });
  for (const change of FILE_CHANGES) {
    const names = files.filter((one) => one.change === change).map(({ path }) => oneLine(path));
    if (names.length === 0) continue;
    const more = names.length > SHOWN ? ", …" : "";
    const count = names.length === 1 ? "1 file" : `${names.length} files`;
    parts.push(`${count} ${change}: ${names.slice(0, SHOWN).join(", ")}${more}`);
  }
  const others = found.filter(({ field }) => !field.startsWith("file "));
  for (const { field, change } of others.slice(0, SHOWN)) {
    parts.push(`${oneLine(field)} ${change}`);
  }
  if (others.length > SHOWN) parts.push(`${others.length - SHOWN} more`);
  return parts.join("; ");
}

/**
 * Digests of two kinds (the tree is in a git repository now, or in one of another format) say nothing about whether
 * the content is another.
 */
function changeOfFile(
  { change, before = "", after = "" }: Change,
  isThere: boolean,
): (typeof FILE_CHANGES)[number] {
  if (change === "deleted" && isThere) return "no longer used";
  const [was, is] = [before, after].map((value) => /^(\S+) (sha1|sha256):/.exec(value));
  const isOther = was && is && was[1] === is[1] && was[2] !== is[2];
  return isOther ? `hashed as ${is[2] as "sha1" | "sha256"} now` : change;
}

/** Keys under which the task's results were stored, latest last; empty where nothing is known. */
export function latestKeys(files: Files, dir: string, task: string): string[] {
  return latest(keysIn(files, taskFile(dir, task)));
}

/** Keys without those that stand there again later. */
function latest(keys: readonly string[]): string[] {
  return keys.filter((key, at) => keys.indexOf(key, at + 1) === -1).slice(-REMEMBERED);
}

/** Lines that two processes wrote into each other are passed over. */
function keysIn(files: Files, file: string): string[] {
  let bytes: Uint8Array | undefined;
  // In a first run there is none yet, and an exception takes ten times as long as a look.
  attempt(() => bytes = files.lstat(file) && files.read(file));
  if (bytes === undefined) return [];
  return new TextDecoder().decode(bytes).split("\n").filter((line) => /^[0-9a-f]+$/.test(line));
}

/** What a key was made of, or `undefined` where that is no longer known. */
export function explanationOf(files: Files, dir: string, key: string): string[] | undefined {
  return linesOf(() => whyInEntry(files, dir, key)) ?? linesOf(() => {
    const bytes = files.read(whyFile(dir, key));
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  });
}

function whyInEntry(files: Files, dir: string, key: string): unknown {
  const file = `${shelfOf(dir, key)}/${key}.json`;
  const bytes = files.read(file);
  return bytes && readWhy(bytes, key);
}

function linesOf(read: () => unknown): string[] | undefined {
  let lines: string[] | undefined;
  attempt(() => {
    const value = read();
    if (Array.isArray(value) && value.every((line) => typeof line === "string")) lines = value;
  });
  return lines;
}

function shelfOf(dir: string, key: string): string {
  return `${dir}/v1/entries/${key.slice(0, 2)}`;
}

function whyFile(dir: string, key: string): string {
  return `${shelfOf(dir, key)}/${key}.why`;
}

function taskFile(dir: string, task: string): string {
  return `${dir}/v1/tasks/${sha256(encode(JSON.stringify(task)))}`;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
