import { type Forecast, forecast } from "./forecast.ts";
import type { Session } from "./session.ts";

/** What a run would do with each of the selected tasks; see {@link forecast}. */
export async function forecastOf(
  session: Session,
  selected: readonly number[],
): Promise<readonly Forecast[]> {
  const { project: { plan, settings: { mode } }, keyer, caches } = session;
  const found = await forecast({
    plan,
    keyer,
    caches: (name) => caches.get(name),
    reads: mode.read,
    explainMiss: (task, key, lines) => caches.explainMiss(task, key, lines),
    restorePlace: (task) => session.restorePlace(task),
  }, selected);
  session.save();
  return found;
}
