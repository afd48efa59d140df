import { nearest } from "../base/nearest.ts";
import type { Problem } from "../base/problems.ts";
import { queryOf } from "./made_tasks.ts";
import { fullName } from "./select.ts";
import type { Need, NeedRequest, Task } from "./types.ts";

/** Tasks found by what a need can say. Built once for a plan. */
export interface TaskIndex {
  readonly byCommand: ReadonlyMap<string, readonly Task[]>;
  readonly byName: ReadonlyMap<string, Task>;
  /** `command`, space and module, separated by NUL. */
  readonly byModule: ReadonlyMap<string, Task>;
}

const moduleKey = (command: string, space: string, module: string) =>
  `${command}\0${space}\0${module}`;

export function indexTasks(tasks: readonly Task[]): TaskIndex {
  const byCommand = new Map<string, Task[]>();
  const byModule = new Map<string, Task>();
  for (const task of tasks) {
    const siblings = byCommand.get(task.command.name);
    if (siblings === undefined) byCommand.set(task.command.name, [task]);
    else siblings.push(task);
    if (task.module !== undefined) {
      byModule.set(moduleKey(task.command.name, task.space.name, task.module.name), task);
    }
  }
  const byName = new Map(tasks.flatMap((task) => [[fullName(task), task], [task.name, task]]));
  return { byCommand, byName, byModule };
}

/**
 * The tasks that a task waits for (SPEC section 4): the upstream task of the same module where there is one,
 * else all tasks of the upstream command. Requests that meet in one task are joined: what counts for one
 * counts for both.
 */
export function resolveNeeds(
  task: Task,
  requests: readonly NeedRequest[],
  index: TaskIndex,
  problems: Problem[],
): readonly Need[] {
  const joined = new Map<number, Need>();
  for (const request of requests) {
    const upstream = request.args === undefined
      ? upstreamTasks(task, request.command, index)
      : madeTask(task, request.command, request.args, index);
    if (upstream === undefined) {
      problems.push(unknownUpstream(task, request.command, index));
      continue;
    }
    for (const { index: other } of upstream) {
      const { strict, orderOnly, isolated } = request;
      const need: Need = {
        task: other,
        strict,
        orderOnly,
        ...(isolated === undefined ? {} : { isolated }),
      };
      const known = joined.get(other);
      joined.set(other, known === undefined ? need : joinNeeds(known, need));
    }
  }
  return [...joined.values()];
}

function upstreamTasks(task: Task, name: string, index: TaskIndex): readonly Task[] | undefined {
  if (task.module !== undefined) {
    const same = index.byModule.get(moduleKey(name, task.space.name, task.module.name));
    if (same !== undefined) return [same];
  }
  const all = index.byCommand.get(name);
  if (all !== undefined) return all;
  const one = index.byName.get(name);
  return one === undefined ? undefined : [one];
}

/** The task of a made command in the same space; `addMadeTasks` has made it, unless the command is none. */
function madeTask(
  { space }: Task,
  name: string,
  args: Readonly<Record<string, string>>,
  { byName }: TaskIndex,
): readonly Task[] | undefined {
  const made = byName.get(`${name}@${space.name}${queryOf(args)}`);
  return made === undefined ? undefined : [made];
}

function joinNeeds(a: Need, b: Need): Need {
  // Unset lies between: `false` (always bring it in) wins over unset, unset over `true`.
  const isolated = a.isolated === false || b.isolated === false
    ? false
    : a.isolated === true && b.isolated === true
    ? true
    : undefined;
  return {
    task: a.task,
    strict: a.strict || b.strict,
    orderOnly: a.orderOnly && b.orderOnly,
    ...(isolated === undefined ? {} : { isolated }),
  };
}

function unknownUpstream(task: Task, name: string, index: TaskIndex): Problem {
  const known = /[@#]/.test(name) ? index.byName.keys() : index.byCommand.keys();
  const close = nearest(name, known);
  return {
    code: "command-unknown",
    message: `Cannot find the command "${name}" that "${task.name}" depends on`,
    ...(close.length === 0 ? {} : { hint: `Did you mean "${close.join('" or "')}"?` }),
    place: task.command.place,
  };
}
