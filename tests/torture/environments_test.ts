/** qik and all that it started are killed while an environment is made, at any moment: the next run makes it whole. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { random } from "../support/random.ts";
import { FULL, randomMoment, SEED, tell, times } from "../support/torture.ts";
import { benchTest } from "../support/venv/contract.ts";
import { uv } from "../support/venv/uv.ts";

const KILLS = times(3, 100);

/** What Python writes by itself is no part of an environment, and the mark names what it is about. */
function namesIn(directory: string): readonly string[] {
  return (readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => !name.includes("__pycache__")).sort();
}

benchTest(uv, `SIGKILL while environments are made, seed ${SEED}`, async (bench) => {
  const { repo } = bench;
  const next = random(SEED);
  await bench.run("show");
  await repo.remove("._qik/venv");
  const began = performance.now();
  await bench.run("show");
  const wholeMs = performance.now() - began;
  const whole = namesIn(repo.path("._qik/venv/app"));
  let broken = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await repo.remove("._qik/venv");
    const running = repo.startQik("show");
    await randomMoment(next(Math.ceil(wholeMs * 1.2)));
    running.signal("SIGKILL");
    const { code } = await running.ended;
    if (code === 137) broken += 1;
    const what = `kill ${kill} of seed ${SEED}`;
    await bench.run("show");
    assert.deepEqual(namesIn(repo.path("._qik/venv/app")), whole, what);
    assert.equal((await repo.must(":x", "qikblue@app")).out, "qikblue 1.0\n", what);
  }
  if (FULL) assert.ok(broken > 0, "no kill met a run");
  tell(`${KILLS} kills while an environment was made, ${broken} before its end: all made whole`);
});
