import { QikError } from "../base/problems.ts";
import type { Against } from "../git/changes.ts";
import { styleFor } from "../report/choose.ts";
import type { Sys } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";
import type { AppParts, Exit } from "./parts.ts";
import type { Reasons } from "./list.ts";
import { openProject, type Project } from "./project.ts";
import { newWitness, seenBy } from "./seen.ts";
import type { RunSettings } from "./settings.ts";
import { openSession, type Session } from "./session.ts";
import { checkFilled } from "./unfilled.ts";

/** `qik [NAME…]`: lists, forecasts or runs what was asked for. */
export async function runCommand(parts: AppParts, invocation: Invocation): Promise<Exit> {
  const { sys } = parts;
  if (invocation.watch) return await watch(parts, invocation);
  const witness = newWitness(sys);
  const project = await openProject({ ...parts, sys: seenBy(witness, sys) }, invocation);
  const { ls, fail, dryRun } = invocation;
  const isList = ls || (fail && !dryRun);
  if (invocation.json && !isList && !dryRun) throw nothingAsJson();
  if (reports(invocation) && (isList || dryRun)) throw nothingToReport();
  const asked = changesAsked(invocation, project.settings);
  if (asked !== undefined) return await runChanged(sys, project, invocation, asked);
  if (isList && invocation.cacheStatus === undefined) {
    return await list(sys, project, invocation, project.selection.chosen);
  }
  await checkFilled(sys, project);
  const session = await openSession(sys, project, witness);
  return await runSelected(sys, session, invocation);
}

async function watch(parts: AppParts, invocation: Invocation): Promise<Exit> {
  const { sys } = parts;
  const { ls, fail, dryRun, json } = invocation;
  if (ls || fail || dryRun || json) {
    const other = ls ? "--ls" : fail ? "--fail" : dryRun ? "--dry-run" : "--json";
    const hint = "Leave one of them out";
    throw new QikError({ code: "usage", message: `Cannot use --watch with ${other}`, hint });
  }
  const { watchCommand } = await import("./watch.ts");
  return await watchCommand(parts, invocation, {
    // What git or the caches say of a task is about now; a later change may be about any.
    async watched({ project }) {
      await checkFilled(sys, project);
      return project.selection.selected;
    },
    async first(session) {
      const asked = changesAsked(invocation, session.project.settings);
      const narrowed = asked === undefined
        ? session
        : (await changedIn(sys, session, invocation, asked)).session;
      const chosen = await byCacheStatus(sys, narrowed, invocation);
      return selectedFor(narrowed.project, invocation, chosen);
    },
  });
}

/** The session narrowed to what a change selects, and why. */
async function changedIn(
  sys: Sys,
  session: Session,
  invocation: Invocation,
  against: Against,
): Promise<{ readonly session: Session; readonly reasons: Reasons }> {
  const [{ changedTasks }, { refreshLists }] = await Promise.all([
    import("./changed.ts"),
    import("./lists.ts"),
  ]);
  const { project } = session;
  const unlisted = await refreshLists(sys, session, invocation);
  const reasons = new Map([...unlisted, ...await changedTasks(sys, session, against)]);
  const chosen = project.selection.chosen.filter((index) => reasons.has(index));
  const selection = { chosen, selected: project.narrowed(chosen) };
  return { session: { ...session, project: { ...project, selection } }, reasons };
}

/** Narrows the selection to what a change selects, and goes on with that. What git says today is no proof for later. */
async function runChanged(
  sys: Sys,
  project: Project,
  invocation: Invocation,
  against: Against,
): Promise<Exit> {
  const all = await openSession(sys, project);
  const { session, reasons } = await changedIn(sys, all, invocation, against);
  const { chosen } = session.project.selection;
  const { ls, fail, dryRun } = invocation;
  if ((ls || (fail && !dryRun)) && invocation.cacheStatus === undefined) {
    return await list(sys, session.project, invocation, chosen, reasons);
  }
  await checkFilled(sys, session.project);
  return await runSelected(sys, session, invocation, reasons);
}

async function runSelected(
  sys: Sys,
  session: Session,
  invocation: Invocation,
  reasons?: Reasons,
): Promise<Exit> {
  const { project } = session;
  const { ls, fail, dryRun } = invocation;
  await session.caches.remotes.open(
    project.selection.selected.map((at) => project.plan.tasks[at]!),
  );
  if (dryRun) return await tellForecast(sys, session, invocation, reasons);
  const chosen = await byCacheStatus(sys, session, invocation);
  if (ls || fail) return await list(sys, project, invocation, chosen, reasons);
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

/** What `--since`, `--changed` or `--staged` compare with. */
function changesAsked(
  { changed, staged, exact, since: given }: Invocation,
  { since }: RunSettings,
): Against | undefined {
  const asked: Against[] = [];
  if (changed) asked.push({ kind: "changed" });
  if (staged) asked.push({ kind: "staged" });
  // The variable stands for the option only where no other one says what to compare with.
  if (since !== undefined && (given !== undefined || asked.length === 0)) {
    asked.push({ kind: "since", ref: since, exact });
  }
  if (exact && asked.at(-1)?.kind !== "since") {
    throw new QikError({
      code: "usage",
      message: "Cannot use --exact alone",
      hint: "Say since when: --since REF --exact",
    });
  }
  if (asked.length < 2) return asked[0];
  const [first, second] = asked.map(({ kind }) => `--${kind}`);
  throw new QikError({
    code: "usage",
    message: `Cannot use ${first} and ${second} together`,
    hint: "Compare with one thing at a time",
  });
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
  reasons?: Reasons,
): Promise<Exit> {
  const { listJson, listText } = await import("./list.ts");
  const tasks = chosen.map((index) => plan.tasks[index]!);
  const style = styleFor("out", { ...sys, emoji });
  print(sys, json ? listJson(tasks, reasons) : listText(tasks, verbosity === 2, style, reasons));
  return { code: fail && tasks.length > 0 ? 1 : 0 };
}

async function tellForecast(
  sys: Sys,
  session: Session,
  invocation: Invocation,
  reasons?: Reasons,
): Promise<Exit> {
  const { forecastJson, forecastText } = await import("./list.ts");
  const { json, emoji, cacheStatus, fail } = invocation;
  const { forecastOf } = await import("./forecast_session.ts");
  const all = await forecastOf(sys, session, session.project.selection.selected);
  const found = all.filter(({ status }) => cacheStatus === undefined || status === cacheStatus);
  const style = styleFor("out", { ...sys, emoji });
  print(sys, json ? forecastJson(found, reasons) : forecastText(found, style));
  return { code: fail && found.length > 0 ? 1 : 0 };
}

function print(sys: Sys, text: string): void {
  sys.terminal.write("out", new TextEncoder().encode(text));
}
