import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QikError } from "../../../lib/base/problems.ts";
import type { QikEvent } from "../../../lib/events/events.ts";
import type { CommandConfig } from "../../../lib/config/types.ts";
import type { Task } from "../../../lib/plan/types.ts";
import type { ExecResult } from "../../../lib/run/executor.ts";
import { openTaskLocks } from "../../../lib/run/task_lock.ts";
import { RUN_TAG } from "../../../lib/run/run_tag.ts";
import { openPerform } from "../../../lib/run/perform.ts";
import type { PerformPorts, SettledResult, TaskOutcome } from "../../../lib/run/ports.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { command, planOf } from "../../support/planned.ts";
import { FakeCache, FakeExecutor, Recorder } from "./fakes.ts";

const { files, processes, clock } = openSys();

/** One task with everything around it made of paper. */
class Bench {
  readonly root = mkdtempSync(join(tmpdir(), "qik-perform-"));
  readonly recorder = new Recorder();
  readonly executor = new FakeExecutor();
  readonly cache = new FakeCache();
  readonly settled: SettledResult[] = [];
  key = "k1";
  changedInputs: () => readonly string[] = () => [];
  holds = true;
  changes = 0;
  mayStart = true;
  readonly task: Task;
  readonly #perform;
  readonly #ports: PerformPorts;

  constructor(given: Partial<CommandConfig> = {}, ports: Partial<PerformPorts> = {}) {
    this.task = planOf([command("lint", { deps: [], ...given })]).tasks[0]!;
    this.#ports = {
      root: this.root,
      files,
      clock: new FakeClock(),
      executor: this.executor,
      reporter: this.recorder,
      keyer: {
        key: () =>
          Promise.resolve({
            key: this.key,
            explanation: () => ["exec\tx"],
            changedInputs: () => Promise.resolve().then(this.changedInputs),
            holds: () => Promise.resolve(this.holds),
          }),
      },
      caches: () => this.cache,
      mode: { read: true, write: true },
      environment: (_, worker) => ({ QIK__WORKER: String(worker) }),
      argv: () => ["sh", "-c", "x"],
      restorePlace: () => ({
        root: this.root,
        patterns: [],
        isTracked: () => false,
        isListed: () => false,
      }),
      explainMiss: () => "first run",
      changed: () => void (this.changes += 1),
      settled: (_, result) => void this.settled.push(result),
      ...ports,
    };
    this.#perform = openPerform(this.#ports);
  }

  /** As another qik in the same tree would. */
  also(ports: Partial<PerformPorts>): Promise<TaskOutcome> {
    return this.run(openPerform({ ...this.#ports, ...ports }));
  }

  run(perform = this.#perform): Promise<TaskOutcome> {
    return perform(this.task, {
      worker: 3,
      stop: new AbortController().signal,
      kill: new AbortController().signal,
      mayStart: () => this.mayStart,
      atMs: () => 1,
    });
  }

  answer(...results: Partial<ExecResult>[]): this {
    this.executor.results.push(...results);
    return this;
  }

  get whys(): (string | undefined)[] {
    return this.recorder.of("task-started").map(({ why }) => why);
  }
}

function withBench(
  given: Partial<CommandConfig>,
  test: (bench: Bench) => Promise<void>,
  ports: Partial<PerformPorts> = {},
): () => Promise<void> {
  return async () => {
    const bench = new Bench(given, ports);
    try {
      await test(bench);
    } finally {
      rmSync(bench.root, { recursive: true, force: true });
    }
  };
}

Deno.test(
  "perform: a miss runs and is stored, then it is a hit",
  withBench({ artifacts: ["out.txt"] }, async (bench) => {
    const first = await bench.run();
    assert.deepEqual([first.ending, first.code, first.cached], ["ran", 0, false]);
    assert.deepEqual(bench.whys, ["first run"]);
    assert.equal(bench.executor.requests[0]!.env["QIK__WORKER"], "3");
    assert.equal(bench.executor.requests[0]!.logFile, `${bench.root}/._qik/out/lint.out`);
    const stored = bench.cache.entries.get("k1")!;
    assert.deepEqual(stored.explanation, ["exec\tx"]);
    assert.deepEqual(stored.patterns, ["out.txt"]);

    const second = await bench.run();
    assert.deepEqual([second.ending, second.code, second.cached], ["hit", 0, true]);
    assert.equal(second.savedMs, 5);
    assert.equal(bench.executor.requests.length, 1);
    assert.deepEqual(bench.cache.restored, ["lint"]);
    const replayed = bench.recorder.of("task-output").filter((output) => output.replayed);
    assert.deepEqual(replayed.map(({ stream }) => stream), ["err"]);
    assert.deepEqual(bench.settled.map(({ artifacts }) => artifacts[0]!.path), [
      "out.txt",
      "out.txt",
    ]);
  }),
);

Deno.test("perform: a hit that does not stand any more runs, and is a hit again then", async () => {
  let stands = true;
  const stood = { stands: () => stands };
  await withBench({}, async (bench) => {
    await bench.run();
    assert.equal((await bench.run()).ending, "hit");
    stands = false;
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.whys, ["first run", "what it made is not there as it was"]);
    stands = true;
    assert.equal((await bench.run()).ending, "hit");
  }, stood)();
});

Deno.test(
  "perform: the log of a hit stands where a log is looked for",
  withBench({}, async (bench) => {
    await bench.run();
    const { log } = await bench.run();
    assert.equal(log, "._qik/out/lint.out");
    assert.equal(readFileSync(join(bench.root, log), "utf8"), "again\n");
  }),
);

Deno.test(
  "perform: another key is another entry",
  withBench({}, async (bench) => {
    await bench.run();
    bench.key = "k2";
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual([...bench.cache.entries.keys()], ["k1", "k2"]);
  }),
);

for (
  const [cacheWhen, code, stored] of [
    ["success", 0, true],
    ["success", 3, false],
    ["failed", 0, false],
    ["failed", 3, true],
    ["finished", 0, true],
    ["finished", 3, true],
  ] as const
) {
  Deno.test(
    `perform: cache-when ${cacheWhen} and exit code ${code}`,
    withBench({ cacheWhen }, async (bench) => {
      const first = await bench.answer({ code }).run();
      assert.equal(first.ending, code === 0 ? "ran" : "failed");
      assert.equal(bench.cache.entries.size, stored ? 1 : 0);
      if (!stored) return;
      const again = await bench.run();
      assert.deepEqual([again.ending, again.code], [code === 0 ? "hit" : "failed", code]);
      assert.equal(again.cached, true);
    }),
  );
}

Deno.test(
  "perform: an entry that the command would not store now is not replayed",
  withBench({ cacheWhen: "success" }, async (bench) => {
    const failing = new Bench({ cacheWhen: "finished" });
    await failing.answer({ code: 4 }).run();
    rmSync(failing.root, { recursive: true });
    bench.cache.entries.set("k1", failing.cache.entries.get("k1")!);
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.whys, ["the cached result has exit code 4"]);
  }),
);

const foreign: readonly [string, Partial<ExecResult>, string[]][] = [
  ["that a signal ended", { code: 137, signal: "SIGKILL" }, []],
  ["that timed out", { code: 0, endedBy: "timeout" }, []],
  ["that was stopped", { code: 0, endedBy: "stopped" }, []],
  ["that could not start", { code: 127, startFailure: "Cannot find it" }, []],
  ["whose log was cut", { logCut: true }, ["log-cut"]],
  ["whose log could not be written", { logFailure: "ENOSPC" }, ["cache-unwritable"]],
  ["that left a pipe open", { pipeLeftOpen: true }, ["pipe-left-open"]],
];
for (const [what, result, problems] of foreign) {
  Deno.test(
    `perform: a command ${what} is not stored`,
    withBench({ cacheWhen: "finished" }, async (bench) => {
      await bench.answer(result).run();
      assert.equal(bench.cache.entries.size, 0);
      assert.deepEqual(bench.recorder.problems, problems);
    }),
  );
}

Deno.test(
  "perform: a timeout fails, whatever the command answered to SIGTERM",
  withBench({ timeoutMs: 90_000 }, async (bench) => {
    const outcome = await bench.answer({ code: 0, endedBy: "timeout" }).run();
    assert.deepEqual([outcome.ending, outcome.code], ["failed", 124]);
    assert.equal(outcome.because, "timeout after 1m30s");
  }),
);

Deno.test(
  "perform: a stopped command is cancelled",
  withBench({ retries: 3 }, async (bench) => {
    const outcome = await bench.answer({ code: 130, signal: "SIGINT", endedBy: "stopped" }).run();
    assert.equal(outcome.ending, "cancelled");
    assert.equal(bench.executor.requests.length, 1);
  }),
);

Deno.test(
  "perform: changed inputs are not stored, and it says so",
  withBench({}, async (bench) => {
    bench.changedInputs = () => ["a.py", "b.py", "c.py", "d.py"];
    assert.equal((await bench.run()).ending, "ran");
    assert.equal(bench.cache.entries.size, 0);
    assert.deepEqual(bench.settled, []);
    const [problem] = bench.recorder.of("problem");
    assert.equal(problem!.code, "inputs-changed");
    assert.equal(
      problem!.message,
      'Did not store "lint": "a.py", "b.py", "c.py" and others changed while it ran',
    );
  }),
);

Deno.test(
  "perform: an input that cannot be read afterwards has changed",
  withBench({}, async (bench) => {
    bench.changedInputs = () => {
      throw new QikError({ code: "file-unreadable", message: "Cannot read", place: { file: "a" } });
    };
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.recorder.problems, ["inputs-changed"]);
    assert.match(bench.recorder.of("problem")[0]!.message, /"a" changed/);
  }),
);

Deno.test(
  "perform: retries until it passes, and then it is flaky",
  withBench({ retries: 2 }, async (bench) => {
    const outcome = await bench.answer({ code: 1 }, { code: 2 }).run();
    assert.deepEqual([outcome.ending, outcome.flaky], ["ran", true]);
    assert.equal(bench.executor.requests.length, 3);
    assert.equal(bench.cache.entries.size, 1);
    assert.equal(bench.recorder.of("task-started").length, 1);
  }),
);

Deno.test(
  "perform: retries end",
  withBench({ retries: 2 }, async (bench) => {
    const outcome = await bench.answer({ code: 1 }, { code: 1 }, { code: 5 }).run();
    assert.deepEqual([outcome.ending, outcome.code, outcome.flaky], ["failed", 5, undefined]);
    assert.equal(bench.executor.requests.length, 3);
  }),
);

Deno.test(
  "perform: --force does not read but writes",
  withBench({}, async (bench) => {
    bench.cache.broken = { get: "throw" };
    await bench.run();
    assert.equal(bench.cache.asked, 0);
    assert.equal(bench.cache.entries.size, 1);
    assert.deepEqual(bench.whys, ["forced"]);
  }, { mode: { read: false, write: true } }),
);

Deno.test(
  "perform: --no-cache neither reads, writes nor makes keys",
  withBench({}, async (bench) => {
    const outcome = await bench.run();
    assert.deepEqual([outcome.ending, outcome.key], ["ran", undefined]);
    assert.equal(bench.cache.asked + bench.cache.entries.size, 0);
    assert.deepEqual(bench.whys, [undefined]);
  }, { mode: { read: false, write: false }, keyer: { key: () => assert.fail("no key") } }),
);

Deno.test(
  "perform: a command without deps just runs",
  withBench({ hasDeps: false }, async (bench) => {
    assert.equal(bench.task.cacheable, false);
    assert.equal((await bench.run()).ending, "ran");
    assert.equal((await bench.run()).ending, "ran");
    assert.equal(bench.cache.asked, 0);
  }),
);

Deno.test(
  "perform: files are looked at anew after a command, and after a restore that wrote",
  withBench({}, async (bench) => {
    await bench.run();
    assert.equal(bench.changes, 1);
    await bench.run();
    assert.equal(bench.changes, 1, "everything was in place");
    bench.cache.touched = 1;
    await bench.run();
    assert.equal(bench.changes, 2);
  }),
);

Deno.test(
  "perform: the user's work in the way of a hit is a miss without a warning",
  withBench({}, async (bench) => {
    await bench.run();
    bench.cache.broken = { restore: "conflict" };
    const outcome = await bench.run();
    assert.deepEqual([outcome.ending, outcome.code], ["ran", 0]);
    assert.deepEqual(bench.recorder.problems, []);
    assert.equal(bench.whys[1], "no", "what the cache said");
    assert.equal(bench.cache.entries.size, 1);
  }),
);

Deno.test(
  "perform: each artifact pattern that matched nothing is a warning",
  withBench({}, async (bench) => {
    bench.cache.empty = ["dits/*", "*.jss"];
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.recorder.problems, ["artifact-empty", "artifact-empty"]);
    assert.equal((await bench.run()).ending, "hit");
    assert.equal(bench.recorder.problems.length, 2);
  }),
);

for (
  const broken of [
    { get: "throw" },
    { get: "damaged" },
    { restore: "throw" },
    { restore: "damaged" },
    { restore: "refused" },
    { replay: "throw" },
  ] as const
) {
  Deno.test(
    `perform: a cache that fails (${JSON.stringify(broken)}) is a miss with a warning`,
    withBench({}, async (bench) => {
      await bench.run();
      bench.cache.broken = broken;
      const outcome = await bench.run();
      assert.deepEqual([outcome.ending, outcome.code], ["ran", 0]);
      assert.deepEqual(bench.recorder.problems, ["cache-damaged"]);
      assert.equal(bench.whys[1], "the cached result was damaged");
    }),
  );
}

for (const broken of [{ get: "failed" }, { restore: "failed" }] as const) {
  Deno.test(
    `perform: what the system does not let be used (${
      JSON.stringify(broken)
    }) is told once, and not as damage`,
    withBench({}, async (bench) => {
      await bench.run();
      bench.cache.broken = broken;
      for (const run of [1, 2]) {
        assert.equal((await bench.run()).ending, "ran");
        assert.deepEqual(bench.recorder.problems, ["cache-unusable"]);
        assert.equal(bench.whys[run], "the cached result cannot be used");
      }
    }),
  );
}

for (const put of ["throw", "unwritable"] as const) {
  Deno.test(
    `perform: a cache that cannot be written to (${put}) is one warning for all tasks`,
    withBench({}, async (bench) => {
      bench.cache.broken = { put };
      assert.equal((await bench.run()).ending, "ran");
      assert.equal((await bench.run()).ending, "ran");
      assert.deepEqual(bench.recorder.problems, ["cache-unwritable"]);
      assert.deepEqual(bench.settled, [{ key: "k1", artifacts: [] }, { key: "k1", artifacts: [] }]);
    }),
  );
}

Deno.test(
  "perform: artifacts that were not stored are taken from the disk by who needs them",
  withBench({ artifacts: ["out.txt"] }, async (bench) => {
    bench.cache.broken = { put: "bad-artifact" };
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.settled, []);
    assert.match(bench.recorder.of("problem")[0]!.message, /Did not store "lint": bad-artifact/);
  }),
);

Deno.test(
  "perform: an explanation that fails is no reason not to run",
  withBench({}, async (bench) => {
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.whys, ["not in the cache"]);
  }, {
    explainMiss: () => {
      throw new Error("no");
    },
  }),
);

Deno.test(
  "perform: a task whose key cannot be made fails with the problem's code",
  withBench({}, async (bench) => {
    const outcome = await bench.run();
    assert.deepEqual([outcome.ending, outcome.code], ["failed", 2]);
    assert.equal(outcome.because, 'Cannot read "a"');
    assert.deepEqual(bench.recorder.problems, ["file-unreadable"]);
    assert.equal(bench.executor.requests.length, 0);
  }, {
    keyer: {
      key: () =>
        Promise.reject(new QikError({ code: "file-unreadable", message: 'Cannot read "a"' })),
    },
  }),
);

Deno.test(
  "perform: a bug in the keyer is not swallowed",
  withBench({}, async (bench) => {
    await assert.rejects(bench.run(), /a bug/);
  }, { keyer: { key: () => Promise.reject(new Error("a bug")) } }),
);

Deno.test(
  "perform: a run that is stopping starts nothing, but hits still count",
  withBench({}, async (bench) => {
    await bench.run();
    bench.mayStart = false;
    assert.equal((await bench.run()).ending, "hit");
    bench.key = "k2";
    assert.equal((await bench.run()).ending, "cancelled");
    assert.equal(bench.executor.requests.length, 1);
  }),
);

Deno.test(
  "perform: what the user was told already of an unwritable directory is not said again",
  withBench({}, async (bench) => {
    bench.cache.broken = { put: "unwritable" };
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.recorder.problems, []);
  }, { saidUnwritable: true }),
);

Deno.test(
  "perform: two at once run a task once, and both tell its result",
  withBench({}, async (bench) => {
    let letGo = () => {};
    const gate = new Promise<void>((done) => letGo = done);
    let ran = 0;
    const executor: PerformPorts["executor"] = {
      async execute(request) {
        ran += 1;
        await gate;
        return await bench.executor.execute(request);
      },
    };
    const { root } = bench;
    const withLocks = () => {
      const locks = openTaskLocks({ root, files, clock, processes });
      let hasAsked = () => {};
      const asked = new Promise<void>((done) => hasAsked = done);
      const take: typeof locks.take = (request) => {
        hasAsked();
        return locks.take(request);
      };
      const ended = bench.also({ executor, locks: { ...locks, take } });
      return { ended, asked, close: locks.close };
    };
    const first = withLocks();
    await first.asked;
    const second = withLocks();
    await second.asked;
    letGo();
    assert.equal((await first.ended).ending, "ran");
    assert.equal((await second.ended).ending, "hit");
    assert.equal(ran, 1);
    first.close();
    second.close();
    assert.deepEqual(files.list(join(root, "._qik/locks")), []);
  }),
);

Deno.test(
  "perform: what another qik began and ended between look-up and lock is not run again",
  withBench({}, async (bench) => {
    const { root } = bench;
    const locks = openTaskLocks({ root, files, clock, processes });
    const take: typeof locks.take = async (request) => {
      assert.equal(bench.cache.asked, 1, "the look-up comes first");
      const other = openTaskLocks({ root, files, clock, processes });
      assert.equal((await bench.also({ locks: other })).ending, "ran");
      other.close();
      return locks.take(request);
    };
    const outcome = await bench.also({ locks: { ...locks, take } });
    locks.close();
    assert.deepEqual([outcome.ending, bench.executor.requests.length], ["hit", 1]);
  }),
);

Deno.test(
  "perform: the processes of each execution carry a tag of their own",
  withBench({ retries: 1 }, async (bench) => {
    await bench.answer({ code: 1 }).run();
    assert.deepEqual(bench.executor.requests.map(({ env }) => env[RUN_TAG]), ["t1", "t2"]);
  }, { tag: ((count) => () => `t${++count}`)(0) }),
);

Deno.test(
  "perform: a listener that throws while a hit is replayed is no damage of the cache",
  withBench({}, async (bench) => {
    await bench.run();
    const reporter = {
      on: (event: QikEvent) => {
        if (event.type === "task-output") throw new Error("the listener's own");
        bench.recorder.on(event);
      },
    };
    await assert.rejects(bench.also({ reporter }), /the listener's own/);
    assert.deepEqual(bench.recorder.problems, []);
  }),
);

Deno.test(
  "perform: a log that is lost does not keep a full cache from being told",
  withBench({}, async (bench) => {
    bench.cache.broken.put = "unwritable";
    await bench.answer({ logFailure: "ENOSPC" }, { logFailure: "ENOSPC" }, {}).run();
    await bench.run();
    await bench.run();
    const told = bench.recorder.of("problem").map(({ message }) => message);
    assert.deepEqual(told, [
      'Cannot write to the log "._qik/out/lint.out": ENOSPC',
      'Cannot write to the cache "fake": unwritable it is',
    ]);
  }),
);

Deno.test(
  "perform: a log that somebody else replaced is told as such, without talk of free space",
  withBench({}, async (bench) => {
    await bench.answer({ logFailure: "it was removed while the command ran" }).run();
    const [problem] = bench.recorder.of("problem");
    assert.match(problem!.message, /Did not store "lint": .*it was removed/);
    assert.match(problem!.hint!, /nothing but qik/);
  }),
);

Deno.test(
  "perform: an artifact that cannot be stored is its own problem",
  withBench({ artifacts: ["a"] }, async (bench) => {
    bench.cache.broken.put = "bad-artifact";
    assert.equal((await bench.run()).ending, "ran");
    assert.deepEqual(bench.recorder.problems, ["artifact-bad"]);
  }),
);

Deno.test(
  "perform: it says what became of those that hold the output, and nothing that is not so",
  withBench({}, async (bench) => {
    await bench.answer({ pipeLeftOpen: true }, { pipeLeftOpen: true, leftRunning: true }).run();
    await bench.run();
    const told = bench.recorder.of("problem").map(({ message }) => message);
    assert.deepEqual(told, [
      'Stopped what "lint" left running with its output open',
      'Stopped listening to what "lint" left running with its output open',
    ]);
  }),
);

Deno.test(
  "perform: files are looked at again after sealed code only where somebody looked meanwhile",
  withBench({ artifacts: ["._qik/artifacts/x"] }, async (bench) => {
    let looks = 0;
    bench.changedInputs = () => (looks++, []);
    await bench.answer({ changedInputs: [] }).run();
    assert.deepEqual([looks, bench.changes, bench.cache.entries.size], [0, 0, 1]);
    bench.key = "k2";
    bench.holds = false;
    await bench.answer({ changedInputs: [] }).run();
    assert.deepEqual([looks, bench.changes, bench.cache.entries.size], [1, 0, 2]);
    bench.key = "k3";
    bench.changedInputs = () => ["b.py"];
    await bench.answer({ changedInputs: [] }).run();
    assert.equal(bench.cache.entries.size, 2, "what somebody else saw counts");
  }),
);

Deno.test(
  "perform: what sealed code found to differ is told, not stored, and looked at anew",
  withBench({ artifacts: ["._qik/artifacts/x"] }, async (bench) => {
    await bench.answer({ changedInputs: ["a.py"] }).run();
    assert.deepEqual([bench.cache.entries.size, bench.changes], [0, 1]);
    const [problem] = bench.recorder.of("problem");
    assert.match(problem!.message, /"a\.py" changed while it ran/);
  }),
);

Deno.test(
  "perform: artifacts that may be inputs of others are looked at after sealed code, too",
  withBench({ artifacts: [".qik/artifacts/x"] }, async (bench) => {
    await bench.answer({ changedInputs: [] }).run();
    assert.equal(bench.changes, 1);
  }),
);
