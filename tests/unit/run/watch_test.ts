import assert from "node:assert/strict";
import {
  type Look,
  type Round,
  type Said,
  type Seen,
  type WatchPorts,
  watchTasks,
} from "../../../lib/run/watch.ts";
import type { StopSignal } from "../../../lib/sys/sys.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** What a task sees: one text. */
const seen = (text: string): Seen => ({ digest: () => text, lines: () => [`file ${text}\t1`] });

/** Lets everything that waits for promises go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** A repository in memory: `contents` is what each task's inputs hold, runs are ended by hand. */
class World {
  readonly contents = new Map<string, string>();
  readonly runs: (Round & { readonly end: (interrupted?: StopSignal) => void })[] = [];
  readonly said: Said[] = [];
  /** Tasks that runs were asked to stop. */
  readonly cut: string[][] = [];
  dependants: Look["dependants"] = new Map();
  needs: Look["needs"] = new Map();
  /** Tasks whose result was taken apart. */
  readonly fallen = new Set<string>();
  #hint = Promise.withResolvers<void>();
  listeners = 0;
  isHeldUp = false;
  #signal: ((signal: StopSignal) => void) | undefined;
  readonly over: Promise<StopSignal>;

  constructor(contents: Readonly<Record<string, string>>, more: Partial<WatchPorts> = {}) {
    for (const [task, text] of Object.entries(contents)) this.contents.set(task, text);
    this.over = watchTasks({
      clock: new FakeClock(),
      look: () => this.isHeldUp ? heldUp() : Promise.resolve(this.#look()),
      run: (round) => this.#run(round),
      hint: () => this.#hint.promise,
      differences: (_, now) => now.lines(),
      tell: (said) => this.said.push(said),
      onSignal: (listener) => {
        this.#signal = listener;
        this.listeners++;
        return () => {
          this.#signal = undefined;
          this.listeners--;
        };
      },
      ...more,
    });
  }

  #look(): Look {
    const tasks = new Map([...this.contents].map(([task, text]) => [task, seen(text)] as const));
    return { tasks, dependants: this.dependants, needs: this.needs, fallen: new Set(this.fallen) };
  }

  #run(round: Round): Promise<{ interrupted?: StopSignal }> {
    const ended = Promise.withResolvers<{ interrupted?: StopSignal }>();
    round.onBegin((tasks) => this.cut.push([...tasks]));
    this.runs.push({
      ...round,
      end: (interrupted) => ended.resolve(interrupted === undefined ? {} : { interrupted }),
    });
    return ended.promise;
  }

  async change(contents: Readonly<Record<string, string>>): Promise<void> {
    for (const [task, text] of Object.entries(contents)) this.contents.set(task, text);
    await this.hint();
  }

  async hint(): Promise<void> {
    const { resolve } = this.#hint;
    this.#hint = Promise.withResolvers<void>();
    resolve();
    await settle();
  }

  signal(signal: StopSignal): void {
    this.#signal?.(signal);
  }

  /** The names of the run that goes on, its tasks started with what stands there. */
  begin(...tasks: readonly string[]): void {
    for (const task of tasks) {
      this.runs.at(-1)!.onKeyed(task, seen(this.contents.get(task)!));
      this.runs.at(-1)!.onStarted(task);
    }
  }

  /** Ends the run: all that it was asked for passed. */
  async pass(): Promise<void> {
    const run = this.runs.at(-1)!;
    for (const task of run.tasks) {
      run.onKeyed(task, seen(this.contents.get(task)!));
      run.onEnded(task, "passed");
    }
    run.end();
    await settle();
  }

  get asked(): readonly (readonly string[])[] {
    return this.runs.map(({ tasks }) => tasks);
  }

  async end(): Promise<void> {
    this.signal("SIGINT");
    assert.equal(await this.over, "SIGINT");
  }
}

async function started(
  contents: Readonly<Record<string, string>>,
  more: Partial<WatchPorts> = {},
): Promise<World> {
  const world = new World(contents, more);
  await settle();
  return world;
}

Deno.test("everything runs once, then what changed, and hints without a change run nothing", async () => {
  const world = await started({ a: "1", b: "1" });
  await world.pass();
  await world.hint();
  await world.change({ b: "2" });
  await world.pass();
  await world.change({ b: "2" });
  assert.deepEqual(world.asked, [["a", "b"], ["b"]]);
  assert.deepEqual(world.said.map(({ kind }) => kind), ["waiting", "again", "waiting"]);
  const [, again] = world.said;
  assert.deepEqual(again?.kind === "again" && [...again.causes], [["b", ["file 2\t1"]]]);
  await world.end();
});

Deno.test("a change of a task that runs stops it; what has not begun sees it anyway", async () => {
  const world = await started({ a: "1", b: "1" });
  world.begin("a");
  await world.change({ a: "2", b: "2" });
  assert.deepEqual(world.cut, [["a"]]);
  const run = world.runs[0]!;
  run.onEnded("a", "cancelled");
  world.begin("b");
  run.onEnded("b", "passed");
  run.end();
  await settle();
  assert.deepEqual(world.asked, [["a", "b"], ["a"]]);
  await world.pass();
  await world.end();
});

Deno.test("a task that changes have stopped three times is let finish, and then runs again", async () => {
  const world = await started({ a: "0" });
  for (let count = 1; count <= 3; count++) {
    world.begin("a");
    await world.change({ a: `${count}` });
    world.runs.at(-1)!.onEnded("a", "cancelled");
    world.runs.at(-1)!.end();
    await settle();
  }
  world.begin("a");
  await world.change({ a: "4" });
  assert.deepEqual(world.cut, [["a"], ["a"], ["a"], []]);
  world.runs.at(-1)!.onEnded("a", "passed");
  world.runs.at(-1)!.end();
  await settle();
  assert.equal(world.runs.length, 5);
  await world.pass();
  assert.equal(world.said.at(-1)?.kind, "waiting");
  await world.end();
});

Deno.test("a change that is found only when the run is over is not lost", async () => {
  const world = await started({ a: "1" });
  world.begin("a");
  world.contents.set("a", "2");
  // No hint came: the run's own end is a reason to look.
  world.runs[0]!.onEnded("a", "passed");
  world.runs[0]!.end();
  await settle();
  assert.deepEqual(world.asked, [["a"], ["a"]]);
  await world.pass();
  await world.end();
});

Deno.test("what a task made and somebody took apart is made again, but not while it is made", async () => {
  const world = await started({ a: "1", b: "1" });
  // Before it is there for the first time.
  world.fallen.add("a");
  await world.hint();
  assert.deepEqual([world.asked, world.cut], [[["a", "b"]], []]);
  world.fallen.clear();
  await world.pass();
  await world.hint();
  world.fallen.add("a");
  await world.hint();
  const again = world.said.at(-1)!;
  assert.deepEqual(again.kind === "again" && [...again.causes], [
    ["a", ["what it made is not there as it was"]],
  ]);
  // It works on it.
  world.begin("a");
  await world.hint();
  assert.deepEqual(world.cut, []);
  world.fallen.clear();
  await world.pass();
  await world.hint();
  assert.deepEqual(world.asked, [["a", "b"], ["a"]]);
  // What cannot be mended is not tried for ever.
  world.fallen.add("b");
  await world.hint();
  world.runs.at(-1)!.onEnded("b", "failed");
  world.runs.at(-1)!.end();
  await settle();
  await world.hint();
  assert.deepEqual(world.asked, [["a", "b"], ["a"], ["b"]]);
  await world.end();
});

Deno.test("dependants come along, and needs that have not passed, in the order of the plan", async () => {
  const world = await started({ need: "1", mid: "1", other: "1", last: "1" });
  world.dependants = new Map([["mid", ["last"]]]);
  world.needs = new Map([["mid", ["need"]], ["last", ["mid"]]]);
  const run = world.runs[0]!;
  world.begin("need", "mid", "other", "last");
  run.onEnded("need", "failed");
  run.onEnded("mid", "skipped");
  run.onEnded("other", "passed");
  run.onEnded("last", "skipped");
  run.end();
  await settle();
  await world.change({ mid: "2" });
  assert.deepEqual(world.asked[1], ["need", "mid", "last"]);
  await world.pass();
  await world.change({ mid: "3" });
  assert.deepEqual(world.asked[2], ["mid", "last"], "what it needs has passed");
  await world.pass();
  await world.end();
});

Deno.test("a task that is new runs, one that is gone is forgotten after a while", async () => {
  const clock = new FakeClock();
  const world = await started({ a: "1", b: "1" }, { clock });
  await world.pass();
  world.contents.delete("b");
  await world.change({ c: "1" });
  assert.deepEqual(world.asked[1], ["c"]);
  assert.deepEqual(
    world.said.filter(({ kind }) => kind === "again").map((said) =>
      said.kind === "again" && [...said.causes]
    ),
    [[["c", ["its definition is new"]]]],
  );
  await world.pass();
  await world.change({ b: "1" });
  assert.equal(world.asked.length, 2, "a configuration was being written");
  world.contents.delete("b");
  await world.hint();
  clock.advance(5001);
  await world.change({ b: "1" });
  assert.deepEqual(world.asked[2], ["b"]);
  world.contents.delete("b");
  await world.hint();
  await world.pass();
  await world.change({ b: "1" });
  assert.deepEqual(world.asked[3], ["b"], "it was gone while it was to run");
  await world.pass();
  await world.end();
});

Deno.test("what is watched and not to run first runs when it changes, with what it needs", async () => {
  const world = await started({ a: "1", b: "1", c: "1" }, { begins: (task) => task === "a" });
  world.needs = new Map([["c", ["b"]]]);
  assert.deepEqual(world.asked, [["a"]]);
  await world.pass();
  await world.change({ c: "2" });
  assert.deepEqual(world.asked[1], ["b", "c"]);
  await world.pass();
  await world.end();
});

Deno.test("a signal ends it while it waits and while it runs", async () => {
  const waiting = await started({ a: "1" });
  await waiting.pass();
  waiting.signal("SIGTERM");
  assert.equal(await waiting.over, "SIGTERM");
  const running = await started({ a: "1" });
  running.runs[0]!.end("SIGHUP");
  assert.equal(await running.over, "SIGHUP");
});

/** Somebody who looks for ever. */
const heldUp = () => new Promise<Look>(() => {});

Deno.test("a signal between two runs ends it, also in the middle of a look", async () => {
  const looking = await started({ a: "1" }, { look: heldUp });
  await looking.end();
  const beginning = await started({ a: "1" });
  await beginning.end();
  const ending = await started({ a: "1" });
  // The run heard of nothing until its end.
  ending.runs[0]!.onSignal(() => assert.fail("it does not listen any more"))();
  await ending.end();
  const after = await started({ a: "1" });
  after.isHeldUp = true;
  await after.pass();
  await after.end();
  assert.deepEqual([looking, beginning, ending, after].map(({ listeners }) => listeners), [
    0,
    0,
    0,
    0,
  ]);
});

Deno.test("a signal that a run hears is the run's", async () => {
  const world = await started({ a: "1" });
  const heard: StopSignal[] = [];
  const stopListening = world.runs[0]!.onSignal((signal) => heard.push(signal));
  world.signal("SIGINT");
  stopListening();
  await world.pass();
  assert.deepEqual([heard, world.said.at(-1)?.kind], [["SIGINT"], "waiting"]);
  await world.end();
});

Deno.test("contents that come back again and again end in a word, and in waiting", async () => {
  const world = await started({ a: "0" });
  for (let round = 0; world.said.at(-1)?.kind !== "waiting" && round < 40; round++) {
    world.begin("a");
    world.contents.set("a", String((round + 1) % 2));
    const run = world.runs.at(-1)!;
    run.onEnded("a", "passed");
    run.end();
    await settle();
  }
  const told = world.said.find(({ kind }) => kind === "ping-pong");
  assert.deepEqual(told?.kind === "ping-pong" && [told.tasks, told.stopped], [["a"], true]);
  assert.ok(world.runs.length <= 11, `${world.runs.length} runs`);
  await world.change({ a: "somebody's" });
  await world.pass();
  assert.equal(world.said.at(-1)?.kind, "waiting");
  await world.end();
});
