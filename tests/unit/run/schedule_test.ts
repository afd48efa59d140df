import assert from "node:assert/strict";
import { Schedule } from "../../../lib/run/schedule.ts";

/** Starts all that may start now. */
function startAll(schedule: Schedule): number[] {
  const started: number[] = [];
  for (let task = schedule.next(); task !== undefined; task = schedule.next()) started.push(task);
  return started;
}

Deno.test("schedule: a task waits for all that it needs", () => {
  const schedule = new Schedule({ needs: [[], [], [0, 1]], workers: 4 });
  assert.deepEqual(startAll(schedule), [0, 1]);
  schedule.finish(1, "done");
  assert.equal(schedule.state(2), "waiting");
  assert.deepEqual(startAll(schedule), []);
  schedule.finish(0, "done");
  assert.deepEqual(startAll(schedule), [2]);
  assert.equal(schedule.ended, false);
  schedule.finish(2, "done");
  assert.equal(schedule.ended, true);
});

Deno.test("schedule: a need named twice counts once it is done", () => {
  const schedule = new Schedule({ needs: [[], [0, 0]], workers: 1 });
  startAll(schedule);
  schedule.finish(0, "done");
  assert.deepEqual(startAll(schedule), [1]);
});

Deno.test("schedule: the longest remaining path starts first, then plan order", () => {
  // 0 is short and alone; 1 leads to the long 3; 2 is as long as 0.
  const schedule = new Schedule({
    needs: [[], [], [], [1]],
    workers: 1,
    expectedMs: [5, 1, 5, 100],
  });
  const order: number[] = [];
  for (let task = schedule.next(); task !== undefined; task = schedule.next()) {
    order.push(task);
    schedule.finish(task, "done");
  }
  assert.deepEqual(order, [1, 3, 0, 2]);
});

Deno.test("schedule: an unknown duration is the median of the known ones", () => {
  const first = (expectedMs: (number | undefined)[]) =>
    new Schedule({ needs: expectedMs.map(() => []), workers: 1, expectedMs }).next();
  assert.equal(first([undefined, 10, 30, 20]), 2);
  assert.equal(first([10, undefined, 15, 90]), 3);
  assert.equal(first([10, undefined, 15]), 1);
  assert.equal(first([undefined, undefined]), 0);
});

Deno.test("schedule: a failure skips all that wait for it and names it", () => {
  const schedule = new Schedule({ needs: [[], [0], [1], [], [3, 2]], workers: 2 });
  assert.deepEqual(startAll(schedule), [0, 3]);
  assert.deepEqual(schedule.finish(0, "failed"), [
    { task: 1, because: 0 },
    { task: 2, because: 0 },
    { task: 4, because: 0 },
  ]);
  assert.equal(schedule.state(4), "skipped");
  assert.deepEqual(schedule.finish(3, "done"), []);
  assert.equal(schedule.ended, true);
});

Deno.test("schedule: after a stop nothing starts and running tasks end", () => {
  const schedule = new Schedule({ needs: [[], [], [0], [2]], workers: 1 });
  assert.equal(schedule.next(), 0);
  assert.deepEqual(schedule.stop(), [1, 2, 3]);
  assert.equal(schedule.next(), undefined);
  assert.equal(schedule.ended, false);
  schedule.finish(0, "done");
  assert.equal(schedule.next(), undefined);
  assert.equal(schedule.ended, true);
  assert.deepEqual(schedule.stop(), []);
});

Deno.test("schedule: worker numbers are the lowest free ones", () => {
  const schedule = new Schedule({ needs: [[], [], [], [], []], workers: 3 });
  assert.deepEqual(startAll(schedule).map((task) => schedule.worker(task)), [1, 2, 3]);
  schedule.finish(1, "done");
  assert.deepEqual(startAll(schedule).map((task) => schedule.worker(task)), [2]);
  schedule.finish(2, "failed");
  schedule.finish(0, "done");
  assert.deepEqual(startAll(schedule).map((task) => schedule.worker(task)), [1]);
  assert.throws(() => schedule.worker(0), /no worker: done/);
});

Deno.test("schedule: a pool limits its own tasks only", () => {
  const schedule = new Schedule({
    needs: [[], [], [], [], []],
    workers: 4,
    pool: ["db", "db", "db", undefined, "unlisted"],
    poolLimits: new Map([["db", 2]]),
  });
  assert.deepEqual(startAll(schedule), [0, 1, 3, 4]);
  schedule.finish(3, "done");
  assert.deepEqual(startAll(schedule), []);
  schedule.finish(0, "done");
  assert.deepEqual(startAll(schedule), [2]);
});

Deno.test("schedule: a pool without a limit runs one task at a time", () => {
  const schedule = new Schedule({ needs: [[], []], workers: 4, pool: ["x", "x"] });
  assert.deepEqual(startAll(schedule), [0]);
  const never = new Schedule({
    needs: [[]],
    workers: 1,
    pool: ["x"],
    poolLimits: new Map([["x", 0]]),
  });
  assert.deepEqual(startAll(never), [0]);
});

Deno.test("schedule: a heavy task gets its turn and runs even where it is too heavy", () => {
  const schedule = new Schedule({
    needs: [[], [], []],
    workers: 2,
    weight: [undefined, 9, undefined],
    expectedMs: [9, 5, 1],
  });
  assert.deepEqual(startAll(schedule), [0]);
  schedule.finish(0, "done");
  assert.deepEqual(startAll(schedule), [1]);
  schedule.finish(1, "done");
  assert.deepEqual(startAll(schedule), [2]);
});

Deno.test("schedule: a task that wants the machine for itself runs alone", () => {
  const schedule = new Schedule({ needs: [[], [], []], workers: 8, alone: [false, true, false] });
  assert.deepEqual(startAll(schedule), [0]);
  schedule.finish(0, "done");
  assert.deepEqual(startAll(schedule), [1]);
  schedule.finish(1, "done");
  assert.deepEqual(startAll(schedule), [2]);
});

Deno.test("schedule: transitions outside the table are bugs", () => {
  const schedule = new Schedule({ needs: [[], [0]], workers: 1 });
  assert.throws(() => schedule.finish(0, "done"), /cannot go from ready to done/);
  assert.throws(() => schedule.finish(1, "failed"), /cannot go from waiting to failed/);
  startAll(schedule);
  schedule.finish(0, "failed");
  assert.throws(() => schedule.finish(0, "done"), /cannot go from failed to done/);
});

Deno.test("schedule: a cycle is a bug of the caller", () => {
  assert.throws(() => new Schedule({ needs: [[1], [0]], workers: 1 }), /need each other/);
});

Deno.test("schedule: nothing selected has ended at once", () => {
  const schedule = new Schedule({ needs: [], workers: 1 });
  assert.equal(schedule.ended, true);
  assert.equal(schedule.next(), undefined);
});

/** Runs everything and counts; a rescan per step would need 10^10 steps here and never come back. */
function runThrough(needs: readonly (readonly number[])[], workers: number): number {
  const schedule = new Schedule({ needs, workers });
  const running: number[] = [];
  let ended = 0;
  for (;;) {
    for (let task = schedule.next(); task !== undefined; task = schedule.next()) running.push(task);
    const task = running.shift();
    if (task === undefined) break;
    schedule.finish(task, "done");
    ended += 1;
  }
  assert.equal(schedule.ended, true);
  return ended;
}

Deno.test("schedule: a chain of 100,000 tasks", () => {
  const chain = Array.from({ length: 100_000 }, (_, i) => i === 0 ? [] : [i - 1]);
  assert.equal(runThrough(chain, 4), 100_000);
});

Deno.test("schedule: 100,000 tasks that all need one and are all needed by one", () => {
  const middle = Array.from({ length: 99_998 }, () => [0]);
  const all = Array.from({ length: 99_998 }, (_, i) => i + 1);
  assert.equal(runThrough([[], ...middle, all], 16), 100_000);
});

Deno.test("schedule: a failure at the head of 100,000 tasks skips them all", () => {
  const chain = Array.from({ length: 100_000 }, (_, i) => i === 0 ? [] : [i - 1]);
  const schedule = new Schedule({ needs: chain, workers: 1 });
  schedule.next();
  assert.equal(schedule.finish(0, "failed").length, 99_999);
  assert.equal(schedule.ended, true);
});
