import { nearest } from "../base/nearest.ts";
import { type Code, type Problem, QikError } from "../base/problems.ts";
import { cacheNames } from "../config/cache_names.ts";
import { byteString } from "../git/names.ts";
import { compileWild } from "../git/wildmatch.ts";
import type { Need, Plan, Task } from "./types.ts";

/** What the command line asks for (SPEC section 7). Kinds are joined by AND, the words of one kind by OR. */
export interface SelectionRequest {
  /** Commands, tasks or wildcards; empty: every command that is not hidden. */
  readonly names: readonly string[];
  readonly exclude: readonly string[];
  readonly modules: readonly string[];
  readonly spaces: readonly string[];
  readonly tags: readonly string[];
  readonly caches: readonly string[];
  /** Without what the chosen tasks need, except where a dependency says `isolated = false`. */
  readonly isolated: boolean;
}

/** Task indices, ascending. */
export interface Selection {
  /** Asked for. */
  readonly chosen: readonly number[];
  /** Chosen, and what they need: this is what runs. */
  readonly selected: readonly number[];
}

/**
 * Chooses tasks and brings in what they need.
 *
 * @throws {QikError} One problem for each word that names nothing, with the nearest names.
 */
export function select(plan: Plan, request: SelectionRequest): Selection {
  const problems: Problem[] = [];
  const named = matcher(plan, request.names, problems);
  const excluded = matcher(plan, request.exclude, problems);
  checkWords(plan, request, problems);
  if (problems.length > 0) throw new QikError(problems);
  const taken = (task: Task) => excluded !== undefined && excluded(task);
  const chosen = plan.tasks.filter((task) =>
    (named === undefined ? !task.command.hidden : named(task)) &&
    among(request.modules, task.module?.name) &&
    among(request.spaces, task.space.name) &&
    among(request.caches, task.cache) &&
    (request.tags.length === 0 || request.tags.some((tag) => task.command.tags.includes(tag))) &&
    !taken(task)
  ).map(({ index }) => index);
  const bringsIn = ({ isolated }: Need) => isolated === undefined ? !request.isolated : !isolated;
  return { chosen, selected: withNeeds(plan, chosen, bringsIn, taken) };
}

const among = (words: readonly string[], value: string | undefined) =>
  words.length === 0 || (value !== undefined && words.includes(value));

/**
 * The tasks given and all that they need, directly or not, ascending.
 *
 * @param bringsIn Whether a need brings its task along.
 * @param taken Tasks that are left out, whoever needs them.
 */
export function withNeeds(
  plan: Plan,
  tasks: readonly number[],
  bringsIn: (need: Need) => boolean,
  taken: (task: Task) => boolean = () => false,
): number[] {
  const selected = new Set(tasks);
  for (const at of selected) {
    for (const need of plan.tasks[at]!.needs) {
      if (bringsIn(need) && !taken(plan.tasks[need.task]!)) selected.add(need.task);
    }
  }
  return [...selected].sort((a, b) => a - b);
}

/** Whether a task is among the words: its command's name, its own name, or a wildcard over either. */
function matcher(
  plan: Plan,
  words: readonly string[],
  problems: Problem[],
): ((task: Task) => boolean) | undefined {
  if (words.length === 0) return undefined;
  const names = new Set<string>();
  for (const task of plan.tasks) names.add(task.command.name).add(task.name).add(fullName(task));
  // A parametrised command of a repository without modules has no task, yet it is known.
  for (const { name } of plan.config.commands) names.add(name);
  const wanted = new Set<string>();
  for (const word of words) {
    const matched = /[*?[]/.test(word) ? wildcard(word, names) : names.has(word) ? [word] : [];
    if (matched.length === 0) problems.push(unknownWord("command-unknown", "command", word, names));
    matched.forEach((name) => wanted.add(name));
  }
  return (task) =>
    wanted.has(task.command.name) || wanted.has(task.name) || wanted.has(fullName(task));
}

/** The name that always says the space: accepted also where there is only one. */
export function fullName(
  { command, space, module, query = "" }: Pick<Task, "command" | "space" | "module" | "query">,
): string {
  return `${command.name}@${space.name}${module === undefined ? "" : `#${module.name}`}${query}`;
}

/** As in globs: `*` and `?` match every letter, `[a-z]` a class; linear whatever the word. */
export function wildcard(word: string, names: Iterable<string>): string[] {
  const matches = compileWild(byteString(word), { pathname: false, casefold: false });
  return [...names].filter((name) => matches?.(byteString(name), 0) ?? false);
}

function checkWords(plan: Plan, request: SelectionRequest, problems: Problem[]): void {
  const { config } = plan;
  const check = (code: Code, what: string, words: readonly string[], known: Set<string>) => {
    for (const word of words) {
      if (!known.has(word)) problems.push(unknownWord(code, what, word, known, known));
    }
  };
  const modules = config.spaces.flatMap((space) => space.modules.map(({ name }) => name));
  check("module-unknown", "module", request.modules, new Set(modules));
  check("space-unknown", "space", request.spaces, new Set(config.spaces.map(({ name }) => name)));
  const tags = config.commands.flatMap((command) => command.tags);
  check("tag-unknown", "tag", request.tags, new Set(tags));
  check("cache-unknown", "cache", request.caches, new Set(cacheNames(config)));
}

/** So many names are all told where none is near. */
const MOST_NAMES = 10;

/**
 * That nothing has this name.
 *
 * @param told All told where none is near and they are few.
 */
export function unknownWord(
  code: Code,
  what: string,
  word: string,
  known: ReadonlySet<string>,
  told: ReadonlySet<string> = new Set(),
): Problem {
  const close = nearest(word, known);
  const quoted = (names: Iterable<string>, between: string) =>
    [...names].map((name) => `"${name}"`).join(between);
  const hint = close.length > 0
    ? `Did you mean ${quoted(close, " or ")}?`
    : told.size > 0 && told.size <= MOST_NAMES
    ? `Use one of these: ${quoted(told, ", ")}`
    : undefined;
  const message = `Cannot find the ${what} "${word}"`;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
