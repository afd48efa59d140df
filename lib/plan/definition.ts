import type { Plan, Task } from "./types.ts";

/**
 * A text that differs where a task is defined differently: all of the configuration that its key or its inputs
 * come from, templates filled in. What a key does not hold (tags, caches, retries, …) is not part of it.
 */
export function definitionOf(task: Task, { config }: Pick<Plan, "config">): string {
  const { command, space } = task;
  const written = [...config.baseDeps, ...command.deps];
  const planned = task.deps.map(({ kind, globs, facts, needs }) => ({
    kind,
    globs,
    facts: facts?.map(({ label }) => label),
    needs,
  }));
  return JSON.stringify([
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
    space.venv ?? config.defaults.venv,
    space.dotenv.length > 0 ? space.dotenv : config.defaults.dotenv,
    config.defaults.untracked,
    config.defaults.strictEnv,
    written.some(({ type }) => type === "pydist") ? config.pydist : null,
  ]);
}
