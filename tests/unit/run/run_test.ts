import assert from "node:assert/strict";
import type { CommandConfig } from "../../../lib/config/types.ts";
import type { Perform, Slot, TaskOutcome } from "../../../lib/run/ports.ts";
import { type RunRequest, type RunResult, runTasks } from "../../../lib/run/run.ts";
import type { StopSignal } from "../../../lib/sys/sys.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { command, need, planOf } from "../../support/planned.ts";
import { Recorder } from "./fakes.ts";

/** Tasks that end when the test says so. */
class Stage {
  readonly recorder = new Recorder();
  readonly running = new Map<
    string,
    { slot: Slot; end: (outcome: Partial<TaskOutcome>) => void }
  >();
  readonly started: string[] = [];
  readonly clock = new FakeClock(5);
  signal: (signal: StopSignal) => void = () => assert.fail("nobody listens");
  listening = false;
  readonly ended: Promise<RunResult>;

  constructor(commands: readonly CommandConfig[], over: Partial<RunRequest> = {}) {
    const plan = planOf(commands);
    this.ended = runTasks({
      version: "1.2.3",
      plan,
      selected: plan.tasks.map(({ index }) => index),
      workers: 4,
      failFast: false,
      clock: this.clock,
      onSignal: (listener) => {
        this.signal = listener;
        this.listening = true;
        return () => void (this.listening = false);
      },
      reporter: this.recorder,
      perform: this.#perform,
      ...over,
    });
    // Asked for by each test; until then a rejection is not an accident.
    this.ended.catch(() => {});
  }

  readonly #perform: Perform = (task, slot) =>
    new Promise((done) => {
      this.started.push(task.name);
      const end = (outcome: Partial<TaskOutcome>) => {
        this.running.delete(task.name);
        done({ ending: "ran", tookMs: 1, cached: false, code: 0, ...outcome });
      };
      this.running.set(task.name, { slot, end });
    });

  /** Ends a running task and lets the run react. */
  async end(name: string, outcome: Partial<TaskOutcome> = {}): Promise<void> {
    const task = this.running.get(name);
    assert(task !== undefined, `"${name}" is not running`);
    task.end(outcome);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  get now(): string {
    return [...this.running.keys()].join(" ");
  }
}

const failed = (code: number) => ({ ending: "failed", code }) as const;
const after = (...names: string[]) => ({ deps: names.map((name) => need(name)) });

Deno.test("run: tasks run after what they need, in parallel otherwise", async () => {
  const stage = new Stage([
    command("a"),
    command("b"),
    command("c", after("a", "b")),
    command("d", after("a")),
  ]);
  assert.equal(stage.now, "a b");
  assert.deepEqual([...stage.running.values()].map(({ slot }) => slot.worker), [1, 2]);
  await stage.end("a");
  assert.equal(stage.now, "b d");
  await stage.end("b", { ending: "hit", cached: true, savedMs: 40 });
  assert.equal(stage.now, "d c");
  await stage.end("d");
  await stage.end("c");
  const result = await stage.ended;
  assert.equal(result.exit, 0);
  assert.equal(result.savedMs, 40);
  assert.deepEqual(result.counts, { hit: 1, ran: 3, failed: 0, skipped: 0, cancelled: 0 });
  assert.equal(stage.listening, false);
});

Deno.test("run: the first event tells the tasks, the last one the result", async () => {
  const stage = new Stage([command("a"), command("b")], {
    expectedMs: (task) => task === "b" ? 70 : 10,
    workers: 1,
  });
  assert.equal(stage.now, "b", "the longer one first");
  await stage.end("b");
  stage.clock.advance(9);
  await stage.end("a");
  const result = await stage.ended;
  assert.deepEqual(stage.recorder.events[0], {
    type: "run-started",
    version: "1.2.3",
    root: "/repo",
    workers: 1,
    startedAt: 5,
    tasks: [{ task: "a", command: "a", expectedMs: 10 }, {
      task: "b",
      command: "b",
      expectedMs: 70,
    }],
  });
  assert.deepEqual(stage.recorder.events.at(-1), { type: "run-ended", ...result });
  assert.equal(result.tookMs, 9);
  assert.equal(stage.recorder.closed, 1);
});

Deno.test("run: a failure skips what needs it, names it, and the rest goes on", async () => {
  const stage = new Stage([
    command("a"),
    command("b", after("a")),
    command("c", after("b")),
    command("d"),
    command("e", after("d")),
  ]);
  await stage.end("a", failed(3));
  assert.equal(stage.now, "d");
  await stage.end("d");
  await stage.end("e", failed(137));
  assert.equal((await stage.ended).exit, 137);
  assert.deepEqual(stage.recorder.endings, [
    "a failed",
    "b skipped",
    "c skipped",
    "d ran",
    "e failed",
  ]);
  const skipped = stage.recorder.of("task-ended").filter(({ ending }) => ending === "skipped");
  assert.deepEqual(skipped.map(({ because }) => because), ["a", "a"]);
});

Deno.test("run: fail-fast starts nothing more and lets running tasks end", async () => {
  const stage = new Stage(
    [command("a"), command("b"), command("c"), command("d", after("b"))],
    { failFast: true, workers: 2 },
  );
  const slot = stage.running.get("b")!.slot;
  await stage.end("a", failed(1));
  assert.equal(stage.now, "b");
  assert.equal(slot.mayStart(), false);
  assert.equal(slot.stop.aborted, false);
  await stage.end("b");
  assert.equal((await stage.ended).exit, 1);
  assert.deepEqual(stage.started, ["b", "a"]);
  assert.deepEqual(stage.recorder.endings, ["a failed", "c cancelled", "d cancelled", "b ran"]);
  assert.deepEqual(stage.recorder.of("run-stopping").map(({ because }) => because), ["fail-fast"]);
});

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`run: ${signal} stops what runs and starts nothing more`, async () => {
    const stage = new Stage([command("a"), command("b", after("a"))]);
    const slot = stage.running.get("a")!.slot;
    stage.signal(signal);
    assert.equal(slot.stop.reason, signal);
    assert.equal(slot.kill.aborted, false);
    await stage.end("a", { ending: "cancelled", code: exit });
    const result = await stage.ended;
    assert.deepEqual([result.exit, result.interrupted], [exit, signal]);
    assert.deepEqual(stage.recorder.endings, ["b cancelled", "a cancelled"]);
  });
}

Deno.test("run: a second signal kills", async () => {
  const stage = new Stage([command("a")]);
  const slot = stage.running.get("a")!.slot;
  stage.signal("SIGTERM");
  stage.signal("SIGINT");
  assert.equal(slot.kill.aborted, true);
  await stage.end("a", { ending: "cancelled" });
  assert.equal((await stage.ended).exit, 143);
  assert.equal(stage.recorder.of("run-stopping").length, 1);
});

Deno.test("run: an interactive command runs alone and is asked what Ctrl-C means", async () => {
  const commands = [command("a"), command("shell", { interactive: true }), command("b")];
  const stage = new Stage(commands);
  assert.equal(stage.now, "a");
  await stage.end("a");
  assert.equal(stage.now, "shell");
  const { slot } = stage.running.get("shell")!;
  stage.signal("SIGINT");
  stage.signal("SIGINT");
  assert.equal(slot.stop.aborted || slot.kill.aborted, false);
  await stage.end("shell");
  assert.equal(stage.now, "b", "it went on, and so does the run");
  await stage.end("b");
  assert.equal((await stage.ended).exit, 0);
});

Deno.test("run: an interactive command that dies by Ctrl-C ends the run", async () => {
  const stage = new Stage([command("shell", { interactive: true }), command("b")]);
  stage.signal("SIGINT");
  await stage.end("shell", { ...failed(130), signal: "SIGINT" });
  const result = await stage.ended;
  assert.deepEqual([result.exit, result.interrupted], [130, "SIGINT"]);
  assert.deepEqual(stage.recorder.endings, ["shell failed", "b cancelled"]);
});

Deno.test("run: an interactive command hears SIGTERM", async () => {
  const stage = new Stage([command("shell", { interactive: true })]);
  const { slot } = stage.running.get("shell")!;
  stage.signal("SIGTERM");
  assert.equal(slot.stop.reason, "SIGTERM");
  await stage.end("shell", { ending: "cancelled" });
  assert.equal((await stage.ended).exit, 143);
});

Deno.test("run: needs outside the selection are not waited for", async () => {
  const stage = new Stage([command("a"), command("b", after("a"))], { selected: [1] });
  assert.equal(stage.now, "b");
  await stage.end("b");
  assert.deepEqual((await stage.ended).counts.ran, 1);
});

Deno.test("run: pools come from the configuration", async () => {
  const commands = [command("a", { pool: "db" }), command("b", { pool: "db" })];
  const plan = planOf(commands);
  const pooled = { ...plan, config: { ...plan.config, pools: [{ name: "db", limit: 1 }] } };
  const stage = new Stage(commands, { plan: pooled });
  assert.equal(stage.now, "a");
  await stage.end("a");
  await stage.end("b");
  await stage.ended;
});

Deno.test("run: nothing to do ends well", async () => {
  const stage = new Stage([command("a")], { selected: [] });
  assert.equal((await stage.ended).exit, 0);
  assert.deepEqual(stage.recorder.events.map(({ type }) => type), ["run-started", "run-ended"]);
});

Deno.test("run: a bug stops what runs, is reported, and thrown", async () => {
  const stage: Stage = new Stage([command("a"), command("b"), command("c", after("b"))], {
    perform: (task, slot) => {
      if (task.name === "b") return Promise.reject(new Error("a bug"));
      return new Promise((done) => {
        slot.stop.addEventListener(
          "abort",
          () => done({ ending: "cancelled", tookMs: 0, cached: false }),
        );
      });
    },
  });
  await assert.rejects(stage.ended, /a bug/);
  assert.deepEqual(stage.recorder.endings.sort(), ["a cancelled", "b cancelled", "c cancelled"]);
  assert.deepEqual(stage.recorder.of("run-stopping").map(({ because }) => because), ["bug"]);
  assert.equal(stage.recorder.of("run-ended")[0]!.exit, 70);
  assert.equal(stage.recorder.closed, 1);
  assert.equal(stage.listening, false);
});

Deno.test("run: a reporter that throws does not leave anything running", async () => {
  for (const at of ["run-started", "task-ended", "run-ended"] as const) {
    let ended = 0;
    const run = runTasks({
      version: "1",
      plan: planOf([command("a"), command("b")]),
      selected: [0, 1],
      workers: 1,
      failFast: false,
      clock: new FakeClock(),
      reporter: {
        on(event) {
          if (event.type === at) throw new Error(`cannot show ${at}`);
          if (event.type === "run-ended") ended += 1;
        },
      },
      perform: () => Promise.resolve({ ending: "ran", tookMs: 1, cached: false, code: 0 }),
    });
    await assert.rejects(run, new RegExp(`cannot show ${at}`));
    assert.equal(ended, at === "run-ended" ? 0 : 1);
  }
});

Deno.test("run: a task that throws before its promise is a bug like any other", async () => {
  const stage = new Stage([command("a")], {
    perform: () => {
      throw new Error("at once");
    },
  });
  await assert.rejects(stage.ended, /at once/);
  assert.deepEqual(stage.recorder.endings, ["a cancelled"]);
});

Deno.test("run: 20,000 tasks in a chain", async () => {
  const stage = new Stage(
    Array.from({ length: 20_000 }, (_, i) => command(`t${i}`, i === 0 ? {} : after(`t${i - 1}`))),
    { perform: () => Promise.resolve({ ending: "hit", tookMs: 0, cached: true, code: 0 }) },
  );
  assert.equal((await stage.ended).counts.hit, 20_000);
});
