import assert from "node:assert/strict";
import { PingPong, type Verdict } from "../../../lib/run/ping_pong.ts";

const pauses = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) => verdict.run ? verdict.pauseMs : -1);

Deno.test("the same contents five times are the end, whatever lies between", () => {
  const pingPong = new PingPong();
  const states = ["a", "b", "c", "a", "b", "a", "a", "b"];
  const runs = states.map((state) => pingPong.judge("x", state).run);
  assert.deepEqual(runs, states.map(() => true));
  assert.equal(pingPong.judge("y", "a").run, false);
});

Deno.test("contents that are always new are never given up, but runs are spaced out and once told", () => {
  const pingPong = new PingPong();
  const verdicts = Array.from({ length: 60 }, (_, at) => pingPong.judge("x", `${at}`));
  assert.deepEqual(pauses(verdicts.slice(0, 15)), [
    ...[0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[100, 200, 400, 800, 1000, 1000],
  ]);
  assert.ok(Math.max(...pauses(verdicts)) === 1000 && Math.min(...pauses(verdicts)) === 0);
  assert.equal(verdicts.filter((verdict) => verdict.run && verdict.isStrange).length, 1);
});

Deno.test("a run after which nothing changed makes an end of all counting", () => {
  const pingPong = new PingPong();
  for (let round = 0; round < 10; round++) {
    for (let cycle = 0; cycle < 4; cycle++) assert.ok(pingPong.judge("x", "a").run);
    pingPong.settled();
  }
});
