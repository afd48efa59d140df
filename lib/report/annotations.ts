import { outputFilter } from "./filter.ts";

/** What a tool said about a line of a file. */
export interface Annotation {
  readonly level: "error" | "warning";
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly line: number;
  readonly column?: number;
  /** Such as `F401`, `TS2322` or `no-unused-vars`. */
  readonly rule?: string;
  readonly message: string;
}

/** Whose output is read: paths in it are relative to `dir`, which is relative to the absolute `root`. */
export interface AnnotationPlace {
  readonly root: string;
  readonly dir: string;
}

/** No tool writes longer lines about a line; what is longer is not kept. */
const LONGEST_LINE = 4096;
const NAME = String.raw`[^\s:()"'<>|]+\.[A-Za-z]\w{0,9}`;
const FILE = String.raw`((?:[A-Za-z]:)?${NAME})`;
/** `a.py:3:5: …`, `a.ts:3:5 - …`; gcc, clang, go, mypy, flake8, ruff, pytest, tsc with colours and many more. */
const COLONS = new RegExp(String.raw`^\s*${FILE}:(\d+)(?::(\d+))?(?:-\d+)?(?::| -)\s+(.+)$`);
/** `a.ts(3,5): error TS2322: …`; tsc and MSBuild. */
const BRACKETS = new RegExp(String.raw`^\s*${FILE}\((\d+)(?:,(\d+))?\):\s+(.+)$`);
/** `  --> a.rs:3:5` below the message; rustc, ruff, ty, biome and others. */
const ARROW = new RegExp(String.raw`^\s*-->\s+${FILE}:(\d+)(?::(\d+))?\s*$`);
/** A path alone, and below it `  3:5  error  message  rule`; eslint and what imitates it. */
const ALONE = new RegExp(String.raw`^${FILE}$`);
const BELOW = /^\s+(\d+):(\d+)\s+(error|warning)\s+(.+?)(?:\s{2,}(\S+))?$/;
const LEVEL = /^(fatal error|error|warning|note|info|notice|help)\b:?\s*/i;
const RULE =
  /^(?:\[([\w/-]+)\]|([A-Z]{1,10}\d{1,6}|[a-z][\w-]*\/[\w-]+))(?:\s\[\*\])?(?::\s*|\s+|$)/;

/**
 * Finds messages about lines of files in the output of common tools. Memory is bounded; each message is handed
 * out once.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { type Annotation, findAnnotations } from "./annotations.ts";
 * const found: Annotation[] = [];
 * const finder = findAnnotations({ root: "/repo", dir: "app" }, (one) => found.push(one));
 * finder.push(new TextEncoder().encode("core/a.py:3:8: F401 [*] `os` imported but unused\n"));
 * finder.end();
 * assert.deepEqual(found, [{
 *   level: "error",
 *   path: "app/core/a.py",
 *   line: 3,
 *   column: 8,
 *   rule: "F401",
 *   message: "`os` imported but unused",
 * }]);
 * ```
 */
export function findAnnotations(
  place: AnnotationPlace,
  onFound: (annotation: Annotation) => void,
): { push(bytes: Uint8Array): void; end(): void } {
  const finder = new LineReader(place, onFound);
  const plain = outputFilter({ escapes: "none", workflow: false });
  const decoder = new TextDecoder();
  let rest = "";
  const take = (text: string, last: boolean) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = last ? "" : lines.pop()!.slice(0, LONGEST_LINE);
    for (const line of lines) finder.read(line.slice(0, LONGEST_LINE));
  };
  return {
    push: (bytes) => take(decoder.decode(plain.push(bytes), { stream: true }), false),
    end: () => take(decoder.decode(plain.end()), true),
  };
}

/** Reads line by line; some formats say the file, or the message, a line earlier. */
class LineReader {
  readonly #seen = new Set<string>();
  #before = "";
  /** The path that stood alone on a line, until an empty one. */
  #alone: string | undefined;

  constructor(
    readonly place: AnnotationPlace,
    readonly onFound: (annotation: Annotation) => void,
  ) {}

  read(line: string): void {
    this.#find(line);
    if (line.trim() === "") this.#alone = undefined;
    else this.#before = line;
  }

  #find(line: string): void {
    const direct = COLONS.exec(line) ?? BRACKETS.exec(line);
    if (direct) return this.#add(direct[1]!, direct[2]!, direct[3], direct[4]!);
    const arrow = ARROW.exec(line);
    if (arrow) return this.#add(arrow[1]!, arrow[2]!, arrow[3], this.#before.trim());
    const alone = ALONE.exec(line);
    if (alone) this.#alone = alone[1]!;
    const below = this.#alone === undefined ? null : BELOW.exec(line);
    if (!below) return;
    const [, at, column, level, message, rule] = below;
    this.#add(this.#alone!, at!, column, `${level}: ${message}`, rule);
  }

  #add(file: string, line: string, column: string | undefined, text: string, rule?: string): void {
    const path = relativeTo(this.place, file);
    const said = read(text);
    if (path === undefined || said === undefined || Number(line) < 1) return;
    const identity = JSON.stringify([path, line, column, said.message]);
    if (this.#seen.has(identity)) return;
    // Bounded: a tool that says more than this is not read to the end by anybody.
    if (this.#seen.size < 1000) this.#seen.add(identity);
    const named = rule ?? said.rule;
    this.onFound({
      level: said.level,
      path,
      line: Number(line),
      ...(column !== undefined && { column: Number(column) }),
      ...(named !== undefined && { rule: named }),
      message: said.message,
    });
  }
}

/** Takes level and rule off the front of a message; notes belong to the message before them and are left out. */
function read(
  text: string,
): { level: "error" | "warning"; rule?: string; message: string } | undefined {
  const word = LEVEL.exec(text);
  const level = (word?.[1] ?? "").toLowerCase();
  if (["note", "info", "notice", "help"].includes(level)) return undefined;
  const told = word ? text.slice(word[0].length) : text;
  const rule = RULE.exec(told);
  const named = rule?.[1] ?? rule?.[2];
  const message = rule ? told.slice(rule[0].length) : told;
  const mild = level === "warning" || /^\w*Warning\b/.test(told);
  return {
    level: mild ? "warning" : "error",
    ...(named !== undefined && { rule: named }),
    message: message.trim() || told.trim(),
  };
}

/** The path from the root; `undefined` where the file stands outside of it. */
function relativeTo({ root, dir }: AnnotationPlace, file: string): string | undefined {
  const path = file.replaceAll("\\", "/");
  const absolute = /^([A-Za-z]:)?\//.test(path);
  if (absolute && !path.startsWith(`${root}/`)) return undefined;
  const parts: string[] = [];
  const whole = absolute ? path.slice(root.length + 1) : `${dir}/${path}`;
  for (const part of whole.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}
