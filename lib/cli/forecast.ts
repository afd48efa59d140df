import { QikError } from "../base/problems.ts";
import type { Cache, Lookup, Manifest, RestorePlace } from "../cache/cache.ts";
import type { KeyedTask, Keyer } from "../hash/keyer.ts";
import type { Plan, Task } from "../plan/types.ts";
import { isWanted, NOT_THERE } from "../run/result.ts";

/** What a run would do with a task, as far as that can be told without running anything. */
export interface Forecast {
  readonly task: Task;
  readonly status: "warm" | "cold";
  /** Unset where what the task needs must run first, and where it is never cached. */
  readonly key?: string;
  /** For cold tasks one plain line. */
  readonly why?: string;
  /** For warm tasks what would be replayed. */
  readonly manifest?: Manifest;
  /** Lines of the key's explanation, where there is a key. */
  readonly explanation?: () => readonly string[];
}

/** What a forecast asks. */
export interface ForecastPorts {
  readonly plan: Plan;
  readonly keyer: Keyer;
  readonly caches: (name: string) => Cache;
  /** False under `--force` and `--no-cache`: nothing would be replayed. */
  readonly reads: boolean;
  readonly explainMiss: (task: Task, key: string, lines: readonly string[]) => string;
  readonly restorePlace: (task: Task) => RestorePlace;
  /** See `TaskSpec.stands`. */
  readonly stands: (task: Task) => boolean;
}

/**
 * Looks up tasks in the order in which they would run. Executes nothing.
 *
 * @param selected Task indices.
 * @returns One forecast per task, in the order of the plan.
 */
export async function forecast(
  ports: ForecastPorts,
  selected: readonly number[],
): Promise<readonly Forecast[]> {
  const wanted = new Set(selected);
  const found = new Map<number, Forecast>();
  for (const index of ports.plan.order) {
    if (!wanted.has(index)) continue;
    const task = ports.plan.tasks[index]!;
    const waits = openNeed(task, ports.plan, found);
    found.set(index, waits === undefined ? await lookUp(ports, task) : afterOther(task, waits));
  }
  return selected.map((index) => found.get(index)!);
}

/** A needed task whose artifacts are not known before it ran. */
function openNeed(
  task: Task,
  plan: Plan,
  found: ReadonlyMap<number, Forecast>,
): Task | undefined {
  const open = task.needs.find(({ task: need, orderOnly }) => {
    const upstream = found.get(need);
    if (orderOnly || upstream === undefined || upstream.status === "warm") return false;
    if (upstream.task.artifacts.length > 0) return true;
    return upstream.task.cacheable && upstream.key === undefined;
  });
  return open === undefined ? undefined : plan.tasks[open.task];
}

function afterOther(task: Task, upstream: Task): Forecast {
  if (!task.cacheable) return uncached(task);
  return { task, status: "cold", why: `"${upstream.name}" runs first` };
}

function uncached(task: Task): Forecast {
  const why = task.command.interactive
    ? "interactive commands are not cached"
    : task.command.hasDeps
    ? "its cache is none"
    : "it has no deps, so it is never cached";
  return { task, status: "cold", why };
}

async function lookUp(ports: ForecastPorts, task: Task): Promise<Forecast> {
  const { keyer } = ports;
  if (!task.cacheable) {
    if (task.artifacts.length === 0) keyer.settle(task, undefined);
    return uncached(task);
  }
  try {
    const keyed = await keyer.key(task);
    const { key } = keyed;
    const explanation = () => keyed.explanation();
    const { manifest, why } = await answerOf(ports, task, keyed);
    if (manifest !== undefined) {
      keyer.settle(task, { key, artifacts: manifest.artifacts });
      return { task, status: "warm", key, manifest, explanation };
    }
    // Without artifacts the key alone is handed on; with artifacts its users wait (see openNeed).
    if (task.artifacts.length === 0) keyer.settle(task, { key, artifacts: [] });
    return { task, status: "cold", key, why, explanation };
  } catch (error) {
    // A dependency that cannot be read now may be written by a task that runs first.
    if (!(error instanceof QikError)) throw error;
    return { task, status: "cold", why: error.message };
  }
}

/** What a run would replay, or why it would replay nothing. */
async function answerOf(
  ports: ForecastPorts,
  task: Task,
  { key, explanation }: Pick<KeyedTask, "key" | "explanation">,
): Promise<
  | { readonly manifest: Manifest; readonly why?: undefined }
  | { readonly manifest?: undefined; readonly why: string }
> {
  if (!ports.reads) return { why: "caches are not read" };
  const lookup: Lookup = await ports.caches(task.cache).get(key);
  if (!lookup.found) {
    if (lookup.reason === "failed") return { why: lookup.detail };
    if (lookup.reason === "damaged") return { why: `damaged entry: ${lookup.detail}` };
    return { why: lookup.detail ?? ports.explainMiss(task, key, explanation()) };
  }
  const { manifest } = lookup.hit;
  if (!isWanted(task, manifest.exit)) {
    return { why: `the cached result has exit code ${manifest.exit}` };
  }
  if (!ports.stands(task)) return { why: NOT_THERE };
  const obstacle = await lookup.hit.obstacle?.(ports.restorePlace(task));
  return obstacle === undefined ? { manifest } : { why: obstacle };
}
