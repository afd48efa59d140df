import type { Problem } from "../base/problems.ts";
import type { Secrets } from "../base/secrets.ts";
import { VERSION } from "../base/version.ts";
import { recordRun } from "../cache/journal.ts";
import { prepareWorkDir } from "../cache/work_dir.ts";
import { type QikEvent, type Reporter, tee } from "../events/events.ts";
import type { Keyer } from "../hash/keyer.ts";
import type { Task } from "../plan/types.ts";
import { styleFor } from "../report/choose.ts";
import { Audit } from "../run/audit.ts";
import { DURATIONS_FILE, openDurations } from "../run/durations.ts";
import { MANIFEST_FILE, manifestReporter } from "../run/manifest_file.ts";
import { randomToken } from "../run/lock_card.ts";
import { openPerform } from "../run/perform.ts";
import type { PerformPorts } from "../run/ports.ts";
import { openRunTags, RUN_TAG } from "../run/run_tag.ts";
import { type RunResult, runTasks } from "../run/run.ts";
import type { Round } from "../run/watch.ts";
import { roundReporter, watchedKeyer } from "./round.ts";
import type { Sys } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";
import type { Exit } from "./parts.ts";
import type { LookAhead } from "./look_ahead.ts";
import { logReader, peopleReporter, type Shown, type ShownThrough } from "./people.ts";
import { openRecord } from "./record.ts";
import { stopOnSignal } from "./remotes.ts";
import { openRunCommands, type RunCommands } from "./run_commands.ts";
import type { Reports } from "./reports.ts";
import type { Session } from "./session.ts";
import { tidyStore } from "./tidy.ts";

/**
 * Runs the selected tasks and says what happens, to people and to the files in `._qik/out`.
 *
 * @param round Where the run is one of many, while watching.
 */
export async function startRun(
  sys: Sys,
  session: Session,
  invocation: Invocation,
  selected: readonly number[],
  round?: Round,
): Promise<Exit> {
  const { project: { plan, paths, settings, aside }, caches: { remotes } } = session;
  const { files, clock, processes } = sys;
  const [startedAt, unwritable] = [clock.now(), prepareWorkDir(files, paths.root)];
  const durations = openDurations(files, `${paths.root}/${DURATIONS_FILE}`);
  const tasks = selected.map((index) => plan.tasks[index]!);
  const reports = await reportsOf(sys, session, invocation);
  const shown = shownAs(session, invocation, tasks);
  const people = reports?.takes === "people"
    ? []
    : [await peopleReporter(await forPeople(sys, reports), paths.root, tasks.length, shown)];
  const manifest = aside ? [] : [manifestReporter(files, `${paths.root}/${MANIFEST_FILE}`)];
  const [record, ahead] = [openRecord(), await lookAhead(session, tasks)];
  const own = [durations.reporter, ...manifest, ...ahead.reporters, record.reporter];
  const all = tee([...reports?.reporters ?? [], ...people, ...own, roundReporter(round)]);
  const reporter = masked(all, session.project.secrets);
  const keyer = watchedKeyer(record.keyer(warningKeyer(session.keyer, reporter)), round);
  const ranBefore = (task: string) => durations.expectedMs(task) !== undefined;
  const warn = (problem: Problem) => reporter.on({ type: "problem", ...problem });
  [unwritable, busyProblem(session)].forEach((problem) => problem && warn(problem));
  remotes.listen(warn);
  await ahead.start();
  const commands = openRunCommands(sys, session.project, reporter);
  const result = await runTasks({
    version: VERSION,
    plan,
    selected,
    workers: settings.workers,
    failFast: invocation.failFast,
    clock,
    onSignal: round?.onSignal ?? processes.onSignal,
    onTerminalStop: commands.onTerminalStop,
    onKill: processes.killCaptures,
    reporter,
    ...(round && { onBegin: (run) => round.onBegin((stopped) => run.cutShort(stopped)) }),
    perform: openPerform({
      ...performPorts(sys, session, keyer, reporter, commands, ranBefore),
      saidUnwritable: unwritable !== undefined,
    }),
    expectedMs: durations.expectedMs,
    finish: (stop) => remotes.finish(stop),
    alarmed: () => record.alarmed,
  });
  await commands.close();
  const isProven = result.exit === 0 && mayProve(session, reports);
  // Loaded while git says which of the new names are ignored.
  const [prove] = await Promise.all([isProven ? import("./prove.ts") : undefined, session.save()]);
  noteRun(sys, session, startedAt, result);
  await prove?.saveProof(sys, session, { tasks, record, shown });
  await tidyStore(sys, session.project);
  const code = Math.max(result.exit, tellLost(sys, reports));
  return { code, ...(result.interrupted && { signal: result.interrupted }) };
}

/** Asks remotes before tasks do, where one takes part, and ends it all when the run is stopped. */
async function lookAhead(
  { project: { settings: { mode } }, caches, keyer }: Session,
  tasks: readonly Task[],
): Promise<Pick<LookAhead, "start" | "reporters">> {
  const stop = stopOnSignal(caches.remotes);
  if (!mode.read || !caches.remotes.areUsedBy(tasks)) {
    return { start: () => Promise.resolve(), reporters: [stop] };
  }
  const { LookAhead } = await import("./look_ahead.ts");
  const ahead = new LookAhead({ caches, keyer }, tasks, true);
  return { start: () => ahead.start(), reporters: [stop, ...ahead.reporters] };
}

/** What is seen while git works may be half of a change. */
function busyProblem({ tree: { busy }, project: { paths } }: Session): Problem | undefined {
  if (busy === undefined) return undefined;
  const path = busy.startsWith(`${paths.root}/`) ? busy.slice(paths.root.length + 1) : busy;
  const message = `Results are not stored: git is at work, "${path}" is there`;
  return { code: "git-busy", message };
}

/** One line in the store's journal. */
function noteRun(
  { files }: Sys,
  { project: { paths } }: Session,
  since: number,
  { counts: { hit, ran, failed }, savedMs }: RunResult,
): void {
  const executed = ran + failed;
  const all = { since, runs: 1, hits: hit, ran: executed, savedMs: Math.round(savedMs) };
  recordRun(files, paths.cacheDir, all);
}

/** Texts of events without secrets; output was masked before, because it comes in pieces. */
function masked(reporter: Reporter, secrets: Secrets): Reporter {
  return { on: (event) => reporter.on(secrets.deep(event)), close: () => reporter.close?.() };
}

/** Reports for machines, where the command line asks for any. */
async function reportsOf(
  sys: Sys,
  { project: { paths, settings: { verbosity } } }: Session,
  invocation: Invocation,
): Promise<Reports | undefined> {
  if (invocation.report.length === 0 && invocation.trace === undefined) return undefined;
  const { openReports, wantedReports } = await import("./reports.ts");
  const style = styleFor("out", { ...sys, emoji: invocation.emoji });
  const readLog = logReader(sys, paths.root);
  const parts = { style, verbosity, readLog, token: randomToken };
  return await openReports(sys, wantedReports(invocation), parts);
}

/** @returns 1 where a report is not whole, so that nobody takes what there is for all. */
function tellLost({ terminal }: Sys, reports: Reports | undefined): number {
  const lost = reports?.lost() ?? [];
  for (const line of lost) terminal.write("err", new TextEncoder().encode(`${line}\n`));
  return lost.length === 0 ? 0 : 1;
}

/** Where a report takes standard output, people read standard error. */
async function forPeople(sys: Sys, reports: Reports | undefined): Promise<ShownThrough> {
  if (reports?.takes !== "stdout") return sys;
  const { onStandardError } = await import("./reports.ts");
  return { ...sys, terminal: onStandardError(sys.terminal) };
}

function shownAs(
  { project: { settings } }: Session,
  { emoji, raw }: Invocation,
  tasks: readonly Task[],
): Shown {
  const { verbosity } = settings;
  // A command that owns the terminal must not be drawn over: then output goes through as it comes.
  const workers = tasks.some(({ command }) => command.interactive) ? 1 : settings.workers;
  return { workers, verbosity, emoji, raw };
}

/**
 * Whether the next run may believe what this one finds: it read the caches, as that one will. Reports are not made
 * from a proof.
 */
function mayProve(
  { project: { settings: { mode, signers, audit } }, witness, tree }: Session,
  reports: Reports | undefined,
): boolean {
  const watched = witness !== undefined && !witness.doubts;
  const isUsual = mode.read && mode.write && signers === undefined &&
    audit === undefined;
  return isUsual && watched && reports === undefined && tree.busy === undefined;
}

function performPorts(
  sys: Sys,
  session: Session,
  keyer: Pick<Keyer, "key">,
  reporter: Reporter,
  commands: RunCommands,
  ranBefore: (task: string) => boolean,
): PerformPorts {
  const { files, clock, processes } = sys;
  const { project: { paths, settings, secrets }, caches, tree, environment, world } = session;
  const { executor, locks } = commands;
  return {
    root: paths.root,
    files,
    clock,
    reporter,
    executor,
    locks,
    jobs: commands.jobs,
    async callCode(task, code, request) {
      const { callCode } = await import("../run/call_code.ts");
      const learn = (env: Readonly<Record<string, string>>) => secrets.learn(env);
      const { root } = paths;
      return callCode({ files, clock, executor, root, world, learn }, task, code, request);
    },
    keyer,
    caches: (name) => caches.get(name),
    mode: tree.busy === undefined ? settings.mode : { ...settings.mode, write: false },
    environment,
    mask: () => secrets.stream(),
    tag: openRunTags(processes.pid, sys.env[RUN_TAG]),
    argv: (task) => argvOf(task, sys),
    ...(settings.audit !== undefined && {
      audit: new Audit(settings.audit, reporter, (task) => caches.artifactsOnDisk(task)),
    }),
    restorePlace: (task) => session.restorePlace(task),
    explainMiss: (task, { key, explanation }) =>
      caches.explainMiss(task, key, explanation(), ranBefore(task.name)),
    stands: session.stands,
    changed(task) {
      tree.invalidate();
      if (task.stands !== undefined) session.rebuilt();
    },
    settled: (task, result) => session.keyer.settle(task, result),
  };
}

function pointerProblem({ name, command: { place } }: Task, pointers: readonly string[]): QikEvent {
  const more = pointers.length - 1;
  const what = more === 0
    ? "is a Git LFS pointer, not its content"
    : `and ${more} more are Git LFS pointers, not their content`;
  const message = `The input "${pointers[0]}" of "${name}" ${what}`;
  return { type: "problem", code: "lfs-pointer", message, task: name, place };
}

/** What stands for one file by its name was made by qik. */
function asWritten(glob: string): string {
  return glob.replace(/^:\(literal\)/, "");
}

/** Keys as they are, with one warning for each glob that matched nothing and each input that is only a pointer. */
function warningKeyer(keyer: Keyer, reporter: Reporter): Pick<Keyer, "key"> {
  const warned = new Set<string>();
  return {
    async key(task) {
      const keyed = await keyer.key(task);
      for (const glob of keyed.unmatched.filter((glob) => !warned.has(glob))) {
        warned.add(glob);
        const message = `The glob "${asWritten(glob)}" of "${task.name}" matches no file`;
        const { place } = task.command;
        reporter.on({ type: "problem", code: "glob-empty", message, task: task.name, place });
      }
      const { name, place } = task.space;
      for (const path of keyed.lacking.filter((path) => !warned.has(`${name} ${path}`))) {
        warned.add(`${name} ${path}`);
        const message = `The requirement file "${
          asWritten(path)
        }" of the space "${name}" is not there`;
        const hint = "Mend its path in the venv, or write the file";
        reporter.on({ type: "problem", code: "glob-empty", message, hint, task: task.name, place });
      }
      const pointers = keyed.pointers.filter((path) => !warned.has(`:${path}`));
      for (const path of pointers) warned.add(`:${path}`);
      if (pointers.length > 0) reporter.on(pointerProblem(task, pointers));
      return keyed;
    },
  };
}

/** The process of a task: its argument list, or its text given to its shell. */
function argvOf({ exec, shell }: Task, { machine }: Sys): readonly string[] {
  if (typeof exec !== "string") return exec;
  const isCmd = machine.platform === "windows" && (shell === "sh" || shell === "cmd");
  return isCmd ? ["cmd", "/d", "/s", "/c", exec] : [shell, "-c", exec];
}
