import { remainingPaths, reversed } from "./longest_path.ts";
import { Schedule, type ScheduleRequest } from "./schedule.ts";

/** A request whose durations are all numbers. */
interface Known extends ScheduleRequest {
  readonly expectedMs: readonly number[];
}

/** What is shorter is not worth thinking about. */
const SHORTEST_MS = 1000;
/** Tasks tried over all orders: about 2 ms of work, so that a run whose tasks are all hits does not notice it. */
const MOST_STEPS = 2400;
const MOST_ORDERS = 300;
/** An order that is so near to what is possible at all is good enough. */
const NEAR = 1.01;

/**
 * Looks for an order in which a few tasks end sooner than by longest path first, which knows nothing of weights and
 * pools and may take half as long again because of them. Tries orders on the schedule itself, with the durations that
 * are known, changing the best one at random places; the same request gives the same answer.
 *
 * @returns For each task its rank, the highest first, for {@link ScheduleRequest.rank}; `undefined` where longest
 * path first is as good, durations are unknown, or there are too many tasks to try.
 */
export function betterOrder(request: ScheduleRequest): readonly number[] | undefined {
  const { needs, expectedMs = [] } = request;
  const tasks = needs.length;
  if (tasks < 3 || tasks > MOST_STEPS / 20 || !needs.every((_, at) => (expectedMs[at] ?? 0) > 0)) {
    return undefined;
  }
  const known = request as Known;
  const enough = NEAR * leastMs(known);
  const first = tried(known);
  if (first.tookMs <= enough || first.tookMs < SHORTEST_MS) return undefined;
  const best = searched(known, first, enough);
  // The durations are only expected: what is no better by much is not worth leaving the plain rule.
  if (best.tookMs * NEAR >= first.tookMs) return undefined;
  const rank = new Array<number>(tasks);
  best.order.forEach((task, at) => rank[task] = tasks - at);
  return rank;
}

/** An order of starting, and how long the whole takes. */
interface Tried {
  readonly order: readonly number[];
  readonly tookMs: number;
}

function searched(request: Known, first: Tried, enough: number): Tried {
  const tasks = request.needs.length;
  const next = numbers();
  let best = first;
  for (
    let left = Math.min(MOST_ORDERS, Math.floor(MOST_STEPS / tasks));
    left > 0 && best.tookMs > enough;
    left--
  ) {
    const order = best.order.slice();
    for (let changes = 1 + next(2); changes > 0; changes--) {
      const [moved] = order.splice(next(tasks), 1);
      order.splice(next(tasks), 0, moved!);
    }
    const one = tried(request, order);
    if (one.tookMs <= best.tookMs) best = one;
  }
  return best;
}

/** Runs the schedule with tasks that take just what is expected. */
function tried(request: Known, wanted?: readonly number[]): Tried {
  const { needs, expectedMs } = request;
  const rank = new Array<number>(needs.length);
  wanted?.forEach((task, at) => rank[task] = needs.length - at);
  const schedule = new Schedule(wanted === undefined ? request : { ...request, rank });
  const running: { readonly task: number; readonly endsAt: number }[] = [];
  const order: number[] = [];
  let now = 0;
  for (;;) {
    for (let task = schedule.next(); task !== undefined; task = schedule.next()) {
      order.push(task);
      running.push({ task, endsAt: now + expectedMs[task]! });
    }
    if (running.length === 0) return { order, tookMs: now };
    let soonest = 0;
    for (let at = 1; at < running.length; at++) {
      if (running[at]!.endsAt < running[soonest]!.endsAt) soonest = at;
    }
    const [ended] = running.splice(soonest, 1);
    now = ended!.endsAt;
    schedule.finish(ended!.task, "done");
  }
}

/** No order is faster: the longest path, all work spread evenly, and each pool's. */
function leastMs({ needs, expectedMs, workers, weight, alone, pool, poolLimits }: Known): number {
  let all = 0;
  const pools = new Map<string, number>();
  for (let task = 0; task < needs.length; task++) {
    const ms = expectedMs[task]!;
    all += ms * (alone?.[task] ? workers : Math.min(workers, weight?.[task] ?? 1));
    const name = pool?.[task];
    if (name !== undefined) pools.set(name, (pools.get(name) ?? 0) + ms);
  }
  const ofPools = Array.from(pools, ([name, ms]) => ms / (poolLimits?.get(name) ?? 1));
  const paths = remainingPaths(needs, reversed(needs), expectedMs);
  return Math.max(all / Math.max(1, workers), ...paths, ...ofPools);
}

/** Numbers below a bound that look random and are the same each time. */
function numbers(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}
