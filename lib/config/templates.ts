import type { Place, Problem } from "../base/problems.ts";
import type { CtxValues } from "./ctx.ts";

/** A name in braces that is filled in, such as `{ctx.bucket}` or `{module.dir}`. */
export interface Placeholder {
  readonly kind: "ctx" | "qik" | "module" | "space" | "args";
  /** What follows `ctx.`, `ctx.qik.`, `module.` or `space.`; `""` for `{args}`. */
  readonly member: string;
  /** As written, with its braces. */
  readonly text: string;
}

/** What may follow `{module.` and `{space.`. */
export const MEMBERS = {
  module: ["dir", "name", "pyimport"],
  space: ["name", "root"],
} as const;

/** What stands behind the names of a template in one place. */
export interface TemplateNames {
  readonly ctx: CtxValues;
  readonly module?: { readonly name: string; readonly dir: string; readonly pyimport: string };
  readonly space?: { readonly name: string; readonly root?: string };
  /** Text after `--`, quoted for where it goes; missing where the command takes none. */
  readonly args?: string;
  /** Where the template stands, for problems. */
  readonly place?: Place;
}

const BRACES = /\{+|\}+/g;
const NAME = /(args|(?:ctx|module|space)(?:\.[A-Za-z_][A-Za-z0-9_-]*)+)(\}+)/y;

/** A run of literal braces, which may have to be halved. */
interface Run {
  readonly char: string;
  readonly count: number;
}

/**
 * Splits a text into literal text and placeholders.
 *
 * Only the names of SPEC section 6 in single braces are placeholders; `{{module.dir}}` is the literal
 * `{module.dir}`; all other braces are literal. The Python qik needs every literal brace doubled: where all
 * literal braces come in even runs, the text is read as written for it and each pair is one brace. So
 * doubling every brace always writes a text literally. Time is linear in the text.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseTemplate } from "./templates.ts";
 * assert.deepEqual(parseTemplate("awk '{print $1}'"), ["awk '{print $1}'"]);
 * assert.deepEqual(parseTemplate("awk '{{print $1}}'"), ["awk '{print $1}'"]);
 * assert.deepEqual(parseTemplate("ls {module.dir}"), [
 *   "ls ",
 *   { kind: "module", member: "dir", text: "{module.dir}" },
 * ]);
 * ```
 */
export function parseTemplate(text: string): readonly (string | Placeholder)[] {
  if (!hasBraces(text)) return text === "" ? [] : [text];
  const raw: (string | Placeholder | Run)[] = [];
  let at = 0;
  let single = false;
  const run = (char: string, count: number) => {
    if (count > 0) raw.push({ char, count });
    single ||= count % 2 === 1;
  };
  BRACES.lastIndex = 0;
  for (let found = BRACES.exec(text); found !== null; found = BRACES.exec(text)) {
    if (found.index > at) raw.push(text.slice(at, found.index));
    at = BRACES.lastIndex;
    const opened = found[0].length;
    NAME.lastIndex = at;
    const name = found[0][0] === "{" ? NAME.exec(text) : null;
    if (name === null) {
      run(found[0][0]!, opened);
      continue;
    }
    const closed = name[2]!.length;
    // An even run before the name and at least two after it escape the name; else one brace belongs to it.
    const taken = opened % 2 === 0 && closed > 1 ? 2 : 1;
    run("{", opened - taken);
    raw.push(taken === 2 ? `{${name[1]}}` : placeholder(name[1]!));
    run("}", closed - taken);
    at = BRACES.lastIndex = NAME.lastIndex;
  }
  if (at < text.length) raw.push(text.slice(at));
  return joined(raw, single ? 1 : 2);
}

function hasBraces(text: string): boolean {
  return text.includes("{") || text.includes("}");
}

function placeholder(name: string): Placeholder {
  const text = `{${name}}`;
  if (name === "args") return { kind: "args", member: "", text };
  if (name.startsWith("ctx.qik.")) return { kind: "qik", member: name.slice(8), text };
  const dot = name.indexOf(".");
  return {
    kind: name.slice(0, dot) as "ctx" | "module" | "space",
    member: name.slice(dot + 1),
    text,
  };
}

/** Neighbouring literals as one, with runs of braces divided by `divisor`. */
function joined(
  raw: readonly (string | Placeholder | Run)[],
  divisor: number,
): (string | Placeholder)[] {
  const pieces: (string | Placeholder)[] = [];
  let literal = "";
  for (const piece of raw) {
    if (typeof piece === "string") literal += piece;
    else if ("char" in piece) literal += piece.char.repeat(piece.count / divisor);
    else {
      if (literal !== "") pieces.push(literal);
      literal = "";
      pieces.push(piece);
    }
  }
  if (literal !== "") pieces.push(literal);
  return pieces;
}

/** Whether filling `text` needs a module, so that a command with it has one task per module. */
export function mentionsModule(text: string): boolean {
  if (!text.includes("{module.")) return false;
  return parseTemplate(text).some((piece) => typeof piece !== "string" && piece.kind === "module");
}

/**
 * Fills a template.
 *
 * @param problems Receives what is wrong: an unknown or required but missing variable, a name that means
 *   nothing here.
 * @returns The text, or `undefined` where a variable with `required = false` has no value (the string then
 *   counts as not written) or a problem was added.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ctxValues } from "./ctx.ts";
 * import { fillTemplate } from "./templates.ts";
 * const ctx = ctxValues({ variables: [], env: {}, runtime: new Map([["arch", "linux-64"]]) });
 * const module = { name: "api", dir: "app/api", pyimport: "app.api" };
 * assert.equal(fillTemplate("{ctx.qik.arch} {module.dir}", { ctx, module }, []), "linux-64 app/api");
 * ```
 */
export function fillTemplate(
  text: string,
  names: TemplateNames,
  problems: Problem[],
): string | undefined {
  if (!hasBraces(text)) return text;
  let filled = "";
  let whole = true;
  for (const piece of parseTemplate(text)) {
    const value = typeof piece === "string" ? piece : valueOf(piece, names, problems);
    if (value === undefined) whole = false;
    else filled += value;
  }
  return whole ? filled : undefined;
}

function valueOf(
  piece: Placeholder,
  names: TemplateNames,
  problems: Problem[],
): string | undefined {
  if (piece.kind === "ctx" || piece.kind === "qik") {
    const from = piece.kind === "ctx" ? names.ctx.variable : names.ctx.runtime;
    const answer = from(piece.member);
    if (!("problem" in answer)) return answer.value;
    problems.push(placed(answer.problem, names.place));
    return undefined;
  }
  const value = memberOf(piece, names);
  if (value === undefined) {
    const message = `Cannot fill "${piece.text}": it means nothing here`;
    problems.push(placed({ code: "template-unknown", message }, names.place));
  }
  return value;
}

function memberOf({ kind, member }: Placeholder, names: TemplateNames): string | undefined {
  if (kind === "args") return names.args;
  const of = kind === "module" ? names.module : names.space;
  if (of === undefined) return undefined;
  if (!(MEMBERS[kind as "module" | "space"] as readonly string[]).includes(member)) {
    return undefined;
  }
  const value = (of as Readonly<Record<string, string | undefined>>)[member] ?? "";
  // The root of the repository is "" inside qik, but a command needs a path that it can use.
  return value === "" && (member === "dir" || member === "root") ? "." : value;
}

function placed(problem: Problem, place: Place | undefined): Problem {
  return place === undefined ? problem : { ...problem, place };
}
