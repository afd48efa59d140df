import assert from "node:assert/strict";
import { CommandTimer } from "../../../lib/run/command_timer.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("command timer: time stands still while it is paused", () => {
  const clock = new FakeClock();
  let ended = 0;
  const timer = new CommandTimer(clock, () => ended += 1);
  timer.start(1000);
  clock.advance(600);
  timer.pause();
  clock.advance(5000);
  timer.resume();
  clock.advance(399);
  assert.equal(ended, 0);
  clock.advance(1);
  assert.equal(ended, 1);
});

Deno.test("command timer: none without a limit, none once it is cancelled", () => {
  const clock = new FakeClock();
  const timer = new CommandTimer(clock, () => assert.fail("ended"));
  timer.start(undefined);
  timer.pause();
  timer.resume();
  timer.start(10);
  timer.cancel();
  timer.resume();
  clock.advance(100);
});
