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
import {
  openTaskLocks,
  type TaskLock,
  type TaskLockParts,
  type TaskLocks,
} from "../../../lib/run/task_lock.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { systemError } from "../../support/faulty_files.ts";

const { files, processes } = openSys();
const TOKEN = "0123456789abcdef";

class Bench {
  readonly root = mkdtempSync(join(tmpdir(), "qik-lock-"));
  readonly directory = join(this.root, "._qik/locks");
  readonly file = join(this.directory, "build.lock");
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  readonly told: number[] = [];

  open(parts: Partial<TaskLockParts> = {}): TaskLocks {
    const { root, clock } = this;
    return openTaskLocks({ root, files, clock, processes, ...parts });
  }

  /** Each by a qik of its own. */
  async take(parts: Partial<TaskLockParts> = {}, isWanted = () => true): Promise<TaskLock> {
    const locks = this.open(parts);
    const lock = await this.takeFrom(locks, "build", isWanted);
    const release = () => {
      lock.release();
      locks.close();
    };
    return { ...lock, release };
  }

  takeFrom(locks: TaskLocks, task: string, isWanted = () => true): Promise<TaskLock> {
    return locks.take({
      task,
      stop: this.stop.signal,
      isWanted,
      onWait: (owner) => this.told.push(owner),
    });
  }

  /** Locks that are held; beside them lie the cards of their owners. */
  held(): string[] {
    return readdirSync(this.directory).filter((name) => !name.startsWith("."));
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
    assert.equal(bench.held().length, 1, "a lock is released by its owner only");
    lock.release();
    assert.equal(bench.clock.waiting, 0);
  }),
);

Deno.test(
  "lock: all locks of a qik are names of one file, which goes when it ends",
  withBench(async (bench) => {
    const locks = bench.open();
    const taken = [await bench.takeFrom(locks, "a"), await bench.takeFrom(locks, "b")];
    const inodes = ["a.lock", "b.lock"].map((name) => lstatSync(join(bench.directory, name)).ino);
    assert.equal(inodes[0], inodes[1]);
    assert.equal(lstatSync(join(bench.directory, "a.lock")).nlink, 3);
    taken[0]!.release();
    assert.deepEqual(bench.held(), ["b.lock"]);
    assert.equal(taken[1]!.isHeld(), true);
    locks.close();
    assert.deepEqual(readdirSync(bench.directory), ["b.lock"], "what is held stays so");
    taken[1]!.release();
    assert.deepEqual(readdirSync(bench.directory), []);
  }),
);

Deno.test(
  "lock: after everything was removed the next one is taken as the first was",
  withBench(async (bench) => {
    const locks = bench.open();
    const lost = await bench.takeFrom(locks, "a");
    rmSync(bench.directory, { recursive: true });
    const lock = await bench.takeFrom(locks, "b");
    assert.deepEqual([lost.isHeld(), lock.isHeld()], [false, true]);
    lock.release();
    locks.close();
    assert.deepEqual(readdirSync(bench.directory), []);
  }),
);

Deno.test(
  "lock: where the file system has no second names each lock is a file",
  withBench(async (bench) => {
    const link = () => {
      throw systemError("EPERM", "link");
    };
    const locks = bench.open({ files: { ...files, link } });
    const lock = await bench.takeFrom(locks, "a");
    assert.deepEqual(readdirSync(bench.directory), ["a.lock"]);
    const other = bench.takeFrom(bench.open(), "a");
    assert.equal(await bench.pass(other, 500), "waits");
    lock.release();
    const next = await bench.pass(other, 500);
    assert.ok(next !== "waits" && next.waited);
    next.release();
  }),
);

Deno.test(
  "lock: cards of those who were killed are removed, those of others are not",
  withBench(async (bench) => {
    bench.clock.advance(1e12 - bench.clock.now());
    mkdirSync(bench.directory, { recursive: true });
    const card = (name: string, text: string) =>
      writeFileSync(join(bench.directory, `.owner-${name}`), text);
    card("dead", `4000000 - ${TOKEN}\n`);
    card("alive", `${processes.pid} - ${TOKEN}\n`);
    card("elsewhere", `4000000 - ${TOKEN} other/pid:[1]\n`);
    card("forgotten", `4000000 - ${TOKEN} other/pid:[1]\n`);
    for (const name of ["elsewhere", "forgotten"]) {
      const at = 1e9 - (name === "forgotten" ? 90_000 : 80_000);
      utimesSync(join(bench.directory, `.owner-${name}`), at, at);
    }
    (await bench.take()).release();
    assert.deepEqual(readdirSync(bench.directory).sort(), [".owner-alive", ".owner-elsewhere"]);
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
      assert.deepEqual(bench.held(), ["build.lock"]);
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
    assert.deepEqual(bench.held(), ["build.lock"]);
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
