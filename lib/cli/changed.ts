import { QikError } from "../base/problems.ts";
import { type Against, type Changes, readChanges } from "../git/changes.ts";
import { type AffectedPorts, affectedTasks, type Reason } from "../plan/affected.ts";
import { definitionOf } from "../plan/definition.ts";
import type { Plan } from "../plan/types.ts";
import type { Past } from "../git/past.ts";
import type { Sys } from "../sys/sys.ts";
import { isConfiguration, pastFiles } from "./past_files.ts";
import type { Project } from "./project.ts";
import type { Session } from "./session.ts";

/** Tasks of the whole plan that a change selects (`--since`, `--changed`, `--staged`), by index. */
export async function changedTasks(
  sys: Sys,
  session: Session,
  against: Against,
): Promise<ReadonlyMap<number, Reason>> {
  const { project, spaces } = session;
  const { plan, paths: { root } } = project;
  const { untracked } = plan.config.defaults;
  const changes = await readChanges({ sys, root, against, untracked });
  return await affectedTasks({
    plan,
    changes,
    spaceInputs: ({ space }) => spaces.open(space.name).inputs,
    world: (task) => session.world(task),
    async behindLinks(specs, exclude) {
      if (changes.paths.length === 0) return [];
      const options = { exclude, untracked, behindLinks: true };
      return (await session.tree.select(specs, options)).behind ?? [];
    },
    redefined: await redefinition(project, changes),
  });
}

/** Whether a task is defined otherwise than it was; asks git only where a file of the configuration changed. */
async function redefinition(
  project: Project,
  { paths, past, staged }: Changes,
): Promise<AffectedPorts["redefined"]> {
  const { plan } = project;
  // A plugin's code may define anything.
  const plugins = new Set(plan.config.plugins.map(({ source }) => source.replace(/^\.\//, "")));
  if (paths.some((path) => plugins.has(path))) return () => true;
  if (!paths.some(isConfiguration)) return () => false;
  const before = await planIn(project, past);
  const now = staged === undefined ? plan : await planIn(project, staged);
  if (before === undefined || now === undefined) return () => true;
  return async ({ name }) => {
    const [then, task] = [before.byName.get(name), now.byName.get(name)];
    // What a commit would not know yet, it cannot change.
    if (task === undefined) return false;
    return then === undefined || await definitionOf(then, before) !== await definitionOf(task, now);
  };
}

/** The plan as it is there; `undefined` where there is no configuration, or none that can be read today. */
async function planIn(project: Project, past: Past): Promise<Plan | undefined> {
  try {
    return await project.planFrom(await pastFiles(past, project.plan.root));
  } catch (error) {
    if (error instanceof QikError) return undefined;
    throw error;
  }
}
