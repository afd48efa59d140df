import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTaskLocks, type TaskLock, type TaskLockParts } from "../../../lib/run/task_lock.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const { files, processes } = openSys();
const TOKEN = "0123456789abcdef";

class Bench {
  readonly root = mkdtempSync(join(tmpdir(), "qik-lock-"));
  readonly directory = join(this.root, "._qik/locks");
  readonly file = join(this.directory, "build.lock");
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  readonly told: number[] = [];

  take(parts: Partial<TaskLockParts> = {}, isWanted = () => true): Promise<TaskLock> {
    const { root, clock } = this;
    return openTaskLocks({ root, files, clock, processes, ...parts }).take({
      task: "build",
      stop: this.stop.signal,
      isWanted,
      onWait: (owner) => this.told.push(owner),
    });
  }

  leave(text: string): void {
    mkdirSync(this.directory, { recursive: true });
    writeFileSync(this.file, text);
  }

  /** Lets time pass until the promise is settled. */
  async pass<T>(promise: Promise<T>, ms: number): Promise<T | "waits"> {
    const ended = promise.then((value) => ({ value }));
    for (let passed = 0; passed <= ms; passed += 50) {
      await Promise.resolve();
      this.clock.advance(50);
    }
    const settled = await Promise.race([ended, Promise.resolve().then(() => undefined)]);
    return settled === undefined ? "waits" : settled.value;
  }
}

function withBench(test: (bench: Bench) => Promise<void>): () => Promise<void> {
  return async () => {
    const bench = new Bench();
    try {
      await test(bench);
    } finally {
      rmSync(bench.root, { recursive: true, force: true });
    }
  };
}

Deno.test(
  "lock: a free one is had at once and leaves nothing behind",
  withBench(async (bench) => {
    const lock = await bench.take();
    assert.equal(lock.waited, false);
    assert.match(readFileSync(bench.file, "utf8"), new RegExp(`^${processes.pid} `));
    lock.release();
    assert.deepEqual(readdirSync(bench.directory), []);
  }),
);

Deno.test(
  "lock: a held one is waited for, and that is told after a second",
  withBench(async (bench) => {
    const first = await bench.take();
    const second = bench.take();
    assert.equal(await bench.pass(second, 900), "waits");
    assert.deepEqual(bench.told, []);
    assert.equal(await bench.pass(second, 10_000), "waits");
    assert.deepEqual(bench.told, [processes.pid]);
    first.release();
    const lock = await bench.pass(second, 200);
    assert.ok(lock !== "waits" && lock.waited);
    first.release();
    assert.equal(readdirSync(bench.directory).length, 1, "a lock is released by its owner only");
    lock.release();
    assert.equal(bench.clock.waiting, 0);
  }),
);

for (
  const [what, text, parts] of [
    ["whose owner has died", `4000000 - ${TOKEN}\n`, {}],
    ["whose owner's number is another's by now", `${processes.pid} 1 ${TOKEN}\n`, {
      processes: { ...processes, birth: () => "2" },
    }],
  ] as const
) {
  Deno.test(
    `lock: one ${what} is broken at once`,
    withBench(async (bench) => {
      bench.leave(text);
      const lock = await bench.take(parts);
      assert.equal(lock.waited, true, "its owner may have stored a result");
      assert.deepEqual(readdirSync(bench.directory), ["build.lock"]);
      assert.doesNotMatch(readFileSync(bench.file, "utf8"), new RegExp(TOKEN));
      lock.release();
    }),
  );
}

Deno.test(
  "lock: one of another container is held as long as it is touched, and two seconds longer",
  withBench(async (bench) => {
    bench.leave(`4000000 - ${TOKEN} other/pid:[1]\n`);
    const taking = bench.take();
    for (let at = 1; at < 6; at++) {
      assert.equal(await bench.pass(taking, 1500), "waits");
      utimesSync(bench.file, at, at);
    }
    assert.equal(await bench.pass(taking, 1500), "waits");
    const lock = await bench.pass(taking, 450);
    assert.ok(lock !== "waits" && lock.waited);
    assert.match(readFileSync(bench.file, "utf8"), /^\d+ (-|\d+) [0-9a-f]{16} \S+\n$/);
    const before = lstatSync(bench.file).mtimeMs;
    utimesSync(bench.file, 1, 1);
    bench.clock.advance(500);
    assert.ok(lstatSync(bench.file).mtimeMs >= before, "its owner touches it");
    lock.release();
    assert.equal(bench.clock.waiting, 0);
  }),
);

Deno.test(
  "lock: one that was removed is no longer held, also where another one stands there",
  withBench(async (bench) => {
    const lock = await bench.take();
    assert.equal(lock.isHeld(), true);
    rmSync(bench.directory, { recursive: true });
    assert.equal(lock.isHeld(), false);
    const other = await bench.take();
    assert.deepEqual([lock.isHeld(), other.isHeld()], [false, true]);
    lock.release();
    assert.equal(other.isHeld(), true);
    other.release();
  }),
);

Deno.test(
  "lock: one that cannot be read is broken after a second, not before",
  withBench(async (bench) => {
    bench.leave("12");
    const taking = bench.take();
    assert.equal(await bench.pass(taking, 800), "waits");
    assert.notEqual(await bench.pass(taking, 500), "waits");
    (await taking).release();
    assert.deepEqual(readdirSync(bench.directory), []);
  }),
);

Deno.test(
  "lock: a run that is stopped, or starts nothing more, waits no longer",
  withBench(async (bench) => {
    const first = await bench.take();
    let wanted = true;
    const unwanted = bench.take({}, () => wanted);
    wanted = false;
    assert.notEqual(await bench.pass(unwanted, 200), "waits");
    const stopped = bench.take();
    bench.stop.abort("SIGINT");
    (await stopped).release();
    (await unwanted).release();
    assert.deepEqual(readdirSync(bench.directory), ["build.lock"]);
    first.release();
  }),
);

Deno.test(
  "lock: that of a qik which waits for this one is not waited for",
  withBench(async (bench) => {
    const outer = await bench.take();
    (await bench.take({ ancestors: [processes.pid] })).release();
    outer.release();
    assert.deepEqual(readdirSync(bench.directory), []);
  }),
);

Deno.test(
  "lock: where none can be written there is none",
  withBench(async (bench) => {
    writeFileSync(join(bench.root, "._qik"), "in the way");
    assert.equal((await bench.take()).waited, false);
  }),
);

Deno.test(
  "lock: of many that break the same one, each holds it alone",
  withBench(async (bench) => {
    bench.leave(`4000000 - ${TOKEN}\n`);
    let holders = 0;
    let most = 0;
    const all = Array.from({ length: 20 }, async () => {
      const lock = await bench.take();
      most = Math.max(most, holders += 1);
      await Promise.resolve();
      holders -= 1;
      lock.release();
    });
    await bench.pass(Promise.all(all), 5000);
    await Promise.all(all);
    assert.equal(most, 1);
  }),
);
