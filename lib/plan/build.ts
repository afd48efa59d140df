import { type Code, type Place, type Problem, QikError } from "../base/problems.ts";
import { rootedPath } from "../base/paths.ts";
import { compilePathspec } from "../git/pathspec.ts";
import type {
  CommandConfig,
  Config,
  DepConfig,
  Json,
  PluginConfig,
  SpaceConfig,
} from "../config/types.ts";
import type { MadeCommand } from "./made.ts";
import { addMadeTasks } from "./made_tasks.ts";
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
  /** The entry of `[plugins]` that brings a dependency type. */
  readonly pluginOf?: (type: DepType) => PluginConfig | undefined;
  /** Commands of plugins whose tasks are made by code, by name. */
  readonly made?: ReadonlyMap<string, MadeCommand>;
  /** What all tasks of a space depend on, such as its environment; unset: nothing. */
  readonly spaceDeps?: (space: SpaceConfig) => readonly PlannedDep[];
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
  addMadeTasks({
    config: request.config,
    made: request.made ?? new Map(),
    tasks: drafts,
    problems,
  });
  if (problems.length > 0) throw new QikError(problems);
  const index = indexTasks(drafts);
  const tasks = drafts.map((draft) => {
    const common = draft.outsideVenv ? [] : request.spaceDeps?.(draft.space) ?? [];
    const deps = common.length === 0 ? draft.deps : [...draft.deps, ...common];
    const requests = deps.flatMap((dep): readonly NeedRequest[] => dep.needs ?? []);
    return Object.freeze({ ...draft, deps, needs: resolveNeeds(draft, requests, index, problems) });
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
  const owners = ownersOf(config);
  for (const command of config.commands) {
    const deps = [...config.baseDeps, ...command.deps];
    const owner = owners.get(command.place.file);
    const own = spaceOfCommand(request, command, spaces, problems) ?? owner?.space;
    const parametrised = isParametrised(command, deps, request.filler);
    const places = parametrised
      ? modulePlaces(own === undefined ? config.spaces : [own], owner)
      : [{ space: own ?? spaces.get("default")! }];
    for (const place of places) {
      const task = draftTask({ request, command, deps, place, index: tasks.length, problems });
      if (task !== undefined) tasks.push(task);
    }
  }
  return tasks;
}

/** A module that has a `qik.toml` of its own, by that file: its commands are for it alone. */
function ownersOf(config: Config): ReadonlyMap<string, Required<TaskPlace>> {
  const owners = new Map<string, Required<TaskPlace>>();
  for (const space of config.spaces) {
    for (const module of space.modules) {
      const file = rootedPath(module.dir, "qik.toml");
      if (file !== undefined && file !== config.file) owners.set(file, { space, module });
    }
  }
  return owners;
}

function modulePlaces(
  spaces: readonly SpaceConfig[],
  owner: Required<TaskPlace> | undefined,
): readonly TaskPlace[] {
  if (owner !== undefined) return spaces.map((space) => ({ space, module: owner.module }));
  return spaces.flatMap((space) => space.modules.map((module) => ({ space, module })));
}

/** The space that a command names; a name that holds a variable could not be looked up before. */
function spaceOfCommand(
  { filler }: PlanRequest,
  command: CommandConfig,
  spaces: ReadonlyMap<string, SpaceConfig>,
  problems: Problem[],
): SpaceConfig | undefined {
  if (command.space === undefined) return undefined;
  const at = command.place;
  const name = filler.fill(
    command.space,
    { place: { space: spaces.get("default")! }, args: "", at },
    problems,
  );
  const space = name === undefined ? undefined : spaces.get(name);
  if (name !== undefined && space === undefined) {
    const message = `Cannot use the space "${name}" for "${command.name}": no such space`;
    problems.push({ code: "space-unknown", message, place: at });
  }
  return space;
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

/** A missing value is a problem of the tasks that use it, and only when they take part in a run. */
const MISSING: ReadonlySet<Code> = new Set(["ctx-missing", "ctx-bad-value"]);

function draftTask(draft: Draft): Task | undefined {
  const found: Problem[] = [];
  const task = fillTask({ ...draft, problems: found });
  const unfilled = found.filter(({ code }) => MISSING.has(code));
  if (unfilled.length < found.length) {
    for (const problem of found) if (!MISSING.has(problem.code)) draft.problems.push(problem);
    return undefined;
  }
  return unfilled.length === 0 ? task : { ...task, unfilled };
}

function fillTask(draft: Draft): Task {
  const { request: { config, filler, args }, command, place, problems, index } = draft;
  const ownArgs = command.args ? args : [];
  const fill = (text: string, words = ownArgs.join(" ")) =>
    filler.fill(text, { place, args: words, at: command.place }, problems);
  const fillList = (texts: readonly string[]) =>
    texts.map((text) => fill(text)).filter((text): text is string => text !== undefined);
  const exec = typeof command.exec === "string"
    ? shellText(command.exec, ownArgs, fill)
    : argvOf(command.exec, ownArgs, fill);
  if (exec.length === 0 && problems.length === 0) problems.push(nothingToRun(command));
  const dir = rootedPath(fill(command.dir ?? "") ?? "");
  if (dir === undefined) problems.push(outsideRoot(command));
  const env = command.env.flatMap(({ name, value }) => {
    const filled = fill(value);
    return filled === undefined ? [] : [{ name, value: filled }];
  });
  const [artifacts, ignore] = [fillList(command.artifacts), fillList(command.ignore)];
  checkGlobs([...artifacts, ...ignore], command.place, problems);
  const cache = fill(command.cache ?? "") || fill(config.defaults.cache) || "local";
  return {
    index,
    name: taskName(command.name, place, config.spaces.length > 1),
    command,
    ...place,
    exec,
    shell: fill(command.shell ?? "") || fill(config.defaults.shell ?? "") || "sh",
    dir: dir ?? "",
    env,
    artifacts,
    ignore,
    deps: planDeps(draft),
    needs: [],
    args: ownArgs,
    cache,
    cacheWhen: command.cacheWhen ?? config.defaults.cacheWhen,
    cacheable: command.hasDeps && cache !== "none" && !command.interactive,
  };
}

function planDeps({ request, deps, place, problems }: Draft): PlannedDep[] {
  return deps.flatMap((dep) => {
    const type = request.depTypes.get(dep.type);
    if (type === undefined) {
      throw new Error(`The dependency type "${dep.type}" passed the configuration`);
    }
    const fill = (text: string) =>
      request.filler.fill(text, { place, args: "", at: dep.place }, problems);
    const settings = fillJson(dep.settings, fill) as Readonly<Record<string, Json>>;
    const lost = (type.needed ?? []).filter((key) => !Object.hasOwn(settings, key));
    // Also an optional variable without a value takes its text away: a list is then one item shorter.
    if (lost.length === 0) {
      const plugin = request.pluginOf?.(type);
      const { config } = request;
      const planned = type.plan(settings as never, { config, ...place, ...(plugin && { plugin }) });
      checkGlobs(planned.globs ?? [], dep.place, problems);
      return [planned];
    }
    if (dep.type !== "glob") problems.push(lostSetting(dep, lost));
    return [];
  });
}

/** A pathspec that git would refuse is told with its place, before anything runs. */
function checkGlobs(globs: readonly string[], place: Place, problems: Problem[]): void {
  for (const glob of globs) {
    try {
      compilePathspec(glob);
    } catch (error) {
      if (!(error instanceof QikError)) throw error;
      for (const problem of error.problems) problems.push({ ...problem, place });
    }
  }
}

function lostSetting({ type, place }: DepConfig, lost: readonly string[]): Problem {
  const message = `Cannot fill "${
    lost.join('", "')
  }" of a ${type} dependency: its variable has no value`;
  return { code: "ctx-missing", message, place };
}

function nothingToRun({ name, place }: CommandConfig): Problem {
  const message = `Cannot run "${name}": a variable of its exec has no value`;
  return { code: "ctx-missing", message, place };
}

/** `cmd`, `cmd@space`, `cmd#module` or `cmd@space#module`; the space only where there are several. */
function taskName(command: string, { space, module }: TaskPlace, several: boolean): string {
  const inSpace = several ? `${command}@${space.name}` : command;
  return module === undefined ? inSpace : `${inSpace}#${module.name}`;
}

type Fill = (text: string, args?: string) => string | undefined;

/** The shell's text with the arguments, quoted, where it places them, else at its end. */
function shellText(written: string, args: readonly string[], fill: Fill): string {
  const words = args.map(shellQuote).join(" ");
  const exec = fill(written, words) ?? "";
  return words === "" || exec === "" || placesArgs(written) ? exec : `${exec} ${words}`;
}

/** Each argument stays one item: at an item `{args}`, else at the end. */
function argvOf(written: readonly string[], args: readonly string[], fill: Fill): string[] {
  const argv = written.flatMap((item) => item === "{args}" ? args : fill(item) ?? []);
  return written.some(placesArgs) ? argv : [...argv, ...args];
}

/** Whether `{args}` is a placeholder in the text; `{{args}}` is not. */
function placesArgs(text: string): boolean {
  for (const [, open, close] of text.matchAll(/(\{+)args(\}+)/g)) {
    if (open!.length % 2 === 1 || close!.length === 1) return true;
  }
  return false;
}

/** Quotes text for a POSIX shell; plain words stay as they are. */
function shellQuote(text: string): string {
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
