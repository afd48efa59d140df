import { nearest } from "../base/nearest.ts";
import type { Problem } from "../base/problems.ts";
import { hinted, listed, shown } from "./flaws.ts";
import type { CtxVariable } from "./types.ts";

/** A variable's value as text, `undefined` where it is optional and has none; or why it cannot be used. */
export type CtxAnswer = { readonly value: string | undefined } | { readonly problem: Problem };

/** The values behind `{ctx.…}`. Nothing is complained about before it is asked for. */
export interface CtxValues {
  /** The variable declared in `ctx` under this name; `-` and `_` are the same letter. */
  readonly variable: (name: string) => CtxAnswer;
  /** What `{ctx.qik.NAME}` stands for. */
  readonly runtime: (name: string) => CtxAnswer;
}

/** Names under `{ctx.qik.…}`. A name without a value in this run counts as an optional variable. */
export const RUNTIME_NAMES: readonly string[] = [
  "arch",
  "cache",
  "cache_status",
  "caches",
  "commands",
  "fail",
  "force",
  "isolated",
  "ls",
  "modules",
  "root",
  "since",
  "spaces",
  "verbosity",
  "watch",
  "workers",
];

/** Where the values of {@link ctxValues} come from. */
export interface CtxSources {
  readonly variables: readonly CtxVariable[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runtime values by name (`_` between words) where no `QIK__NAME` is set. */
  readonly runtime: ReadonlyMap<string, string | undefined>;
  /** Runtime values that the command line gave: they win over `QIK__NAME`. */
  readonly given?: ReadonlyMap<string, string>;
}

/**
 * Values for templates. A declared variable is read from `PROJECT__NAME`, else `NAME`, else its default.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ctxValues } from "./ctx.ts";
 * const ctx = ctxValues({
 *   variables: [{ name: "jobs", type: "int", default: 4, required: true }],
 *   env: { QIK__ARCH: "x" },
 *   runtime: new Map([["arch", "linux-64"]]),
 * });
 * assert.deepEqual(ctx.variable("jobs"), { value: "4" });
 * assert.deepEqual(ctx.runtime("arch"), { value: "x" });
 * ```
 */
export function ctxValues(sources: CtxSources): CtxValues {
  const { env, runtime, given } = sources;
  const declared = new Map(sources.variables.map((one) => [sameName(one.name), one]));
  return {
    variable(name) {
      const variable = declared.get(sameName(name));
      if (variable !== undefined) return valueOf(variable, env);
      return { problem: unknownCtx(`{ctx.${name}}`, name, declared.keys()) };
    },
    runtime(name) {
      const known = sameName(name);
      const value = given?.get(known) ?? env[`QIK__${known.toUpperCase()}`] ?? runtime.get(known);
      if (value !== undefined || RUNTIME_NAMES.includes(known)) return { value };
      return { problem: unknownCtx(`{ctx.qik.${name}}`, known, RUNTIME_NAMES) };
    },
  };
}

/** `-` and `_` are the same in variables: TOML keys are kebab-case, the environment has no `-`. */
export function sameName(name: string): string {
  return name.replaceAll("-", "_");
}

/** The problem of a `{ctx.…}` that nothing declares. */
export function unknownCtx(text: string, name: string, names: Iterable<string>): Problem {
  const message = `Cannot fill "${text}": no such variable`;
  if (text.startsWith("{ctx.project.")) {
    return { code: "ctx-unknown", message, hint: `Write "{ctx.${name.slice(8)}}"` };
  }
  const close = nearest(name, names);
  const hint = close.length === 0 ? undefined : `Did you mean ${listed(close)}?`;
  return { code: "ctx-unknown", message, ...hinted(hint) };
}

function valueOf(
  variable: CtxVariable,
  env: Readonly<Record<string, string | undefined>>,
): CtxAnswer {
  const plain = sameName(variable.name).toUpperCase();
  const long = `PROJECT__${plain}`;
  const source = env[long] === undefined ? plain : long;
  const text = env[source];
  if (text !== undefined) return typed(variable, source, text);
  if (variable.default !== undefined) return { value: String(variable.default) };
  if (!variable.required) return { value: undefined };
  return {
    problem: {
      code: "ctx-missing",
      message: `Cannot fill "{ctx.${variable.name}}": the variable has no value`,
      hint: `Set the environment variable ${plain} or ${long}, or give the variable a default`,
    },
  };
}

const YES = ["yes", "true", "1"];
const NO = ["no", "false", "0"];

function typed({ name, type }: CtxVariable, source: string, text: string): CtxAnswer {
  const word = text.trim().toLowerCase();
  if (type === "str") return { value: text };
  if (type === "int" && /^[+-]?\d{1,18}$/.test(word)) return { value: String(BigInt(word)) };
  if (type === "bool" && YES.includes(word)) return { value: "true" };
  if (type === "bool" && NO.includes(word)) return { value: "false" };
  const want = type === "int" ? "a whole number" : listed([...YES, ...NO]);
  return {
    problem: {
      code: "ctx-bad-value",
      message: `Cannot use ${
        shown(text)
      } from the environment variable ${source} for "{ctx.${name}}": expected ${want}`,
    },
  };
}
