import type { Code, Problem } from "../base/problems.ts";
import { badValue, type Flaw, unlocated } from "./flaws.ts";
import { locateProblems, positionAt } from "./locate.ts";
import type { TomlPath } from "./paths.ts";
import { scan, wantNothing } from "./scan.ts";
import type { Json } from "./types.ts";

/** A TOML table with plain JSON inside: dates are strings, numbers are finite. */
export type JsonTable = { readonly [key: string]: Json };

/** A file that was read. `table` is empty where `problems` is not. */
export interface TomlDocument {
  /** As shown in problems. */
  readonly file: string;
  readonly text: string;
  readonly table: JsonTable;
  readonly problems: readonly Problem[];
}

/** Largest file that is read, in bytes. */
export const MOST_BYTES = 8 * 1024 * 1024;

/** Deepest nesting of tables and lists, the parts of dotted keys counted. */
const MOST_LEVELS = 64;

/**
 * The value of TOML text that is not configuration: no limits and no places, the library's own errors.
 */
export async function parseTomlText(text: string): Promise<unknown> {
  return (await import("smol-toml")).parse(text);
}

/**
 * Reads the bytes of a TOML file. Whatever the bytes are, the answer comes in time and memory linear in their
 * number, and problems are located.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseToml } from "./toml.ts";
 * const { problems } = await parseToml("qik.toml", new TextEncoder().encode("a = 1\nb = ?\n"));
 * assert.deepEqual(problems[0]?.place, { file: "qik.toml", line: 2, column: 5 });
 * ```
 */
export async function parseToml(file: string, bytes: Uint8Array): Promise<TomlDocument> {
  const decoded = decode(file, bytes);
  if (decoded.text === undefined) return failed(file, "", decoded.problem);
  const { text } = decoded;
  const early = badCharacter(file, text) ?? tooManyParts(file, text);
  if (early !== undefined) return failed(file, text, early);
  const parsed = await parse(file, text);
  if ("code" in parsed) return failed(file, text, parsed);
  const flaws = settle(parsed.table);
  if (flaws.length === 0) return { file, text, table: parsed.table, problems: [] };
  const problems = locateProblems(
    flaws.map((flaw) => unlocated({ file, prefix: [] }, flaw)),
    () => text,
  );
  return { file, text, table: {}, problems };
}

function failed(file: string, text: string, problem: Problem): TomlDocument {
  return { file, text, table: {}, problems: [problem] };
}

function problemAt(file: string, text: string, offset: number, why: string, code: Code): Problem {
  const message = `Cannot parse "${file}": ${why}`;
  return { code, message, place: { file, ...positionAt(text, offset) } };
}

type Decoded =
  | { readonly text: string }
  | { readonly text?: undefined; readonly problem: Problem };

function decode(file: string, bytes: Uint8Array): Decoded {
  if (bytes.length > MOST_BYTES) {
    const size = `${(bytes.length / 1024 / 1024).toFixed(1)} MiB`;
    const message = `Cannot read "${file}": it has ${size}, more than 8 MiB`;
    return { problem: { code: "config-too-large", message, place: { file } } };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const text = validStart(bytes);
    const why = "it is not UTF-8 here";
    return { problem: problemAt(file, text, text.length, why, "config-syntax") };
  }
}

/** The text before the first byte that is not UTF-8. */
function validStart(bytes: Uint8Array): string {
  const read = (end: number): string | undefined => {
    try {
      // As a stream, so that a sequence cut by `end` is no error.
      const decoder = new TextDecoder("utf-8", { fatal: true });
      return decoder.decode(bytes.subarray(0, end), { stream: true });
    } catch {
      return undefined;
    }
  };
  let [valid, invalid] = [0, bytes.length + 1];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (read(middle) === undefined) invalid = middle;
    else valid = middle;
  }
  return read(valid) ?? "";
}

function badCharacter(file: string, text: string): Problem | undefined {
  const offset = text.indexOf("\0");
  if (offset === -1) return undefined;
  return problemAt(file, text, offset, "there is a NUL character here", "config-syntax");
}

/** The reader would build one object per part of a key, so a line of a million dots is refused before it. */
function tooManyParts(file: string, text: string): Problem | undefined {
  if (!hasDottyLine(text)) return undefined;
  const deep = scan(text, wantNothing(), MOST_LEVELS);
  if (deep === undefined) return undefined;
  return problemAt(file, text, deep.offset, TOO_DEEP, "config-too-large");
}

const TOO_DEEP = `it is nested more than ${MOST_LEVELS} levels deep here`;

/** Whether some line has as many dots as the deepest key. Costs a step per dot only. */
function hasDottyLine(text: string): boolean {
  let lineEnd = -1;
  let dots = 0;
  for (let at = text.indexOf("."); at !== -1; at = text.indexOf(".", at + 1)) {
    if (at > lineEnd) {
      lineEnd = text.indexOf("\n", at);
      if (lineEnd === -1) lineEnd = text.length;
      dots = 0;
    }
    dots += 1;
    if (dots >= MOST_LEVELS) return true;
  }
  return false;
}

async function parse(
  file: string,
  text: string,
): Promise<{ readonly table: JsonTable } | Problem> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return { table: parse(text, { maxDepth: MOST_LEVELS }) as JsonTable };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "");
    const offset = offsetAt(text, error.line, error.column);
    const isDeep = why.startsWith("document contains excessively nested");
    if (isDeep) return problemAt(file, text, offset, TOO_DEEP, "config-too-large");
    return problemAt(file, text, offset, why, "config-syntax");
  }
}

function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let passed = 1; passed < line; passed++) start = text.indexOf("\n", start) + 1;
  return Math.min(text.length, start + column - 1);
}

/** A table or list that is still to be walked. */
interface Frame {
  readonly at: Record<string, unknown> | unknown[];
  readonly path: TomlPath;
}

/** Turns what TOML has beyond JSON into JSON, in place, and answers what cannot be used. */
function settle(table: JsonTable): Flaw[] {
  const flaws: Flaw[] = [];
  const open: Frame[] = [{ at: table as Record<string, unknown>, path: [] }];
  for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
    const { at, path } = frame;
    if (path.length > MOST_LEVELS) {
      flaws.push({
        code: "config-too-large",
        message: `Cannot read "${path[0]}": ${TOO_DEEP}`,
        path,
      });
    } else if (Array.isArray(at)) {
      for (let index = 0; index < at.length; index++) settleItem(frame, index, open, flaws);
    } else {
      for (const key in at) settleItem(frame, key, open, flaws);
    }
  }
  return flaws;
}

function settleItem(frame: Frame, key: string | number, open: Frame[], flaws: Flaw[]): void {
  const at = frame.at as Record<string | number, unknown>;
  const item = at[key];
  const path = () => [...frame.path, key];
  if (key === "__proto__") {
    flaws.push(badValue(path(), key, "this key is not allowed"));
  } else if (typeof item === "string") {
    if (item.includes("\0")) flaws.push(badValue(path(), item, "it holds a NUL character"));
  } else if (typeof item === "number") {
    if (!Number.isFinite(item)) flaws.push(badValue(path(), item, "expected a finite number"));
  } else if (item instanceof Date) at[key] = item.toISOString();
  else if (typeof item === "object" && item !== null) {
    open.push({ at: item as Record<string, unknown>, path: path() });
  }
}
