import type { Reason } from "../plan/affected.ts";
import type { Task } from "../plan/types.ts";
import type { Sys } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";
import { openSession, type Session } from "./session.ts";

/**
 * Brings up to date what code of plugins says other tasks depend on (the lock of an import graph, say), so that what
 * a change selects is what a run would do. Runs nothing else; what fails is shown.
 *
 * @returns Tasks whose lists could not be made: whether a change means them cannot be told.
 */
export async function refreshLists(
  sys: Sys,
  session: Session,
  invocation: Invocation,
): Promise<ReadonlyMap<number, Reason>> {
  const { project } = session;
  const listed = project.selection.chosen.filter((index) =>
    listsOf(project.plan.tasks, index).length > 0
  );
  if (listed.length === 0) return new Map();
  const lists = [...new Set(listed.flatMap((index) => listsOf(project.plan.tasks, index)))];
  const settings = { ...project.settings, verbosity: 0 } as const;
  const quiet = await openSession(sys, { ...project, settings, aside: true }, undefined, session);
  const selected = project.narrowed(lists);
  await quiet.caches.remotes.open(selected.map((at) => project.plan.tasks[at]!));
  const { startRun } = await import("./start_run.ts");
  const { trace: _, ...asked } = invocation;
  const { code } = await startRun(sys, quiet, { ...asked, report: [] }, selected);
  session.tree.invalidate();
  if (code === 0) return new Map();
  const reason = { files: [], definition: false, values: [], upstream: [] };
  const unknown = "what it depends on could not be found out";
  return new Map(listed.map((index) => [index, { ...reason, unknown }]));
}

/** Tasks in code that write what the task's dependencies come to. */
function listsOf(tasks: readonly Task[], index: number): number[] {
  const { deps, needs } = tasks[index]!;
  // An environment is no list: what its lock is made of is among the inputs of the lock.
  if (!deps.some(({ late, kind }) => late !== undefined && kind !== "venv")) return [];
  return needs.map(({ task }) => task).filter((task) => tasks[task]!.code !== undefined);
}
