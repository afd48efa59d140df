/**
 * How often a run asks for the stat of a file: once, however many tasks use it, and once more after each command only
 * where somebody still has to know.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Keyer } from "../../lib/hash/keyer.ts";
import type { Tree } from "../../lib/git/tree.ts";
import { type BulkLstat, bulkLstat } from "../../lib/sys/bulk_stat.ts";
import { command, planOf } from "../support/planned.ts";
import { Ground } from "../support/work_tree.ts";

const FILES = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [`d${at % 3}/f${at}.txt`, `${at}`]),
);

const glob = (pattern: string) => ({
  type: "glob",
  settings: { pattern },
  place: { file: "qik.toml" },
});

/** Every task uses all files; its own glob is one of three that overlap. */
const PLAN = planOf(Array.from({ length: 50 }, (_, at) =>
  command(`c${at}`, {
    deps: [glob("*.txt"), glob(`d${at % 3}`), glob(`d${at % 3}/f${at}.txt`)],
    artifacts: [`out/${at}`],
  })));

/** Lstats since the last question, by path; those of directories and rules are left out. */
class Counter {
  #asked = new Map<string, number>();
  reads = 0;

  readonly lstat: BulkLstat = (root, paths, into) => {
    for (const path of paths) {
      if (path in FILES) this.#asked.set(path, (this.#asked.get(path) ?? 0) + 1);
    }
    return bulkLstat(root, paths, into);
  };

  take(): Record<string, number> {
    const asked = Object.fromEntries([...this.#asked].sort());
    this.#asked = new Map();
    return asked;
  }
}

function keyerOf(tree: Tree): Keyer {
  return new Keyer({
    plan: PLAN,
    tree,
    world: () => ({
      env: () => undefined,
      file: () => undefined,
      toolVersion: () => Promise.resolve(""),
      pydist: () => undefined,
      packages: () => undefined,
      inputs: () => Promise.resolve([]),
      linkedDirectories: () => Promise.resolve([]),
    }),
    spaceInputs: () => ({ venvIdentity: "", inputs: ["d0/f0.txt"], variables: [] }),
    platform: "linux-64",
    untracked: true,
    secretKey: () => new Uint8Array(),
    artifactsOnDisk: () => Promise.resolve([]),
    changedArtifacts: () => [],
    now: () => 0,
  });
}

/** A repository whose files are known from an earlier run, and the counted tree of the next one. */
async function warm(ground: Ground): Promise<{ tree: Tree; counter: Counter }> {
  ground.commit();
  const sys = ground.sys();
  // As if an hour had passed: young files would be read again.
  const later = { ...sys, clock: { ...sys.clock, now: () => sys.clock.now() + 3_600_000 } };
  const first = await ground.tree({ sys: later });
  await first.states(await first.select(["."]));
  first.save();
  const counter = new Counter();
  const read = (path: string) => {
    if (path.slice(ground.root.length + 1) in FILES) counter.reads += 1;
    return sys.files.read(path);
  };
  const tree = await ground.tree({
    sys: { ...later, files: { ...sys.files, read } },
    lstat: counter.lstat,
  });
  return { tree, counter };
}

const each = (paths: readonly string[], times: number) =>
  Object.fromEntries([...paths].sort().map((path) => [path, times]));

Deno.test("fifty tasks that are cached: one stat for each file, and nothing is read", async () => {
  using ground = Ground.create(FILES);
  const { tree, counter } = await warm(ground);
  const keyer = keyerOf(tree);
  for (const task of PLAN.tasks) await keyer.key(task);
  assert.deepEqual(counter.take(), each(Object.keys(FILES), 1));
  // What the proof of the run rests on is known, too.
  await tree.evidence();
  assert.deepEqual(counter.take(), {});
  assert.equal(counter.reads, 0);
});

Deno.test("after a command its own inputs are looked at once, and again only by whoever asks next", async () => {
  using ground = Ground.create(FILES);
  const { tree, counter } = await warm(ground);
  const [d0, d1] = ["d0", "d1"].map((start) =>
    Object.keys(FILES).filter((path) => path.startsWith(`${start}/`))
  );
  const first = await tree.select(["d0"]);
  const states = await tree.states(first);
  const second = await tree.select(["d1"]);
  const others = await tree.states(second);
  counter.take();
  // The first command ends.
  tree.invalidate();
  assert.deepEqual(await tree.changedSince(first, states), []);
  assert.deepEqual(counter.take(), each(d0!, 1));
  assert.deepEqual(await tree.changedSince(second, others), []);
  assert.deepEqual(counter.take(), each(d1!, 1), "the first one's files are nobody's business now");
  assert.equal(counter.reads, 0);
  ground.write("d1/f1.txt", "edited");
  tree.invalidate();
  assert.deepEqual(await tree.changedSince(second, others), ["d1/f1.txt"]);
  assert.equal(counter.reads, 1, join("d1", "f1.txt"));
});
