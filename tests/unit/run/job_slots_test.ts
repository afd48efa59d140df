import assert from "node:assert/strict";
import { JobSlots } from "../../../lib/run/job_slots.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Tokens in a list, and the slots over them. */
function stage(count: number, over: { client?: boolean; slots?: number } = {}) {
  const tokens = Array.from({ length: count }, () => 43);
  const clock = new FakeClock();
  const stop = new AbortController();
  const slots = new JobSlots({
    tokens: { take: () => tokens.pop(), give: (token) => void tokens.push(token) },
    clock,
    client: over.client ?? false,
    slots: over.slots ?? count,
    environment: (env) => env,
  });
  const taken: string[] = [];
  const release = new Map<string, () => void>();
  const take = (name: string, weight = 1) =>
    void slots.take(weight, stop.signal).then((give) => {
      taken.push(name);
      release.set(name, give);
    });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    clock.advance(5);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { tokens, take, settle, taken, release, stop };
}

Deno.test("job slots: as many tasks as there are tokens; the next waits for one that is given back", async () => {
  const { tokens, take, settle, taken, release } = stage(2);
  ["a", "b", "c"].forEach((name) => take(name));
  await settle();
  assert.deepEqual([taken.join(), tokens.length], ["a,b", 0]);
  release.get("a")!();
  await settle();
  assert.deepEqual([taken.join(), tokens.length], ["a,b,c", 0]);
  release.get("b")!();
  release.get("c")!();
  assert.equal(tokens.length, 2);
});

Deno.test("job slots: one below another jobserver has a slot without a token", async () => {
  const { tokens, take, settle, taken, release } = stage(1, { client: true, slots: 4 });
  ["a", "b", "c"].forEach((name) => take(name));
  await settle();
  assert.deepEqual([taken.join(), tokens.length], ["a,b", 0]);
  release.get("a")!();
  await settle();
  assert.equal(taken.join(), "a,b,c");
  release.get("b")!();
  release.get("c")!();
  assert.equal(tokens.length, 1);
});

Deno.test("job slots: a heavy task gathers, and those behind it wait; too heavy takes all", async () => {
  const { tokens, take, settle, taken, release } = stage(3);
  take("light");
  take("heavy", 9);
  take("behind");
  await settle();
  assert.equal(taken.join(), "light");
  release.get("light")!();
  await settle();
  assert.deepEqual([taken.join(), tokens.length], ["light,heavy", 0]);
  release.get("heavy")!();
  await settle();
  assert.equal(taken.join(), "light,heavy,behind");
  release.get("behind")!();
  assert.equal(tokens.length, 3);
});

Deno.test("job slots: tokens that never come back do not stop a run, nor does a stopped one wait", async () => {
  const lost = stage(2);
  lost.tokens.length = 0;
  lost.take("a");
  await lost.settle();
  assert.equal(lost.taken.join(), "a", "alone it goes on");
  lost.take("b");
  await lost.settle();
  assert.equal(lost.taken.join(), "a");
  lost.stop.abort();
  await lost.settle();
  assert.equal(lost.taken.join(), "a,b");
  lost.release.get("a")!();
  lost.release.get("b")!();
  assert.equal(lost.tokens.length, 0, "nothing is given back that was not taken");
});
