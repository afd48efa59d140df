import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { openExecutor } from "../../../lib/run/execute.ts";
import type { ExecRequest, ExecResult } from "../../../lib/run/executor.ts";
import { RUN_TAG } from "../../../lib/run/run_tag.ts";
import { openSys } from "../../../lib/sys/open.ts";
import type { Clock, Files } from "../../../lib/sys/sys.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { faultyFiles, WRITES } from "../../support/faulty_files.ts";
import { Gate } from "../../support/gate.ts";

const { files, processes, clock } = openSys();
const PATH = "/usr/local/bin:/usr/bin:/bin";

interface Bench {
  readonly directory: string;
  readonly gate: (name: string) => Gate;
  /** Resolves with the result and all output as one latin1 text per stream. */
  readonly run: (exec: string | readonly string[], over?: Over) => Promise<Ran>;
}

interface Over extends Partial<ExecRequest> {
  readonly graceMs?: number;
  readonly maxLogBytes?: number;
  readonly files?: Files;
  readonly clock?: Clock;
}

interface Ran {
  readonly result: ExecResult;
  readonly out: string;
  readonly err: string;
  /** The log file as latin1. */
  readonly log: string;
}

function bench(test: (bench: Bench) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "qik-execute-"));
    try {
      await test({
        directory,
        gate: (name) => new Gate(directory, name),
        run: (exec, over = {}) => run(directory, exec, over),
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

async function run(directory: string, exec: string | readonly string[], over: Over): Promise<Ran> {
  const { graceMs, maxLogBytes, files: otherFiles, clock: otherClock, ...request } = over;
  const executor = openExecutor({
    processes,
    files: otherFiles ?? files,
    clock: otherClock ?? clock,
    ...(graceMs !== undefined && { graceMs }),
    ...(maxLogBytes !== undefined && { maxLogBytes }),
  });
  const output = { out: "", err: "" };
  const decoder = new TextDecoder("latin1");
  const logFile = join(directory, "out", "task.out");
  const result = await executor.execute({
    task: "task",
    argv: typeof exec === "string" ? ["sh", "-c", exec] : exec,
    cwd: directory,
    env: { PATH },
    logFile,
    interactive: false,
    onOutput: (stream, bytes) => void (output[stream] += decoder.decode(bytes)),
    stop: new AbortController().signal,
    ...request,
  });
  const log = existsSync(logFile) ? readFileSync(logFile, "latin1") : "";
  return { result, ...output, log };
}

/** Whether a process runs; dead ones that nobody has buried do not. */
function runs(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Lets time pass until a promise has settled. */
async function advanceUntil<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  promise.finally(() => settled = true).catch(() => {});
  while (!settled) {
    clock.advance(10);
    await new Promise((done) => setImmediate(done));
  }
  return await promise;
}

/** Resolves when a process that was killed has come to its end. */
async function gone(pid: string): Promise<void> {
  while (runs(pid)) await new Promise((done) => setImmediate(done));
}

Deno.test(
  "execute: code, output, log and turns",
  bench(async ({ run }) => {
    const { result, out, err, log } = await run("echo one; exit 3");
    assert.equal(result.code, 3);
    assert.equal(out, "one\n");
    assert.equal(err, "");
    assert.equal(log, "one\n");
    assert.deepEqual(result.log.turns, [4]);
    assert.equal(result.log.size, 4);
    assert(result.tookMs > 0);
    assert.equal(result.logCut, false);
    assert.equal(result.pipeLeftOpen, false);
    assert.deepEqual(Object.keys(result).filter((key) => /By|signal|ailure/.test(key)), []);
  }),
);

Deno.test(
  "execute: turns tell the streams apart, neighbours merged",
  bench(async ({ run, gate }) => {
    const gates = [gate("a"), gate("b")];
    const ran = run(`echo 1; echo 2; ${gates[0]!.exec}; echo 3 >&2; ${gates[1]!.exec}; echo 44`, {
      onOutput: (_, bytes) => {
        // Opened by the output before it, so that each stream is read before the next one speaks.
        const text = new TextDecoder().decode(bytes);
        if (text.endsWith("2\n")) void gates[0]!.pass();
        if (text.endsWith("3\n")) void gates[1]!.pass();
      },
    });
    const { result, log } = await ran;
    assert.deepEqual(result.log.turns, [4, -2, 3]);
    assert.equal(log, "1\n2\n3\n44\n");
  }),
);

Deno.test(
  "execute: bytes are kept as they are",
  bench(async ({ run }) => {
    const { out, log, result } = await run("printf 'a\\000b\\377\\303\\r\\n\\033[1mno end'");
    assert.equal(out, "a\0b\xff\xc3\r\n\x1b[1mno end");
    assert.equal(log, out);
    assert.equal(result.log.size, out.length);
  }),
);

Deno.test(
  "execute: an old log does not shine through",
  bench(async ({ run }) => {
    await run("echo a long line from an earlier run");
    const { log, result } = await run("true");
    assert.equal(log, "");
    assert.equal(result.log.size, 0);
  }),
);

Deno.test(
  "execute: a death by signal",
  bench(async ({ run }) => {
    const { result } = await run("kill -9 $$");
    assert.equal(result.code, 137);
    assert.equal(result.signal, "SIGKILL");
    assert.equal(result.endedBy, undefined);
  }),
);

Deno.test(
  "execute: what cannot be started says why",
  bench(async ({ run, directory }) => {
    const missing = await run(["no-such-program", "x"]);
    assert.equal(missing.result.code, 127);
    assert.equal(missing.result.startFailure, 'Cannot find the program "no-such-program"');
    const nowhere = await run("true", { cwd: `${directory}/gone` });
    assert.equal(nowhere.result.code, 126);
    assert.match(nowhere.result.startFailure!, /Cannot run in ".*gone": no such directory/);
    const directoryItself = await run([directory]);
    assert.equal(directoryItself.result.code, 126);
    assert.match(directoryItself.result.startFailure!, /permission denied/);
  }),
);

Deno.test(
  "execute: a command may delete the directory it runs in",
  bench(async ({ run }) => {
    const { result, out } = await run('rm -rf "$PWD"; echo still here; exit 5');
    assert.equal(result.code, 5);
    assert.equal(out, "still here\n");
    assert.equal(result.logFailure, "it was removed while the command ran");
  }),
);

Deno.test(
  "execute: a log that something else replaced is not ours",
  bench(async ({ run, directory }) => {
    const others = "something else wrote to it while the command ran";
    const { result } = await run(`echo other > out/task.out; echo mine`);
    assert.equal(result.code, 0);
    assert.equal(result.logFailure, others, "before the first output");
    const written = "until [ -s out/task.out ]; do sleep 0.01; done";
    const replaced = await run(`echo a; ${written}; rm out/task.out; echo other > out/task.out`);
    assert.equal(replaced.result.logFailure, others, "after it");
    const appended = await run(`echo more >> "${directory}/out/task.out"`);
    assert.equal(appended.result.logFailure, others, "without any");
    assert.equal((await run("true")).result.logFailure, undefined);
    assert.deepEqual(readdirSync(join(directory, "out")), [], "no output, no file");
  }),
);

Deno.test(
  "execute: a timeout stops the group, also what ignores SIGTERM",
  bench(async ({ run, gate }) => {
    const stubborn = gate("stubborn");
    const clock = new FakeClock();
    const ran = run(`trap '' TERM; (${stubborn.stubborn}) & echo $!; wait; exit 0`, {
      timeoutMs: 1000,
      graceMs: 500,
      clock,
    });
    await stubborn.started();
    clock.advance(1000);
    clock.advance(500);
    const { result, out } = await ran;
    assert.equal(result.endedBy, "timeout");
    assert.equal(result.code, 137);
    assert.equal(result.signal, "SIGKILL");
    assert.equal(result.tookMs, 1500);
    assert.equal(clock.waiting, 0, "no timer is left");
    await gone(out.trim());
  }),
);

Deno.test(
  "execute: a command that ends before its timeout is not touched",
  bench(async ({ run }) => {
    const { result } = await run("exit 0", { timeoutMs: 60_000 });
    assert.equal(result.endedBy, undefined);
    assert.equal(result.code, 0);
  }),
);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(
    `execute: ${signal} reaches the group, and those that ignore it are killed`,
    bench(async ({ run, gate }) => {
      const gates = [gate("child"), gate("grandchild")];
      const stop = new AbortController();
      const ran = run(
        `(${gates[0]!.stubborn}) & (trap '' INT TERM HUP; (${gates[1]!.stubborn}) & wait) & wait`,
        { stop: stop.signal, graceMs: 20 },
      );
      await Promise.all(gates.map((one) => one.started()));
      stop.abort(signal);
      const { result } = await ran;
      assert.equal(result.endedBy, "stopped");
      assert.notEqual(result.code, 0);
    }),
  );
}

Deno.test(
  "execute: a command has the grace to tidy up after its shell has ended",
  bench(async ({ run, gate, directory }) => {
    const [ready, tidy] = [gate("ready"), gate("tidy")];
    const stop = new AbortController();
    const ran = run(
      `(trap 'echo tidying; ${tidy.exec}; echo tidied > done; exit 0' TERM; ${ready.exec} & wait) & wait`,
      { stop: stop.signal, graceMs: 60_000 },
    );
    await ready.started();
    stop.abort("SIGTERM");
    await tidy.pass();
    const { result } = await ran;
    assert.equal(result.endedBy, "stopped");
    assert.equal(readFileSync(join(directory, "done"), "utf8"), "tidied\n");
  }),
);

Deno.test(
  "execute: a command that ends well when asked to stop was stopped all the same",
  bench(async ({ run, gate }) => {
    const ready = gate("ready");
    const stop = new AbortController();
    const ran = run(`trap 'exit 0' INT; ${ready.exec}; exit 9`, { stop: stop.signal });
    await ready.started();
    stop.abort("SIGINT");
    const { result } = await ran;
    assert.equal(result.code, 0);
    assert.equal(result.endedBy, "stopped");
  }),
);

Deno.test(
  "execute: what a shell put into the background ends by SIGTERM after SIGINT",
  bench(async ({ run, gate }) => {
    const left = gate("left");
    const stop = new AbortController();
    const clock = new FakeClock();
    // Shells make their background jobs ignore SIGINT. Were it for SIGKILL, the trap would not speak.
    const ran = run(`(trap 'echo terminated; exit' TERM; ${left.exec} & wait) & wait`, {
      stop: stop.signal,
      graceMs: 1e12,
      clock,
    });
    await left.started();
    stop.abort("SIGINT");
    clock.advance(1000);
    const { result, out } = await advanceUntil(clock, ran);
    assert.equal(result.endedBy, "stopped");
    assert.equal(out, "terminated\n");
    assert.equal(clock.waiting, 0, "no timer is left");
  }),
);

Deno.test(
  "execute: kill does not wait for the grace",
  bench(async ({ run, gate }) => {
    const stubborn = gate("stubborn");
    const [stop, kill] = [new AbortController(), new AbortController()];
    // Without the kill this would take ten minutes.
    const ran = run(stubborn.stubborn, { stop: stop.signal, kill: kill.signal, graceMs: 600_000 });
    await stubborn.started();
    stop.abort("SIGINT");
    kill.abort();
    const { result } = await ran;
    assert.equal(result.code, 137);
    assert.equal(result.endedBy, "stopped");
  }),
);

Deno.test(
  "execute: a run that is stopped already starts and stops at once",
  bench(async ({ run }) => {
    const stop = AbortSignal.abort("SIGKILL");
    const { result } = await run("while :; do :; done", { stop });
    assert.equal(result.code, 137);
    assert.equal(result.endedBy, "stopped");
  }),
);

Deno.test(
  "execute: who holds the pipe after the end is stopped",
  bench(async ({ run, gate }) => {
    const holder = gate("holder");
    const ran = run(`(${holder.stubborn}) & echo $!`);
    await holder.started();
    const { result, out } = await ran;
    assert.equal(result.code, 0);
    assert.equal(result.pipeLeftOpen, true);
    await gone(out.trim());
    assert(result.tookMs < 30_000);
  }),
);

Deno.test(
  "execute: somebody outside the group cannot hold the run up",
  bench(async ({ run, gate }) => {
    const holder = gate("holder");
    const ran = run(`setsid sh -c '${holder.exec}' & echo hi`);
    await holder.started();
    const { result, out } = await ran;
    assert.equal(result.code, 0);
    assert.equal(out, "hi\n");
    assert.deepEqual([result.pipeLeftOpen, result.leftRunning], [true, true]);
    await holder.finish();
  }),
);

/** Environment whose tag no other test has. */
const tagged = (name: string) => ({ PATH, [RUN_TAG]: `${processes.pid}-test-${name}` });

Deno.test(
  "execute: who holds the pipe outside the group is found by its tag and stopped",
  bench(async ({ run, gate }) => {
    const holder = gate("holder");
    const env = tagged("holder");
    const ran = run(`setsid sh -c "trap '' INT TERM; ${escaped(holder)}" & echo hi`, { env });
    await holder.started();
    const { result } = await ran;
    assert.deepEqual([result.pipeLeftOpen, result.leftRunning], [true, undefined]);
    assert.equal(processes.signalTagged(RUN_TAG, env[RUN_TAG]!), 0);
  }),
);

Deno.test(
  "execute: what left the group without our pipe stays when the command ends, and goes when it is stopped",
  bench(async ({ run, gate }) => {
    const [stays, ready] = [gate("stays"), gate("ready")];
    const env = tagged("stays");
    const first = run(`setsid sh -c "${escaped(stays)}" >/dev/null 2>&1 & ${ready.exec}`, { env });
    await stays.started();
    await ready.pass();
    await first;
    assert.ok(processes.signalTagged(RUN_TAG, env[RUN_TAG]!) > 0);
    await stays.finish();

    const [goes, waits] = [gate("goes"), gate("waits")];
    const stop = new AbortController();
    const second = run(
      `setsid sh -c "trap '' INT TERM; ${escaped(goes)}" >/dev/null 2>&1 & ${waits.exec}`,
      { env: tagged("goes"), stop: stop.signal, graceMs: 100 },
    );
    await Promise.all([goes.started(), waits.started()]);
    stop.abort("SIGINT");
    assert.equal((await second).result.endedBy, "stopped");
    assert.equal(processes.signalTagged(RUN_TAG, tagged("goes")[RUN_TAG]!), 0);
  }),
);

/** A gate's text to stand between double quotes. */
function escaped({ exec }: Gate): string {
  return exec.replace(/["$]/g, "\\$&");
}

Deno.test(
  "execute: what was left in the background without our pipe is stopped, too",
  bench(async ({ run, gate, directory }) => {
    const left = gate("left");
    const ready = gate("ready");
    const ran = run(
      `(${left.stubborn}) >/dev/null 2>&1 & echo $! > pid; ${ready.exec}; exit 0`,
    );
    await left.started();
    await ready.pass();
    const { result } = await ran;
    assert.equal(result.pipeLeftOpen, false);
    assert.equal(result.code, 0);
    const pid = readFileSync(join(directory, "pid"), "utf8").trim();
    await gone(pid);
  }),
);

Deno.test(
  "execute: output beyond the limit is forwarded, and of it the end is kept",
  bench(async ({ run }) => {
    const { result, out, log } = await run("seq 1 20000", { maxLogBytes: 1000 });
    assert.equal(result.code, 0);
    assert.equal(out.length, 108_894);
    assert.equal(result.logCut, true);
    assert.equal(log.slice(0, 1000), out.slice(0, 1000));
    assert.match(log.slice(1000), /^\n\[qik: the log was cut here/);
    assert(log.endsWith("\n20000\n"));
    assert.equal(result.log.size, log.length);
    assert.deepEqual(result.log.turns.map(Math.sign), [1, -1, 1]);
  }),
);

Deno.test(
  "execute: output of exactly the limit is whole",
  bench(async ({ run }) => {
    const { result, log } = await run("printf 12345678", { maxLogBytes: 8 });
    assert.equal(result.logCut, false);
    assert.equal(log, "12345678");
  }),
);

// What it takes of memory is measured where it runs alone: tests/torture/output_test.ts.
Deno.test(
  "execute: of 200 MB of output all is handed on, and the log keeps its bound",
  bench(async ({ run }) => {
    let bytes = 0;
    const { result, log } = await run("head -c 200000000 /dev/zero", {
      maxLogBytes: 1 << 20,
      onOutput: (_, piece) => void (bytes += piece.length),
    });
    assert.equal(bytes, 200_000_000);
    assert.equal(result.logCut, true);
    assert.equal(result.code, 0);
    assert(log.length < 3 << 20, "the start, and the last of the rest");
  }),
);

Deno.test(
  "execute: a disk that fails takes the log, not the result",
  bench(async ({ run }) => {
    for (let at = 1;; at++) {
      const faulty = faultyFiles(files, { at, onwards: true, code: "ENOSPC", kinds: WRITES });
      const { result, out } = await run("echo one; exit 7", { files: faulty.files });
      assert.equal(result.code, 7);
      assert.equal(out, "one\n");
      if (faulty.calls() < at) {
        assert.equal(result.logFailure, undefined);
        assert(at > 2);
        break;
      }
      assert.equal(result.logFailure, "ENOSPC");
    }
  }),
);

Deno.test(
  "execute: a listener that throws stops the command and is reported",
  bench(async ({ run }) => {
    const ran = run("echo one; while :; do :; done", {
      onOutput: () => {
        throw new Error("no more");
      },
    });
    await assert.rejects(ran, /no more/);
  }),
);

Deno.test(
  "execute: no listener is left on the signals of the run",
  bench(async ({ run }) => {
    const counted = countingSignal();
    await run("true", { stop: counted.signal, kill: counted.signal });
    assert.equal(counted.listeners(), 0);
  }),
);

/** A signal that knows how many listeners it has. */
function countingSignal() {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>) => (listeners += 1, add(...given));
  signal.removeEventListener = (
    ...given: Parameters<typeof remove>
  ) => (listeners -= 1, remove(...given));
  return { signal, listeners: () => listeners };
}
