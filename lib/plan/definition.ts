import type { Config, Json, SpaceConfig } from "../config/types.ts";
import { QikError } from "../base/problems.ts";
import { CORE_DEP_TYPES } from "./dep_types.ts";
import type { DepWorld, Fact, Plan, Task } from "./types.ts";

/**
 * A text that differs where a task is defined differently: all of the configuration that its key or its inputs
 * come from, templates filled in. What a key does not hold (tags, caches, retries, …) is not part of it.
 */
export async function definitionOf(task: Task, { config }: Pick<Plan, "config">): Promise<string> {
  const { command, space } = task;
  const written = [...config.baseDeps, ...command.deps];
  const planned = await Promise.all(
    task.deps.map(async ({ kind, globs, facts = [], needs }) => [
      kind,
      globs,
      await Promise.all(facts.map(async (fact) => [fact.label, await saidBy(fact)])),
      needs,
    ]),
  );
  const text = JSON.stringify([
    task.exec,
    task.shell,
    task.dir,
    task.env,
    task.artifacts,
    task.ignore,
    command.passEnv,
    command.portable,
    command.hasDeps,
    planned,
    written.map(({ type, settings }) => [type, settings]),
    task.unfilled?.map(({ message }) => message),
    venvWords(space, config),
    space.dotenv.length > 0 ? space.dotenv : config.defaults.dotenv,
    config.defaults.untracked,
    config.defaults.strictEnv,
    ...isPluggedIn(task, config)
      ? [config.pydist, config.defaults.pythonPath, config.plugins.map(pluginWords)]
      : [task.deps.some(({ kind }) => WITH_VERSIONS.has(kind)) ? config.pydist : null],
  ]);
  return text + JSON.stringify(mentioned(text, config));
}

/** How the environment of a space is written, with those of all spaces that it takes something from. */
function venvWords(space: SpaceConfig, { spaces, defaults }: Config): readonly unknown[] {
  const reached = new Set([space]);
  const words: unknown[] = [];
  for (const { venv = defaults.venv } of reached) {
    words.push(venv);
    for (const name of namesOfSpaces(venv)) {
      const other = spaces.find((one) => one.name === name);
      if (other !== undefined) reached.add(other);
    }
  }
  return words;
}

/** Of each `{ type = "space", name = "x" }` in a value; the configuration keeps values shallow. */
function namesOfSpaces(value: Json | undefined): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesOfSpaces);
  const { type, name } = value as Readonly<Record<string, Json>>;
  const own = type === "space" && typeof name === "string" ? [name] : [];
  return [...own, ...Object.values(value).flatMap(namesOfSpaces)];
}

const pluginWords = ({ name, source, settings }: Config["plugins"][number]) => [
  name,
  source,
  settings,
];

const CORE: ReadonlySet<string> = new Set(CORE_DEP_TYPES.map(({ kind }) => kind));
/** Kinds whose facts may be versions of distributions. */
const WITH_VERSIONS: ReadonlySet<string> = new Set(["pydist", "load"]);

/** Whether code of a plugin has a say in what the task depends on: then its settings do, and all that it may read. */
function isPluggedIn(task: Task, { plugins, defaults }: Config): boolean {
  if (plugins.length === 0) return false;
  const venv = task.space.venv ?? defaults.venv;
  return task.madeWith !== undefined || task.deps.some(({ kind }) => !CORE.has(kind)) ||
    (venv !== undefined && !JSON.stringify(venv).includes('"type":"active"'));
}

/** Variables of the context that a text leaves to be filled in later. */
function mentioned(text: string, { ctx }: Config): Config["ctx"] {
  const word = (name: string) => name.replaceAll("-", "_");
  const names = new Set([...text.matchAll(/\{ctx\.([\w-]+)/g)].map(([, name]) => word(name!)));
  return ctx.filter(({ name }) => names.has(word(name)));
}

/** A world that says nothing of its own: what a fact answers there comes from the configuration. */
const NOWHERE: DepWorld = {
  env: () => undefined,
  file: () => undefined,
  toolVersion: (argv) => Promise.resolve(JSON.stringify(argv)),
  pydist: () => undefined,
  packages: () => undefined,
  inputs: () => Promise.resolve([]),
  linkedDirectories: () => Promise.resolve([]),
};

async function saidBy(fact: Fact): Promise<string | undefined> {
  try {
    return await fact.read(NOWHERE);
  } catch (error) {
    if (error instanceof QikError) return error.message;
    throw error;
  }
}
