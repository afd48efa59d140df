import assert from "node:assert/strict";
import { betterOrder } from "../../../lib/run/better_order.ts";
import { Schedule, type ScheduleRequest } from "../../../lib/run/schedule.ts";

/** Two workers; by longest path the heavy one comes second and waits, with a worker idle beside the first. */
const REQUEST: ScheduleRequest = {
  needs: [[], [], [], []],
  workers: 2,
  weight: [1, 2, 1, 1],
  expectedMs: [4000, 3000, 2000, 2000],
};

function started(request: ScheduleRequest): number[] {
  const schedule = new Schedule(request);
  const tasks: number[] = [];
  for (let task = schedule.next(); task !== undefined; task = schedule.next()) tasks.push(task);
  return tasks;
}

Deno.test("better order: what is light goes beside what is light, not behind what is heavy", () => {
  assert.deepEqual(started(REQUEST), [0], "3 s later the heavy one, and then the short ones: 9 s");
  const rank = betterOrder(REQUEST);
  assert(rank !== undefined);
  assert.notDeepEqual(started({ ...REQUEST, rank }), [0]);
  assert.deepEqual(betterOrder(REQUEST), rank, "the same each time");
});

Deno.test("better order: none where there is nothing to gain or nothing is known", () => {
  const without = (change: Partial<ScheduleRequest>) => betterOrder({ ...REQUEST, ...change });
  assert.equal(without({ weight: [1, 1, 1, 1], expectedMs: [2000, 2000, 2000, 2000] }), undefined);
  assert.equal(without({ expectedMs: [4, 3, 2, 2] }), undefined, "too short to matter");
  assert.equal(without({ expectedMs: [4000, undefined, 2000, 2000] }), undefined);
  assert.equal(without({ expectedMs: [] }), undefined);
  const many = Array.from({ length: 1000 }, () => []);
  assert.equal(
    betterOrder({ needs: many, workers: 2, expectedMs: many.map(() => 5000) }),
    undefined,
  );
});
