import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import type { CommandConfig } from "../../../lib/config/types.ts";
import { openExecutor } from "../../../lib/run/execute.ts";
import { openPerform } from "../../../lib/run/perform.ts";
import { runTasks } from "../../../lib/run/run.ts";
import { openSys } from "../../../lib/sys/open.ts";
import type { StopSignal } from "../../../lib/sys/sys.ts";
import { Gate } from "../../support/gate.ts";
import { command, need, planOf } from "../../support/planned.ts";
import { Recorder } from "./fakes.ts";

const { files, processes, clock } = openSys();

/** A run of real processes, without keys and caches. */
function startRun(root: string, commands: readonly CommandConfig[], workers: number) {
  const plan = { ...planOf(commands), root };
  const recorder = new Recorder();
  let send: (signal: StopSignal) => void = () => {};
  const ended = runTasks({
    version: "1",
    plan,
    selected: plan.tasks.map(({ index }) => index),
    workers,
    failFast: false,
    clock,
    reporter: recorder,
    onSignal: (listener) => {
      send = listener;
      return () => {};
    },
    perform: openPerform({
      root,
      files,
      clock,
      executor: openExecutor({ processes, files, clock, graceMs: 30 }),
      reporter: recorder,
      keyer: { key: () => assert.fail("nothing is keyed") },
      caches: () => assert.fail("nothing is cached"),
      mode: { read: false, write: false },
      environment: (_, worker) => ({ PATH: "/usr/bin:/bin", QIK__WORKER: String(worker) }),
      argv: ({ exec }) => ["sh", "-c", String(exec)],
      restorePlace: () => assert.fail("nothing is restored"),
      explainMiss: () => "",
      changed: () => {},
      settled: () => {},
    }),
  });
  return { recorder, ended, send: (signal: StopSignal) => send(signal) };
}

function temporary(test: (root: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const root = mkdtempSync(join(tmpdir(), "qik-live-"));
    try {
      await test(root);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  };
}

Deno.test(
  "live: order, parallelism, worker numbers and logs",
  temporary(async (root) => {
    const gates = ["a", "b", "c"].map((name) => new Gate(root, name));
    const exec = (at: number) => `echo worker $QIK__WORKER; ${gates[at]!.exec}`;
    const run = startRun(root, [
      command("a", { exec: exec(0) }),
      command("b", { exec: exec(1) }),
      command("c", { exec: exec(2), deps: [need("a")] }),
    ], 2);
    await Promise.all([gates[0]!.started(), gates[1]!.started()]);
    await gates[0]!.finish();
    await gates[2]!.started();
    assert.deepEqual(run.recorder.endings, ["a ran"], "b runs beside c");
    await gates[1]!.finish(4);
    await gates[2]!.finish();
    assert.equal((await run.ended).exit, 4);
    const log = (name: string) => readFileSync(join(root, `._qik/out/${name}.out`), "utf8");
    // c has the longest path before it, so a started first.
    assert.deepEqual(["a", "b", "c"].map(log), ["worker 1\n", "worker 2\n", "worker 1\n"]);
  }),
);

Deno.test(
  "live: SIGINT ends grandchildren that ignore every signal",
  temporary(async (root) => {
    const gates = ["one", "two"].map((name) => new Gate(root, name));
    const run = startRun(
      root,
      gates.map((gate) =>
        command(gate.name, {
          exec: `(trap '' INT TERM HUP; sh -c 'echo $$; exec >/dev/null; ${gate.exec}') & wait`,
        })
      ),
      2,
    );
    await Promise.all(gates.map((gate) => gate.started()));
    run.send("SIGINT");
    const { exit, interrupted, counts } = await run.ended;
    assert.deepEqual([exit, interrupted, counts.cancelled], [130, "SIGINT", 2]);
    const pids = run.recorder.of("task-output").map(({ bytes }) => new TextDecoder().decode(bytes));
    assert.equal(pids.length, 2);
    for (const pid of pids) await gone(Number(pid));
  }),
);

Deno.test(
  "live: the highest exit code counts, also that of a death by signal",
  temporary(async (root) => {
    const run = startRun(root, [
      command("a", { exec: "exit 3" }),
      command("b", { exec: "kill -9 $$" }),
      command("c", { exec: "true" }),
    ], 1);
    assert.equal((await run.ended).exit, 137);
    const ends = run.recorder.of("task-ended").map(({ code, signal }) => [code, signal]);
    assert.deepEqual(ends, [[3, undefined], [137, "SIGKILL"], [0, undefined]]);
  }),
);

Deno.test(
  "live: a program that is not there fails its task and says so",
  temporary(async (root) => {
    const run = startRun(root, [command("a", { exec: "true", dir: "nowhere" })], 1);
    assert.equal((await run.ended).exit, 126);
    assert.match(run.recorder.of("task-ended")[0]!.because!, /nowhere": no such directory/);
  }),
);

/** Resolves when a process that was killed has come to its end. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      if (/^\d+ \(.*\) [ZX] /s.test(stat)) return;
    } catch {
      return;
    }
    await new Promise((done) => setImmediate(done));
  }
}
