import type { Place, Problem } from "../base/problems.ts";
import { RUNTIME_NAMES, sameName, unknownCtx } from "./ctx.ts";
import type { Draft } from "./draft.ts";
import { hinted, type Suggest } from "./flaws.ts";
import { MEMBERS, parseTemplate, type Placeholder } from "./templates.ts";
import type { CommandConfig, Config, Json } from "./types.ts";

/** What may be named, and where problems go. */
interface Check {
  readonly declared: ReadonlySet<string>;
  readonly suggest: Suggest;
  readonly problems: Problem[];
}

/**
 * Reports placeholders that mean nothing: undeclared variables, members that modules and spaces do not
 * have, `{args}` in a command that takes none. Missing values are not looked for: they count when used.
 */
export function checkPlaceholders(config: Config, { names, suggest, problems }: Draft): void {
  const check: Check = { declared: names.variables, suggest, problems };
  for (const command of config.commands) checkCommand(check, command);
  for (const { settings, place } of config.baseDeps) checkStrings(check, settings, place, true);
  for (const { settings, place } of [...config.caches, ...config.plugins]) {
    checkStrings(check, settings, place, false);
  }
  for (const { venv, place } of config.spaces) {
    const at = { file: place.file, path: `${place.path}.venv` };
    if (venv !== undefined) checkStrings(check, venv, at, false);
  }
}

/** Keys of a command whose strings are templates; `env` and `deps` have their own shape. */
const TEMPLATES = [
  "exec",
  "dir",
  "artifacts",
  "ignore",
  "cache",
  "space",
  "pool",
  "shell",
] as const;

function checkCommand(check: Check, command: CommandConfig): void {
  const { place, args } = command;
  for (const key of TEMPLATES) {
    const value = command[key];
    if (value === undefined || !hasBrace(value)) continue;
    checkStrings(check, value, { file: place.file, path: `${place.path}.${key}` }, args);
  }
  for (const { value } of command.env) {
    checkStrings(check, value, { file: place.file, path: `${place.path}.env` }, args);
  }
  for (const dep of command.deps) checkStrings(check, dep.settings, dep.place, args);
}

function hasBrace(value: string | readonly string[]): boolean {
  return typeof value === "string" ? value.includes("{") : value.some((item) => item.includes("{"));
}

/** Looks through all strings of a value; nesting is kept on a list. */
function checkStrings(check: Check, value: Json, place: Place, args: boolean): void {
  const open: Json[] = [value];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at === "string") {
      if (at.includes("{")) checkText(check, at, place, args);
    } else if (Array.isArray(at)) {
      for (const item of at) open.push(item);
    } else if (typeof at === "object" && at !== null) {
      for (const key in at) open.push((at as { readonly [key: string]: Json })[key]!);
    }
  }
}

function checkText(check: Check, text: string, place: Place, args: boolean): void {
  for (const piece of parseTemplate(text)) {
    if (typeof piece === "string") continue;
    const problem = problemOf(check, piece, args);
    if (problem !== undefined) check.problems.push({ ...problem, place });
  }
}

function problemOf(
  { declared, suggest }: Check,
  piece: Placeholder,
  args: boolean,
): Problem | undefined {
  const { kind, member, text } = piece;
  if (kind === "ctx") {
    return declared.has(sameName(member)) ? undefined : unknownCtx(text, member, declared);
  }
  if (kind === "qik") {
    const isKnown = RUNTIME_NAMES.includes(sameName(member));
    return isKnown ? undefined : unknownCtx(text, sameName(member), RUNTIME_NAMES);
  }
  if (kind === "args") {
    if (args) return undefined;
    const message = 'Cannot fill "{args}": the command takes no arguments';
    return {
      code: "template-unknown",
      message,
      hint: "Add args = true, or write {{args}} literally",
    };
  }
  const members: readonly string[] = MEMBERS[kind];
  if (members.includes(member)) return undefined;
  const message = `Cannot fill "${text}": a ${kind} has no "${member}"`;
  const hint = suggest(member, members) ?? `It has: ${members.join(", ")}`;
  return { code: "template-unknown", message, ...hinted(hint) };
}
