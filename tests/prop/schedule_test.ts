import assert from "node:assert/strict";
import fc from "fast-check";
import { Schedule, type ScheduleRequest } from "../../lib/run/schedule.ts";

interface Case {
  readonly request: ScheduleRequest & { readonly workers: number };
  /** Tasks that fail when they run. */
  readonly fails: readonly boolean[];
  /** Which of the running tasks ends next, as a fraction. */
  readonly picks: readonly number[];
  /** The run is stopped after so many ends; may be more than there are. */
  readonly stopAfter: number;
}

const cases: fc.Arbitrary<Case> = fc.integer({ min: 0, max: 12 }).chain((size) => {
  const each = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: size, maxLength: size });
  return fc.record({
    rank: fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
    edges: each(each(fc.boolean())),
    sparse: each(each(fc.boolean())),
    workers: fc.integer({ min: 1, max: 5 }),
    weight: each(fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined })),
    alone: each(fc.integer({ min: 0, max: 7 }).map((n) => n === 0)),
    pool: each(fc.constantFrom(undefined, undefined, "a", "b")),
    limit: fc.integer({ min: 1, max: 3 }),
    expectedMs: each(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined })),
    fails: each(fc.integer({ min: 0, max: 5 }).map((n) => n === 0)),
    picks: each(fc.double({ min: 0, max: 0.999, noNaN: true })),
    stopAfter: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: size })),
  }).map((raw) => ({
    request: {
      // A task needs only tasks of lower rank, so there are no cycles.
      needs: raw.rank.map((rank, task) =>
        [...Array(size).keys()].filter((other) =>
          raw.rank[other]! < rank && raw.edges[task]![other]! && raw.sparse[task]![other]!
        )
      ),
      workers: raw.workers,
      weight: raw.weight,
      alone: raw.alone,
      pool: raw.pool,
      poolLimits: new Map([["a", raw.limit]]),
      expectedMs: raw.expectedMs,
    },
    fails: raw.fails,
    picks: raw.picks,
    stopAfter: raw.stopAfter,
  }));
});

/** The rules by definition: slow and obvious. */
class Oracle {
  readonly ended = new Map<number, string>();
  readonly running = new Set<number>();
  constructor(readonly request: Case["request"]) {}

  mayStart(task: number): boolean {
    return !this.ended.has(task) && !this.running.has(task) &&
      this.request.needs[task]!.every((need) => this.ended.get(need) === "done") &&
      this.used() + this.weight(task) <= this.request.workers &&
      this.inPool(this.request.pool![task]) < this.limit(this.request.pool![task]);
  }
  weight(task: number): number {
    if (this.request.alone![task]) return this.request.workers;
    return Math.min(this.request.workers, this.request.weight![task] ?? 1);
  }
  used(): number {
    return [...this.running].reduce((sum, task) => sum + this.weight(task), 0);
  }
  inPool(pool: string | undefined): number {
    return [...this.running].filter((task) => this.request.pool![task] === pool).length;
  }
  limit(pool: string | undefined): number {
    return pool === undefined ? Infinity : this.request.poolLimits!.get(pool) ?? 1;
  }
  /** Time from a task's start to the end of the longest chain behind it. */
  path(task: number): number {
    const known = this.request.expectedMs!.filter((ms) => ms !== undefined).sort((a, b) => a - b);
    const own = this.request.expectedMs![task] ?? known[known.length >> 1] ?? 1;
    const users = this.request.needs.flatMap((needs, user) => needs.includes(task) ? [user] : []);
    return own + Math.max(0, ...users.map((user) => this.path(user)));
  }
  /** All that need `task`, directly or through others. */
  users(task: number): Set<number> {
    const found = new Set([task]);
    for (let size = 0; size !== found.size;) {
      size = found.size;
      this.request.needs.forEach((needs, user) => {
        if (needs.some((need) => found.has(need))) found.add(user);
      });
    }
    found.delete(task);
    return found;
  }
  end(task: number, as: string): void {
    assert(!this.ended.has(task), `task ${task} ended twice`);
    this.ended.set(task, as);
  }
}

function start(schedule: Schedule, oracle: Oracle): void {
  const all = [...oracle.request.needs.keys()];
  for (let task = schedule.next(); task !== undefined; task = schedule.next()) {
    assert(oracle.mayStart(task), `task ${task} may not start`);
    for (const other of all.filter((other) => oracle.mayStart(other))) {
      assert(oracle.path(other) <= oracle.path(task), `${other} should start before ${task}`);
      if (oracle.path(other) === oracle.path(task)) assert(other >= task, "plan order");
    }
    oracle.running.add(task);
    const workers = [...oracle.running].map((running) => schedule.worker(running));
    assert.equal(new Set(workers).size, workers.length, "worker numbers are unique");
    assert(workers.every((worker) => worker >= 1 && worker <= oracle.request.workers));
  }
  // With nothing running, nothing may hold a task back.
  if (oracle.running.size === 0) assert(!all.some((task) => oracle.mayStart(task)), "stuck");
}

function finish(schedule: Schedule, oracle: Oracle, task: number, failed: boolean): void {
  oracle.running.delete(task);
  oracle.end(task, failed ? "failed" : "done");
  const skipped = schedule.finish(task, failed ? "failed" : "done");
  const expected = failed ? [...oracle.users(task)].filter((user) => !oracle.ended.has(user)) : [];
  assert.deepEqual(skipped.map((one) => one.task).sort(), expected.sort());
  for (const one of skipped) {
    assert.equal(one.because, task);
    oracle.end(one.task, "skipped");
  }
}

function stop(schedule: Schedule, oracle: Oracle): void {
  for (const task of schedule.stop()) oracle.end(task, "cancelled");
  assert.equal(schedule.next(), undefined);
}

Deno.test("schedule: agrees with the definition on random graphs", () => {
  fc.assert(
    fc.property(cases, ({ request, fails, picks, stopAfter }) => {
      const schedule = new Schedule(request);
      const oracle = new Oracle(request);
      let ends = 0;
      let stopped = false;
      for (;;) {
        if (ends >= stopAfter && !stopped) {
          stop(schedule, oracle);
          stopped = true;
        }
        if (!stopped) start(schedule, oracle);
        const running = [...oracle.running];
        if (running.length === 0) break;
        const task = running[Math.floor(picks[ends % picks.length]! * running.length)]!;
        finish(schedule, oracle, task, fails[task]!);
        ends += 1;
      }
      assert.equal(oracle.ended.size, request.needs.length, "every task ended");
      assert.equal(schedule.ended, true);
      oracle.ended.forEach((as, task) => assert.equal(schedule.state(task), as));
    }),
    { numRuns: 1500, seed: 4711 },
  );
});
