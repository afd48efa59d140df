import assert from "node:assert/strict";
import { betterOrder } from "../../lib/run/better_order.ts";
import { Schedule } from "../../lib/run/schedule.ts";
import { pick, random } from "../support/random.ts";

interface Case {
  readonly needs: readonly (readonly number[])[];
  readonly ms: readonly number[];
  readonly weight: readonly number[];
  readonly pool: readonly (string | undefined)[];
  readonly workers: number;
}

function someCase(next: (below: number) => number): Case {
  const size = 2 + next(5);
  const tasks = [...Array(size).keys()];
  return {
    needs: tasks.map((task) => tasks.filter((other) => other < task && next(4) === 0)),
    ms: tasks.map(() => 1000 * (1 + next(50))),
    weight: tasks.map(() => next(4) === 0 ? 2 : 1),
    pool: tasks.map(() => pick([undefined, undefined, "a"], next)),
    workers: 2 + next(2),
  };
}

/** How long a run takes whose next task is chosen by `choose`, each task taking just what was expected. */
function lengthOf(
  { ms }: Case,
  choose: () => number | undefined,
  end: (task: number) => void,
): number {
  const running = new Map<number, number>();
  for (let now = 0;;) {
    for (let task = choose(); task !== undefined; task = choose()) {
      running.set(task, now + ms[task]!);
    }
    if (running.size === 0) return now;
    const [first, at] = [...running].reduce((best, one) => one[1] < best[1] ? one : best);
    now = at;
    running.delete(first);
    end(first);
  }
}

function byQik(it: Case): number {
  const { needs, workers, weight, pool, ms } = it;
  const poolLimits = new Map([["a", 1]]);
  const request = { needs, workers, weight, pool, expectedMs: ms, poolLimits };
  const rank = betterOrder(request);
  const schedule = new Schedule(rank === undefined ? request : { ...request, rank });
  return lengthOf(it, () => schedule.next(), (task) => void schedule.finish(task, "done"));
}

/** A list schedule: whenever something may start, the first of the list that may. */
function byList(it: Case, list: readonly number[]): number {
  const open = new Set(list);
  const done = new Set<number>();
  let free = it.workers;
  let poolFree = 1;
  const mayStart = (task: number) =>
    open.has(task) && it.weight[task]! <= free && it.needs[task]!.every((need) => done.has(need)) &&
    (it.pool[task] === undefined || poolFree > 0);
  const take = (task: number, sign: 1 | -1) => {
    free -= sign * it.weight[task]!;
    if (it.pool[task] !== undefined) poolFree -= sign;
  };
  return lengthOf(it, () => {
    const task = list.find(mayStart);
    if (task !== undefined) {
      open.delete(task);
      take(task, 1);
    }
    return task;
  }, (task) => {
    done.add(task);
    take(task, -1);
  });
}

function* orders(tasks: readonly number[]): Generator<readonly number[]> {
  if (tasks.length < 2) return void (yield tasks);
  for (const first of tasks) {
    for (const rest of orders(tasks.filter((task) => task !== first))) yield [first, ...rest];
  }
}

Deno.test("schedule: within 5 % of the best list schedule of each random graph, with pools and weights", () => {
  const next = random(20);
  let [sum, bestSum, worst] = [0, 0, 1];
  const rounds = Deno.env.get("QIK_LONG") === "1" ? 10_000 : 400;
  for (let round = 0; round < rounds; round++) {
    const it = someCase(next);
    const length = byQik(it);
    const best = Math.min(...[...orders([...it.ms.keys()])].map((list) => byList(it, list)));
    assert(length >= Math.max(...it.ms), "no task is left out");
    [sum, bestSum] = [sum + length, bestSum + best];
    worst = Math.max(worst, length / best);
  }
  console.log(
    `sum ${(sum / bestSum).toFixed(3)}, worst ${worst.toFixed(2)} of the best list schedule`,
  );
  assert(worst <= 1.05, `${worst}`);
});
