/** Clocks that jump and files of impossible times: results are the same, and nothing that is in use is collected. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { collect } from "../../lib/cache/collection.ts";
import { openLocalCache } from "../../lib/cache/local.ts";
import { CacheRoom, filesBelow, keyOf, stillClock } from "../support/cache_room.ts";
import { atTime } from "../support/faketime.ts";
import { pick, random } from "../support/random.ts";
import { isExecutable, type Repo, repoTest } from "../support/repo.ts";
import { FULL, SEED, tell, times } from "../support/torture.ts";

const DAY_S = 86_400;
/** Before 1970, 1970, the ends of 31, 32 and 34 bits of seconds, and around now. */
const TIMES_S = [-1e9, 0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 34 - 1];

const FILES = {
  "qik.toml": `[commands.c]
exec = "mkdir -p out; cat a b | tee out/both"
deps = ["a", "b"]
artifacts = ["out"]
`,
  ".gitignore": "out\n",
  "a": "a0\n",
  "b": "b0\n",
};

/** Gives some files another time, those of git and of qik among them. */
function age(repo: Repo, next: (below: number) => number): void {
  const nowS = Date.now() / 1000;
  const all = ["a", "b", ".git/index", "out/both", "qik.toml"].map((path) => repo.path(path));
  for (const path of [...all, ...filesBelow(repo.path("._qik"))]) {
    if (next(3) > 0 || !fs.existsSync(path)) continue;
    const time = pick([...TIMES_S, nowS, nowS + DAY_S, nowS - DAY_S, nowS - 2, nowS + 2], next);
    fs.utimesSync(path, time, time);
  }
}

/** What a run is told of the time; only what is linked dynamically can be told. */
function clockOf(next: (below: number) => number): Readonly<Record<string, string>> {
  if (!FULL || !isExecutable() || Deno.build.os !== "linux") return {};
  const when = pick(["+1d", "-1d", "+400d", "2038-01-20 00:00:00", "2106-03-01 00:00:00"], next);
  return next(2) === 0 ? {} : atTime(when);
}

const RUNS = times(40, 1000);

repoTest(`files of any time and clocks that jump, seed ${SEED}`, FILES, async (repo) => {
  const next = random(SEED);
  let hits = 0;
  const values = { a: "a0\n", b: "b0\n" };
  for (let at = 0; at < RUNS; at++) {
    const what = `run ${at} of seed ${SEED}`;
    const name = pick(["a", "b"] as const, next);
    // Of equal length: only time and content tell it from what was there.
    values[name] = `${name}${next(5)}\n`;
    fs.writeFileSync(repo.path(name), values[name]);
    age(repo, next);
    if (next(4) === 0) await repo.git("add", "-A");
    if (next(3) === 0) await repo.remove("out");
    const here = repo.with({ env: clockOf(next) });
    if (next(10) === 0) await here.must(":cache", "gc");
    const { code, out, err } = await here.qik("c");
    assert.deepEqual([code, out], [0, values.a + values.b], `${what}\n${err}`);
    assert.doesNotMatch(err, /Warning|bug in qik/, what);
    assert.equal(await repo.read("out/both"), values.a + values.b, what);
    if (err.includes("1 cached")) hits += 1;
  }
  assert.ok(hits > RUNS / 4, `${hits} hits`);
  tell(`${RUNS} runs with files of any time and jumping clocks: 0 wrong, ${hits} hits`);
});

const STEPS = times(300, 5000);

Deno.test(`a store between clocks that disagree, seed ${SEED}`, async () => {
  const next = random(SEED);
  using room = new CacheRoom();
  const { files, store: dir, state: stateDir } = room;
  const stored = new Map<string, string>();
  let [hits, collections] = [0, 0];
  for (let at = 0; at < STEPS; at++) {
    const what = `step ${at} of seed ${SEED}`;
    const jumpMs = pick([0, 0, -1, 1, -30, 30], next) * DAY_S * 1000;
    const clock = stillClock(Date.now() + jumpMs);
    const cache = openLocalCache({ files, clock, dir, stateDir });
    const name = `${next(12)}`;
    if (next(3) === 0) {
      const content = `${name} of ${at}`;
      room.remove("dist");
      room.write("dist/a", content);
      const key = keyOf(content);
      assert.ok(
        (await cache.put(room.result([["out", content]], { key, patterns: ["dist"] }))).stored,
      );
      stored.set(name, content);
    } else if (next(8) === 0) {
      // A clock that is a day off, and limits that everything is within.
      const limits = { maxSize: 1e9, maxAgeMs: 40 * DAY_S * 1000 };
      assert.equal((await collect({ files, clock, dir, ...limits })).entries, 0, what);
      collections += 1;
    } else if (stored.has(name)) {
      const content = stored.get(name)!;
      const recalled = await room.recall(cache, keyOf(content), ["dist"]);
      assert.deepEqual(recalled?.said, [["out", content]], what);
      assert.equal(fs.readFileSync(room.path("dist/a"), "utf8"), content, what);
      hits += 1;
    }
  }
  tell(
    `${STEPS} steps between clocks up to 30 days apart: ${hits} hits, none lost to ${collections} collections`,
  );
});
