/** Inputs that are edited while a command runs: what is stored is true, or nothing is. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { random } from "../support/random.ts";
import { repoTest } from "../support/repo.ts";
import { randomMoment, SEED, tell, times } from "../support/torture.ts";

const EDITS = times(15, 1000);
const PARTS = 15;

const FILES = {
  "qik.toml": `[commands.c]
exec = "cat in > out; sleep 0.2; cat in >> out; cat in"
deps = ["in"]
artifacts = ["out"]
`,
  ".gitignore": "out\n",
  "in": "0\n",
};

repoTest(`edits at random times during a run, seed ${SEED}`, FILES, async (repo) => {
  const next = random(SEED);
  // On Deno, or while others are at work, a run may begin later than the fastest one ends.
  const began = performance.now();
  await repo.must("c");
  const wholeMs = Math.round(performance.now() - began);
  let refused = 0;
  let during = 0;
  for (let at = 0; at < EDITS; at++) {
    const what = `edit ${at} of seed ${SEED}`;
    const [before, after] = [`b${at}\n`, `a${at}\n`];
    await repo.write({ "in": before });
    const running = repo.startQik("c");
    // Each part of a run in turn, so that some edits fall into the command.
    await randomMoment(Math.round((at % PARTS + next(100) / 100) * wholeMs / PARTS));
    fs.writeFileSync(repo.path("in"), after);
    const { code, err } = await running.ended;
    const said = new TextDecoder().decode(err);
    assert.equal(code, 0, what);
    const isRefused = said.includes("[inputs-changed]");
    if (isRefused) refused += 1;
    if (fs.readFileSync(repo.path("out"), "utf8") === before + after) {
      during += 1;
      assert.ok(isRefused, `${what}: changed between its two readings, and stored\n${said}`);
    }
    for (const value of [after, before]) {
      await repo.write({ "in": value });
      assert.equal((await repo.must("c")).out, value, what);
      assert.equal(await repo.read("out"), value + value, what);
    }
  }
  assert.ok(refused > 0, "no edit fell into a run");
  tell(
    `${EDITS} edits during runs: 0 stored under a key that was not theirs, ${refused} refused, ${during} seen by the command`,
  );
});
