/** Collections beside readers: what is in use is never taken, and the store keeps its bound. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { FULL, SEED, tell, times } from "../support/torture.ts";

const READERS = times(3, 16);
const VALUES = 4;
/** Each reader reads so often, or for so long. */
const READS = times(8, Infinity);
const LASTING_MS = FULL ? 600_000 : Infinity;

const FILES = {
  "qik.toml": `modules = [${Array.from({ length: READERS + 1 }, (_, at) => `"m${at}"`).join(", ")}]
[commands.c]
exec = "cat {module.dir}/in shared; mkdir -p {module.dir}/out; head -c 20000 /dev/zero > {module.dir}/out/zero; cat {module.dir}/in > {module.dir}/out/a"
deps = ["{module.dir}/in", "shared"]
artifacts = ["{module.dir}/out"]
`,
  ".gitignore": "out\n",
  "shared": "shared\n",
  ...Object.fromEntries(Array.from({ length: READERS + 1 }, (_, at) => [`m${at}/in`, "0\n"])),
};

interface Sums {
  reads: number;
  collections: number;
  made: number;
}

/** Replays results of one module that were all used within the hour: each must be there. */
async function reader(repo: Repo, at: number, sums: Sums, until: number): Promise<void> {
  const next = random(SEED * 1000 + at);
  for (let read = 0; read < READS && performance.now() < until; read++) {
    const value = `${next(VALUES)}\n`;
    await repo.write({ [`m${at}/in`]: value });
    await repo.remove(`m${at}/out`);
    const what = `reader ${at}, read ${read} of seed ${SEED}`;
    const { code, err, out } = await repo.qik("-v", `c#m${at}`);
    assert.equal(code, 0, `${what}\n${out}${err}`);
    assert.match(out + err, /1 cached/, `${what}: it was taken away\n${out}${err}`);
    assert.doesNotMatch(out + err, /Warning|bug in qik/, what);
    assert.equal(await repo.read(`m${at}/out/a`), value, what);
    sums.reads += 1;
  }
}

/** Results that nobody used for two hours, for a collection to take. */
async function makeOld(repo: Repo, sums: Sums, count: number): Promise<void> {
  const store = repo.path("._qik/cache/v1/entries");
  const before = new Set(fs.readdirSync(store, { recursive: true }) as string[]);
  await repo.write({ [`m${READERS}/in`]: `old ${count}\n` });
  await repo.must(`c#m${READERS}`);
  const old = Date.now() / 1000 - 7200;
  for (const name of fs.readdirSync(store, { recursive: true }) as string[]) {
    // Only what this one made: readers make nothing.
    if (!before.has(name)) fs.utimesSync(`${store}/${name}`, old, old);
  }
  sums.made += 1;
}

async function collector(repo: Repo, sums: Sums, stop: { now: boolean }): Promise<void> {
  while (!stop.now) {
    await makeOld(repo, sums, sums.made);
    const answer = JSON.parse((await repo.must(":cache", "gc", "--max-size", "1B", "--json")).out);
    assert.equal(answer.results, 1, "just what nobody used");
    sums.collections += 1;
  }
}

repoTest(`collections beside ${READERS} readers, seed ${SEED}`, FILES, async (repo) => {
  const here = repo.with({ limitMs: 600_000 });
  for (let value = 0; value < VALUES; value++) {
    for (let at = 0; at < READERS; at++) await here.write({ [`m${at}/in`]: `${value}\n` });
    await here.must("c");
  }
  const sums: Sums = { reads: 0, collections: 0, made: 0 };
  const stop = { now: false };
  const until = performance.now() + LASTING_MS;
  const collecting = collector(here, sums, stop);
  const readers = Array.from({ length: READERS }, (_, at) => reader(here, at, sums, until));
  await Promise.all(readers).finally(() => stop.now = true);
  await collecting;
  const left = JSON.parse((await here.must(":cache", "ls", "--json")).out);
  assert.equal(
    left.length,
    READERS * VALUES + 1,
    "what was used within the hour, and nothing else",
  );
  assert.ok(sums.collections > 0);
  tell(
    `${READERS} readers beside ${sums.collections} collections: ${sums.reads} reads, 0 failed, ${sums.made} unused results taken`,
  );
});
