import assert from "node:assert/strict";
import { Hints } from "../../../lib/run/hints.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Hints on a clock that is moved by hand; `came` tells whether the last promise has resolved. */
function opened() {
  const clock = new FakeClock();
  const hints = new Hints(clock);
  let resolved = 0;
  const wait = () => void hints.next().then(() => resolved++);
  const came = async (ms: number): Promise<boolean> => {
    const before = resolved;
    clock.advance(ms);
    await Promise.resolve();
    await Promise.resolve();
    return resolved > before;
  };
  const looked = (tookMs: number, found: boolean) => {
    hints.looking();
    hints.looked(tookMs, found);
  };
  return { clock, hints, wait, came, looked };
}

Deno.test("a burst is one reason to look, when it is over", async () => {
  const { hints, wait, came } = opened();
  wait();
  hints.add();
  assert.equal(await came(9), false);
  hints.add();
  assert.equal(await came(9), false);
  assert.equal(await came(1), true);
});

Deno.test("without hints everything is looked at twice a minute, and large trees less often", async () => {
  const { wait, came, looked } = opened();
  wait();
  assert.equal(await came(29_999), false);
  assert.equal(await came(1), true);
  looked(1000, true);
  wait();
  assert.equal(await came(199_999), false);
  assert.equal(await came(1), true);
});

Deno.test("where nothing is watched the clock decides: every second, or a twentieth of the time", async () => {
  const { hints, wait, came, looked } = opened();
  wait();
  hints.goBlind();
  assert.equal(await came(999), false);
  assert.equal(await came(1), true);
  looked(500, true);
  wait();
  assert.equal(await came(9_999), false);
  assert.equal(await came(1), true);
});

Deno.test("a hint that comes while nobody waits is not lost", async () => {
  const { hints, wait, came } = opened();
  hints.add();
  assert.equal(await came(1000), false);
  wait();
  assert.equal(await came(10), true);
});

Deno.test("a look that was due and did not happen is due again; one that began is not", async () => {
  const { hints, wait, came, looked } = opened();
  wait();
  hints.add();
  assert.equal(await came(10), true);
  wait();
  assert.equal(await came(10), true, "nobody looked");
  looked(1, true);
  wait();
  assert.equal(await came(1000), false);
});

Deno.test("all who wait get the same promise", () => {
  const { hints } = opened();
  assert.equal(hints.next(), hints.next());
});

Deno.test("looks that find nothing, again and again, take a tenth of the time at most", async () => {
  const { hints, wait, came, looked } = opened();
  for (let round = 0; round < 20; round++) looked(50, false);
  wait();
  hints.add();
  assert.equal(await came(499), false);
  assert.equal(await came(1), true);
  looked(50, true);
  wait();
  hints.add();
  assert.equal(await came(10), true, "one that found something ends it");
});

Deno.test("closing leaves no timer", () => {
  const { clock, hints, wait } = opened();
  wait();
  hints.close();
  assert.equal(clock.waiting, 0);
});
