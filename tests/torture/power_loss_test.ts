/**
 * What a power cut may leave. Nothing is flushed when results are stored, so after a cut every file that was written
 * since may be missing, as it was before, empty, torn or full of zeros, and each independently of the others: renames
 * reach the disk in any order. All states between two runs are such mixtures; random ones of them are tried, on the
 * whole of `._qik`: entries, contents, memos, proofs, journal.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { dirname } from "node:path";
import { random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { SEED, tell, times } from "../support/torture.ts";

const STATES = times(12, 1000);

const FILES = {
  "qik.toml": `[commands.build]
exec = "cat in; mkdir -p out/deep; cat in > out/copy; head -c 300000 /dev/zero > out/deep/large; cat in >> out/deep/large"
deps = ["in"]
artifacts = ["out"]

[commands.use]
exec = "cat out/copy; yes $(cat in) | head -c 20000"
deps = ["in", { type = "command", name = "build" }]

[commands.kept]
exec = "cat in"
deps = ["in"]
cache = "repo"
`,
  ".gitignore": "out\n",
  "in": "old\n",
};

type Files = ReadonlyMap<string, Uint8Array>;

function filesOf(directory: string): Files {
  const names = fs.readdirSync(directory, { recursive: true }) as string[];
  return new Map(
    names.filter((name) => fs.lstatSync(`${directory}/${name}`).isFile()).sort()
      .map((name) => [name, new Uint8Array(fs.readFileSync(`${directory}/${name}`))]),
  );
}

/** A file as a cut may leave it; `undefined`: not there. */
function afterCut(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  next: (below: number) => number,
): Uint8Array | undefined {
  if (before === after) return before;
  switch (next(6)) {
    case 0:
      return before;
    case 1:
      return new Uint8Array();
    case 2:
      return after?.slice(0, next(after.length + 1));
    case 3:
      return after && new Uint8Array(after.length);
    default:
      return after;
  }
}

/** Puts a mixture of two states in place. */
function cut(directory: string, from: Files, to: Files, next: (below: number) => number): void {
  fs.rmSync(directory, { recursive: true, force: true });
  for (const name of new Set([...from.keys(), ...to.keys()])) {
    const [before, after] = [from.get(name), to.get(name)];
    const same = before && after && before.length === after.length &&
      before.every((byte, at) => byte === after[at]);
    const bytes = same ? after : afterCut(before, after, next);
    if (bytes === undefined) continue;
    fs.mkdirSync(dirname(`${directory}/${name}`), { recursive: true });
    fs.writeFileSync(`${directory}/${name}`, bytes);
  }
}

async function assertRight(repo: Repo, value: string, what: string): Promise<string> {
  const { code, out, err } = await repo.qik("-v", "-n", "1");
  assert.equal(code, 0, `${what}\n${out}${err}`);
  assert.doesNotMatch(out + err, /bug in qik/, what);
  assert.equal(await repo.read("out/copy"), value, what);
  const large = fs.readFileSync(repo.path("out/deep/large"));
  assert.equal(large.length, 300_000 + value.length, what);
  assert.equal(large.subarray(300_000).toString(), value, what);
  assert.ok(out.includes(value), `${what}: the log is another one's\n${out}`);
  return out + err;
}

repoTest(`power cuts while results are stored, seed ${SEED}`, FILES, async (repo) => {
  const next = random(SEED);
  const states: { value: string; qik: Files; kept: Files }[] = [];
  for (const value of ["old\n", "new\n"]) {
    await repo.write({ "in": value });
    await assertRight(repo, value, "whole");
    await assertRight(repo, value, "whole, again");
    states.push({ value, qik: filesOf(repo.path("._qik")), kept: filesOf(repo.path(".qik")) });
  }
  const [old, young] = states as [typeof states[0], typeof states[0]];
  const empty: Files = new Map();
  let hits = 0;
  for (let at = 0; at < STATES; at++) {
    const what = `state ${at} of seed ${SEED}`;
    // From nothing, or from the store with the older results, to the one with both.
    const from = next(3) === 0 ? { qik: empty, kept: empty } : old;
    cut(repo.path("._qik"), from.qik, young.qik, next);
    cut(repo.path(".qik"), from.kept, young.kept, next);
    if (next(2) === 0) await repo.remove("out");
    const values = next(2) === 0 ? [young.value, old.value] : [old.value, young.value];
    for (const value of [...values, values[0]!]) {
      await repo.write({ "in": value });
      const said = await assertRight(repo, value, `${what}, "${value.trim()}"`);
      hits += Number(/(\d+) cached/.exec(said)?.[1] ?? 0);
    }
    await repo.write({ "in": values[0]! });
    const last = await assertRight(repo, values[0]!, `${what}, mended`);
    assert.match(last, /3 cached/, `${what}: what was lost is stored again`);
  }
  assert.ok(hits > 0);
  tell(
    `${STATES} states after a power cut: 0 wrong, 0 crashed runs, ${hits} hits among them, all mended by the next run`,
  );
});
