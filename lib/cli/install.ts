import { withNeeds } from "../plan/select.ts";
import type { Task } from "../plan/types.ts";
import type { Invocation } from "./args.ts";
import type { AppParts, Exit } from "./parts.ts";
import type { Project } from "./project.ts";
import { openSession } from "./session.ts";

/**
 * Installs the environments of all spaces: runs the tasks of plugins that build environments, and what those need.
 */
export async function installSpaces(
  { sys }: AppParts,
  project: Project,
  invocation: Invocation,
): Promise<Exit> {
  const { plan } = project;
  const chosen = installTasks(project).map(({ index }) => index);
  if (chosen.length === 0) {
    const text = "Nothing to install: no space has an environment that qik builds\n";
    sys.terminal.write("err", new TextEncoder().encode(text));
    return { code: 0 };
  }
  const selected = withNeeds(plan, chosen, ({ isolated }) => !isolated);
  const session = await openSession(sys, project);
  const { startRun } = await import("./start_run.ts");
  return await startRun(sys, session, invocation, selected);
}

/** The tasks that build the environment of a space: those of each plugin's hidden command `install`. */
function installTasks({ plan }: Pick<Project, "plan">): Task[] {
  const names = new Set(plan.config.plugins.map(({ name }) => `${name}.install`));
  return plan.tasks.filter(({ command }) => command.hidden && names.has(command.name));
}
