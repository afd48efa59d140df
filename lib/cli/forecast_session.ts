import { DURATIONS_FILE, openDurations } from "../run/durations.ts";
import type { Sys } from "../sys/sys.ts";
import { type Forecast, forecast } from "./forecast.ts";
import type { Session } from "./session.ts";

/** What a run would do with each of the selected tasks; see {@link forecast}. */
export async function forecastOf(
  sys: Sys,
  session: Session,
  selected: readonly number[],
): Promise<readonly Forecast[]> {
  const { project: { plan, paths, settings: { mode } }, keyer, caches } = session;
  if (mode.read) await lookAhead(sys, session, selected);
  const durations = openDurations(sys.files, `${paths.root}/${DURATIONS_FILE}`);
  const found = await forecast({
    plan,
    keyer,
    caches: (name) => caches.get(name),
    reads: mode.read,
    explainMiss: (task, key, lines) =>
      caches.explainMiss(task, key, lines, durations.expectedMs(task.name) !== undefined),
    restorePlace: (task) => session.restorePlace(task),
    stands: session.stands,
  }, selected);
  await session.save();
  return found;
}

/** Asks remotes for all that can be asked at once, and lets them say on standard error what went wrong. */
async function lookAhead(sys: Sys, session: Session, selected: readonly number[]): Promise<void> {
  const { project: { plan, settings: { verbosity } }, caches: { remotes } } = session;
  const tasks = selected.map((index) => plan.tasks[index]!);
  if (!remotes.areUsedBy(tasks)) return;
  const { LookAhead } = await import("./look_ahead.ts");
  const { createWarnings } = await import("../report/problems.ts");
  const { styleFor } = await import("../report/choose.ts");
  const warnings = createWarnings(verbosity, styleFor("err", { ...sys, emoji: false }));
  remotes.listen((problem) => {
    const text = warnings.add({ type: "problem", ...problem });
    sys.terminal.write("err", new TextEncoder().encode(text));
  });
  await new LookAhead(session, tasks, false).start();
}
