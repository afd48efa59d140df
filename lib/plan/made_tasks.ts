import type { Problem } from "../base/problems.ts";
import type { CommandConfig, Config } from "../config/types.ts";
import type { MadeCommand, TaskAt, TaskCode } from "./made.ts";
import { fullName } from "./select.ts";
import type { Task } from "./types.ts";

/** What tasks of made commands come from. */
export interface MadeRequest {
  readonly config: Config;
  /** By their whole names. */
  readonly made: ReadonlyMap<string, MadeCommand>;
  /** All tasks so far; those that are made join its end. */
  readonly tasks: Task[];
  readonly problems: Problem[];
}

/**
 * Adds the tasks of made commands: those that are there by themselves, then whatever the dependencies of any
 * task ask for, those of made tasks too. Iterative: each of them may ask for the next one.
 */
export function addMadeTasks(request: MadeRequest): void {
  const { config, made, tasks } = request;
  if (made.size === 0) return;
  for (const { name, place } of config.commands) {
    if (made.has(name)) request.problems.push(nameTaken(name, place));
  }
  const known = new Set<string>();
  for (const command of made.values()) {
    for (const at of command.tasks()) addTask(request, known, command, at);
  }
  // The list grows while it is walked.
  for (const task of tasks) {
    for (const { command, args } of task.deps.flatMap(({ needs = [] }) => needs)) {
      const asked = args === undefined ? undefined : made.get(command);
      if (asked !== undefined) addTask(request, known, asked, { space: task.space, args: args! });
    }
  }
}

function addTask(
  { config, tasks }: MadeRequest,
  known: Set<string>,
  made: MadeCommand,
  at: TaskAt,
): void {
  const query = queryOf(at.args);
  const identity = fullName({ command: made.command, space: at.space, query });
  if (known.has(identity)) return;
  known.add(identity);
  const inSpace = config.spaces.length > 1 ? `@${at.space.name}` : "";
  tasks.push({
    ...taskOf(config, made, at),
    index: tasks.length,
    name: made.command.name + inSpace + query,
    query,
  });
}

/**
 * Arguments as the end of a task's name: in code-unit order of their names, so that equal arguments make equal
 * names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { queryOf } from "./made_tasks.ts";
 * assert.equal(queryOf({ pyimport: "a.b" }), "?pyimport=a.b");
 * assert.equal(queryOf({ b: "x&y", a: "1" }), "?a=1&b=x%26y");
 * assert.equal(queryOf({}), "");
 * ```
 */
export function queryOf(args: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(args)
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .sort();
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function taskOf(
  { defaults }: Config,
  { command, make }: MadeCommand,
  at: TaskAt,
): Omit<Task, "index" | "name" | "query"> {
  const spec = make(at);
  const { exec, deps, artifacts = [], dir = "", env = {}, cache = defaults.cache } = spec;
  return {
    command,
    space: at.space,
    madeWith: at.args,
    ...(spec.outsideVenv && { outsideVenv: true }),
    ...(spec.stands && { stands: spec.stands }),
    ...(isCode(exec) ? { exec: codeWords(command, exec), code: exec } : { exec }),
    shell: defaults.shell ?? "sh",
    dir,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    artifacts,
    ignore: [],
    deps,
    needs: [],
    args: [],
    cache,
    cacheWhen: "success",
    cacheable: deps.length > 0 && cache !== "none",
  };
}

function isCode(exec: string | readonly string[] | TaskCode): exec is TaskCode {
  return typeof exec === "object" && "run" in exec;
}

/** A function has no text: what stands for it in the key is its name and its version. */
function codeWords({ name }: CommandConfig, { version }: TaskCode): readonly string[] {
  return ["code", name, version];
}

function nameTaken(name: string, place: CommandConfig["place"]): Problem {
  const message = `Cannot name a command "${name}": a plugin has a command of this name`;
  return { code: "config-bad-value", message, hint: "Give one of them another name", place };
}
