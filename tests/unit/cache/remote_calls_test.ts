import assert from "node:assert/strict";
import type { Problem } from "../../../lib/base/problems.ts";
import { Calls, RemoteOff } from "../../../lib/cache/remote/calls.ts";
import { type ObjectStore, StoreFault } from "../../../lib/cache/remote/store.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const TIMEOUT = 1000;

/** A store whose `get` does as said, and everything around it. */
function setUp(get: ObjectStore["get"]) {
  const clock = new FakeClock();
  const problems: Problem[] = [];
  const store: ObjectStore = {
    place: "test://store",
    get,
    has: () => Promise.resolve(new Set()),
    put: () => Promise.resolve("stored"),
  };
  const tell = (problem: Problem) => void problems.push(problem);
  const calls = new Calls({ name: "team", store, clock, timeoutMs: TIMEOUT, tell });
  return { clock, problems, calls };
}

/** Lets everything that waits for nothing but promises happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

Deno.test("a server that never answers costs one time limit, however many ask", async () => {
  const { clock, problems, calls } = setUp(() => new Promise(() => {}));
  const all = Array.from({ length: 100 }, (_, at) => calls.read(`o${at}`, 10));
  const ended = Promise.allSettled(all);
  await settle();
  clock.advance(TIMEOUT);
  for (const one of await ended) {
    assert.ok(one.status === "rejected" && one.reason instanceof RemoteOff);
  }
  assert.deepEqual(problems.map(({ code }) => code), ["remote-off"]);
  await assert.rejects(calls.read("later", 10), RemoteOff);
});

Deno.test("what fails is asked again, and no longer than the time limit in all", async () => {
  let asked = 0;
  const { clock, calls, problems } = setUp(() => {
    asked += 1;
    return Promise.reject(new StoreFault("busy", "the server answered 500"));
  });
  const started = clock.monotonic();
  const ended = assert.rejects(calls.read("o", 10), RemoteOff);
  for (let at = 0; at < 100 && problems.length === 0; at += 1) {
    await settle();
    clock.advance(20);
  }
  await ended;
  assert.equal(asked, 3);
  assert.ok(clock.monotonic() - started <= TIMEOUT + 20);
});

Deno.test("a server that wants to be left alone for longer than the limit is", async () => {
  let asked = 0;
  const { calls, problems } = setUp(() => {
    asked += 1;
    return Promise.reject(new StoreFault("busy", "the server answered 503", 60_000));
  });
  await assert.rejects(calls.read("o", 10), RemoteOff);
  assert.equal(asked, 1);
  assert.equal(problems.length, 1);
});

Deno.test("a server that always answers late is given up when it has cost one limit", async () => {
  const answers: (() => void)[] = [];
  const { clock, calls, problems } = setUp(() =>
    new Promise((resolve) => void answers.push(() => resolve(undefined)))
  );
  for (let at = 0; at < 10 && problems.length === 0; at += 1) {
    const read = calls.read(`o${at}`, 10);
    await settle();
    clock.advance(TIMEOUT * 0.4);
    answers.shift()!();
    await read.catch(() => {});
  }
  assert.deepEqual(problems.map(({ code }) => code), ["remote-off"]);
  assert.ok(clock.monotonic() <= 2 * TIMEOUT);
});

Deno.test("time in which qik itself could not listen is not the server's", async () => {
  let answer = () => {};
  const { clock, calls, problems } = setUp(() =>
    new Promise((resolve) => void (answer = () => resolve(undefined)))
  );
  const read = calls.read("o", 10);
  await settle();
  clock.stall(60 * TIMEOUT);
  clock.advance(TIMEOUT / 2);
  await settle();
  assert.deepEqual(problems, []);
  answer();
  assert.equal(await read, undefined);
  // A server that does not answer although qik listens is off all the same.
  const late = assert.rejects(calls.read("p", 10), RemoteOff);
  await settle();
  clock.stall(5 * TIMEOUT);
  clock.advance(TIMEOUT);
  await late;
  assert.deepEqual(problems.map(({ code }) => code), ["remote-off"]);
  assert.equal(clock.waiting, 0, "no timer is left");
});

Deno.test("an object of any length is read up to the cap and no further", async () => {
  let pulled = 0;
  const endless = () =>
    Promise.resolve(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1000));
        },
      }),
    );
  const { calls, problems } = setUp(endless);
  await assert.rejects(calls.read("o", 10_000), { name: "Oversized" });
  assert.ok(pulled < 20);
  assert.deepEqual(problems, []);
});
