/** Many qik in one tree at once, with everything beside them that a store must bear. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { pick, random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { SEED, tell, times } from "../support/torture.ts";

const PROCESSES = times(4, 16);
const RUNS = times(6, 500);

/** `own`: different keys in different processes. `same`: one key for all of them. */
const FILES = {
  "qik.toml": `modules = [${Array.from({ length: PROCESSES }, (_, at) => `"m${at}"`).join(", ")}]

[commands.own]
exec = "cat {module.dir}/in; mkdir -p {module.dir}/out; cat {module.dir}/in > {module.dir}/out/a"
deps = ["{module.dir}/in"]
artifacts = ["{module.dir}/out"]

[commands.same]
exec = "echo ran >> ../ran; cat shared; mkdir -p out; cat shared > out/a"
deps = ["shared"]
artifacts = ["out"]
`,
  ".gitignore": "out\n._qik\n",
  "shared": "shared\n",
  ...Object.fromEntries(Array.from({ length: PROCESSES }, (_, at) => [`m${at}/in`, "0\n"])),
};

/** One process after the other, each looked at: own result, shared result, exit code. */
async function worker(repo: Repo, at: number, locked: boolean): Promise<number> {
  const next = random(SEED * 1000 + at);
  let hits = 0;
  for (let run = 0; run < RUNS; run++) {
    const value = `${next(4)}\n`;
    await repo.write({ [`m${at}/in`]: value });
    if (next(3) === 0) await repo.remove(`m${at}/out`);
    const names = pick([[`own#m${at}`], ["same"], [`own#m${at}`, "same"]], next);
    const { code, err, out } = await repo.qik("-v", ...names);
    const what = `process ${at}, run ${run} of seed ${SEED}\n${out}${err}`;
    assert.equal(code, 0, what);
    assert.doesNotMatch(out + err, /bug in qik/, what);
    if (names.length === 2 || names[0] !== "same") {
      assert.equal(await repo.read(`m${at}/out/a`), value, what);
      assert.ok(out.includes(value), what);
    }
    if (names.includes("same")) {
      assert.ok(out.includes("shared\n"), what);
      // Without its lock the command may be running in another process, and be about to write it.
      if (locked) assert.equal(await repo.read("out/a"), "shared\n", what);
    }
    hits += Number(/(\d+) cached/.exec(out + err)?.[1] ?? 0);
  }
  return hits;
}

/** Makes files of the store look old, so that a collection has something to do. */
function ageSome(repo: Repo, next: (below: number) => number): void {
  const store = repo.path("._qik/cache/v1");
  const old = Date.now() / 1000 - 7200;
  try {
    for (const name of fs.readdirSync(store, { recursive: true }) as string[]) {
      if (next(2) === 0) fs.utimesSync(`${store}/${name}`, old, old);
    }
  } catch {
    // Somebody removed it meanwhile, as is their right.
  }
}

/** Collects and, with `remove`, deletes all of `._qik`, again and again until told to stop. */
async function disturb(repo: Repo, remove: boolean, stop: { now: boolean }): Promise<number> {
  const next = random(SEED);
  let times = 0;
  while (!stop.now) {
    times += 1;
    ageSome(repo, next);
    const { code, err } = await repo.qik(":cache", "gc", "--max-size", "1B");
    assert.equal(code, 0, err);
    if (remove) await repo.run("rm", "-rf", "._qik");
  }
  return times;
}

for (const remove of [false, true]) {
  const beside = remove ? "gc and rm -rf ._qik" : "gc";
  repoTest(
    `${PROCESSES} processes, same and different keys, ${beside} beside, seed ${SEED}`,
    FILES,
    async (repo) => {
      const here = repo.with({ limitMs: 600_000 });
      const stop = { now: false };
      const disturbing = disturb(here, remove, stop);
      const workers = Array.from({ length: PROCESSES }, (_, at) => worker(here, at, !remove));
      const hits = await Promise.all(workers).finally(() => stop.now = true);
      const disturbed = await disturbing;
      await here.remove("out");
      assert.equal((await here.must("same")).out, "shared\n");
      assert.equal(await here.read("out/a"), "shared\n", "what was stored last is right");
      const all = hits.reduce((sum, one) => sum + one, 0);
      assert.ok(disturbed > 0);
      tell(
        `${PROCESSES} processes x ${RUNS} runs, ${beside} beside ${disturbed} times: 0 wrong, 0 internal errors, ${all} hits`,
      );
    },
  );
}

repoTest(`${PROCESSES} processes at once run what is the same once`, FILES, async (repo) => {
  const rounds = times(2, 50);
  for (let round = 0; round < rounds; round++) {
    await repo.write({ "shared": `shared ${round}\n` });
    await repo.remove("../ran");
    const all = await Promise.all(Array.from({ length: PROCESSES }, () => repo.qik("same")));
    for (const { code, out } of all) assert.deepEqual([code, out], [0, `shared ${round}\n`]);
    assert.equal(await repo.read("../ran"), "ran\n", `round ${round}`);
  }
  tell(`${rounds} rounds of ${PROCESSES} processes with one key: each ran once`);
});
