import { QikError } from "../base/problems.ts";
import { styleFor } from "../report/choose.ts";
import type { Sys } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";
import type { AppParts, Exit } from "./parts.ts";
import { openProject, type Project } from "./project.ts";
import { newWitness, seenBy } from "./seen.ts";
import { openSession, type Session } from "./session.ts";
import { checkFilled } from "./unfilled.ts";

/** `qik [NAME…]`: lists, forecasts or runs what was asked for. */
export async function runCommand(parts: AppParts, invocation: Invocation): Promise<Exit> {
  const { sys } = parts;
  const witness = newWitness(sys);
  const project = await openProject({ ...parts, sys: seenBy(witness, sys) }, invocation);
  const { ls, fail, dryRun } = invocation;
  const isList = ls || (fail && !dryRun);
  if (invocation.json && !isList && !dryRun) throw nothingAsJson();
  if (reports(invocation) && (isList || dryRun)) throw nothingToReport();
  if (isList && invocation.cacheStatus === undefined) {
    return await list(sys, project, invocation, project.selection.chosen);
  }
  await checkFilled(sys, project);
  const session = await openSession(sys, project, witness);
  await session.caches.remotes.open(
    project.selection.selected.map((at) => project.plan.tasks[at]!),
  );
  if (dryRun) return await tellForecast(sys, session, invocation);
  const chosen = await byCacheStatus(sys, session, invocation);
  if (isList) return await list(sys, project, invocation, chosen);
  // A report that was asked for is written, also of a run without tasks: CI looks for the file.
  if (chosen.length === 0 && !reports(invocation)) return nothingToRun(sys, project);
  const { startRun } = await import("./start_run.ts");
  return await startRun(sys, session, invocation, selectedFor(project, invocation, chosen));
}

function reports({ report, trace }: Invocation): boolean {
  return report.length > 0 || trace !== undefined;
}

function nothingToReport(): QikError {
  const hint = "Leave out --ls, --fail and --dry-run, or use --json";
  const message = "Cannot report on a run with --report or --trace: nothing runs";
  return new QikError({ code: "usage", message, hint });
}

function nothingAsJson(): QikError {
  const hint = "Use --report json, or --json with --ls, --dry-run or a meta command";
  return new QikError({ code: "usage", message: "Cannot run commands with --json", hint });
}

/** No failure (CI asks for what may be empty), but not something to pass over in silence. */
function nothingToRun(sys: Sys, { settings: { verbosity }, impliedSpace }: Project): Exit {
  const here = impliedSpace === undefined
    ? ""
    : ` in the space "${impliedSpace}" of this directory (-s names another)`;
  const text = `Nothing to run: no task matches the command line${here}\n`;
  if (verbosity > 0) sys.terminal.write("err", new TextEncoder().encode(text));
  return { code: 0 };
}

/** Chosen tasks that a run would find as `--cache-status` says. */
async function byCacheStatus(
  sys: Sys,
  session: Session,
  { cacheStatus }: Invocation,
): Promise<readonly number[]> {
  const { project } = session;
  const { chosen, selected } = project.selection;
  if (cacheStatus === undefined) return chosen;
  const { forecastOf } = await import("./forecast_session.ts");
  const found = await forecastOf(sys, session, selected);
  const wanted = new Set(chosen);
  return found.filter(({ task, status }) => status === cacheStatus && wanted.has(task.index))
    .map(({ task }) => task.index);
}

/** What runs for the chosen tasks: with a cache status only they and what they need. */
function selectedFor(
  { selection, narrowed }: Project,
  { cacheStatus }: Invocation,
  chosen: readonly number[],
): readonly number[] {
  return cacheStatus === undefined ? selection.selected : narrowed(chosen);
}

async function list(
  sys: Sys,
  { plan, settings: { verbosity } }: Project,
  { json, emoji, fail }: Invocation,
  chosen: readonly number[],
): Promise<Exit> {
  const { listJson, listText } = await import("./list.ts");
  const tasks = chosen.map((index) => plan.tasks[index]!);
  const style = styleFor("out", { ...sys, emoji });
  print(sys, json ? listJson(tasks) : listText(tasks, verbosity === 2, style));
  return { code: fail && tasks.length > 0 ? 1 : 0 };
}

async function tellForecast(sys: Sys, session: Session, invocation: Invocation): Promise<Exit> {
  const { forecastJson, forecastText } = await import("./list.ts");
  const { json, emoji, cacheStatus, fail } = invocation;
  const { forecastOf } = await import("./forecast_session.ts");
  const all = await forecastOf(sys, session, session.project.selection.selected);
  const found = all.filter(({ status }) => cacheStatus === undefined || status === cacheStatus);
  const style = styleFor("out", { ...sys, emoji });
  print(sys, json ? forecastJson(found) : forecastText(found, style));
  return { code: fail && found.length > 0 ? 1 : 0 };
}

function print(sys: Sys, text: string): void {
  sys.terminal.write("out", new TextEncoder().encode(text));
}
