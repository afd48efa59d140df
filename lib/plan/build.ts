import { type Problem, QikError } from "../base/problems.ts";
import { rootedPath } from "../base/paths.ts";
import type { CommandConfig, Config, DepConfig } from "../config/types.ts";
import { indexTasks, resolveNeeds } from "./needs.ts";
import { orderByNeeds } from "./order.ts";
import { type Filler, fillJson, type TaskPlace } from "./fill.ts";
import type { DepType, NeedRequest, Plan, PlannedDep, Task } from "./types.ts";

/** What a plan is made of. */
export interface PlanRequest {
  readonly config: Config;
  /** Absolute root of the repository. */
  readonly root: string;
  readonly depTypes: ReadonlyMap<string, DepType>;
  /** Fills the templates of one task. */
  readonly filler: Filler;
  /** Text after `--` on the command line, for commands that take it. */
  readonly args: readonly string[];
}

/**
 * Makes all tasks of a configuration and orders them.
 *
 * Cost: linear in tasks, dependencies and needs; nothing is read from disk.
 *
 * @throws {QikError} `graph-cycle`, and every template or reference problem found, all at once.
 */
export function buildPlan(request: PlanRequest): Plan {
  const problems: Problem[] = [];
  const drafts = draftTasks(request, problems);
  if (problems.length > 0) throw new QikError(problems);
  const index = indexTasks(drafts);
  const tasks = drafts.map((draft) => {
    const requests = draft.deps.flatMap((dep): readonly NeedRequest[] => dep.needs ?? []);
    return Object.freeze({ ...draft, needs: resolveNeeds(draft, requests, index, problems) });
  });
  if (problems.length > 0) throw new QikError(problems);
  const ordered = orderByNeeds(tasks.map(({ needs }) => needs.map(({ task }) => task)));
  if ("cycle" in ordered) throw cycleError(tasks, ordered.cycle);
  return Object.freeze({
    config: request.config,
    root: request.root,
    tasks,
    byName: new Map(tasks.map((task) => [task.name, task])),
    order: ordered.order,
    problems,
  });
}

function cycleError(tasks: readonly Task[], cycle: readonly number[]): QikError {
  const [first] = cycle;
  return new QikError({
    code: "graph-cycle",
    message: `Cannot order the tasks: ${cycle.map((at) => tasks[at]!.name).join(" -> ")}`,
    place: tasks[first!]!.command.place,
  });
}

/** Every task of every command, its needs still open. */
function draftTasks(request: PlanRequest, problems: Problem[]): Task[] {
  const { config } = request;
  const spaces = new Map(config.spaces.map((space) => [space.name, space]));
  const tasks: Task[] = [];
  for (const command of config.commands) {
    const deps = [...config.baseDeps, ...command.deps];
    const chosen = command.space === undefined ? config.spaces : [spaces.get(command.space)!];
    const parametrised = isParametrised(command, deps, request.filler);
    const places: TaskPlace[] = parametrised
      ? chosen.flatMap((space) => space.modules.map((module) => ({ space, module })))
      : [{ space: command.space === undefined ? spaces.get("default")! : chosen[0]! }];
    for (const place of places) {
      const task = draftTask({ request, command, deps, place, index: tasks.length, problems });
      if (task !== undefined) tasks.push(task);
    }
  }
  return tasks;
}

/** Whether any text of the command asks for a module (SPEC section 3). */
function isParametrised(
  command: CommandConfig,
  deps: readonly DepConfig[],
  filler: Filler,
): boolean {
  const texts = [
    ...(typeof command.exec === "string" ? [command.exec] : command.exec),
    command.dir ?? "",
    ...command.env.map(({ value }) => value),
    ...command.artifacts,
    ...command.ignore,
    ...deps.map(({ settings }) => JSON.stringify(settings)),
  ];
  return texts.some((text) => filler.mentionsModule(text));
}

interface Draft {
  readonly request: PlanRequest;
  readonly command: CommandConfig;
  readonly deps: readonly DepConfig[];
  readonly place: TaskPlace;
  readonly index: number;
  readonly problems: Problem[];
}

function draftTask(draft: Draft): Task | undefined {
  const { request: { config, filler, args }, command, place, problems, index } = draft;
  const before = problems.length;
  const ownArgs = command.args ? args : [];
  const fill = (text: string) =>
    filler.fill(text, { place, args: ownArgs, at: command.place }, problems);
  const fillList = (texts: readonly string[]) =>
    texts.map(fill).filter((text): text is string => text !== undefined);
  const exec = typeof command.exec === "string"
    ? withArgs(fill(command.exec) ?? "", ownArgs, command.exec)
    : argvOf(command.exec, ownArgs, fill);
  const dir = rootedPath(fill(command.dir ?? "") ?? "");
  if (dir === undefined) problems.push(outsideRoot(command));
  const env = command.env.flatMap(({ name, value }) => {
    const filled = fill(value);
    return filled === undefined ? [] : [{ name, value: filled }];
  });
  const cache = fill(command.cache ?? config.defaults.cache) ?? "local";
  const task: Task = {
    index,
    name: taskName(command.name, place, config.spaces.length > 1),
    command,
    ...place,
    exec,
    shell: command.shell ?? config.defaults.shell ?? "sh",
    dir: dir ?? "",
    env,
    artifacts: fillList(command.artifacts),
    ignore: fillList(command.ignore),
    deps: planDeps(draft),
    needs: [],
    args: ownArgs,
    cache,
    cacheWhen: command.cacheWhen ?? config.defaults.cacheWhen,
    cacheable: command.hasDeps && cache !== "none" && !command.interactive,
  };
  return problems.length > before ? undefined : task;
}

function planDeps({ request, deps, place, problems }: Draft): PlannedDep[] {
  return deps.flatMap((dep) => {
    const type = request.depTypes.get(dep.type);
    if (type === undefined) {
      throw new Error(`The dependency type "${dep.type}" passed the configuration`);
    }
    const fill = (text: string) =>
      request.filler.fill(text, { place, args: [], at: dep.place }, problems);
    const settings = fillJson(dep.settings, fill);
    return [type.plan(settings as never)];
  });
}

/** `cmd`, `cmd@space`, `cmd#module` or `cmd@space#module`; the space only where there are several. */
function taskName(command: string, { space, module }: TaskPlace, several: boolean): string {
  const inSpace = several ? `${command}@${space.name}` : command;
  return module === undefined ? inSpace : `${inSpace}#${module.name}`;
}

/** Appends the arguments, shell-quoted, unless the text places them at `{args}`. */
function withArgs(exec: string, args: readonly string[], written: string): string {
  if (args.length === 0 || written.includes("{args}")) return exec;
  return `${exec} ${args.map(shellQuote).join(" ")}`;
}

/** Each argument stays one item: at an item `{args}`, else at the end. */
function argvOf(
  written: readonly string[],
  args: readonly string[],
  fill: (text: string) => string | undefined,
): string[] {
  const argv = written.flatMap((item) => item === "{args}" ? args : fill(item) ?? []);
  return written.some((item) => item.includes("{args}")) ? argv : [...argv, ...args];
}

/** Quotes text for a POSIX shell; plain words stay as they are. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function outsideRoot(command: CommandConfig): Problem {
  return {
    code: "config-bad-value",
    message: `Cannot run "${command.name}" in "${command.dir}": it is not inside the repository`,
    hint: "Write a directory relative to the root",
    place: command.place,
  };
}
