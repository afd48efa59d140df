import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { setImmediate } from "node:timers";
import { join } from "node:path";
import { openProcesses } from "../../../lib/sys/processes.ts";
import type { SpawnRequest, StopSignal } from "../../../lib/sys/sys.ts";
import { Gate } from "../../support/gate.ts";

const processes = openProcesses();
const PATH = "/usr/local/bin:/usr/bin:/bin";

function temporary(test: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "qik-processes-"));
    try {
      await test(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

/** Starts argv and collects its output. */
function start(argv: readonly string[], over: Partial<SpawnRequest> = {}) {
  const output = { out: "", err: "" };
  const decoder = { out: new TextDecoder("latin1"), err: new TextDecoder("latin1") };
  const child = processes.spawn({
    argv,
    cwd: tmpdir(),
    env: { PATH },
    stdio: "capture",
    onOutput: (stream, bytes) => void (output[stream] += decoder[stream].decode(bytes)),
    ...over,
  });
  return { child, output };
}

async function run(argv: readonly string[], over: Partial<SpawnRequest> = {}) {
  const { child, output } = start(argv, over);
  const end = await child.ended;
  await child.drained;
  return { end, ...output };
}

const sh = (text: string) => ["sh", "-c", text];

Deno.test("processes: code and both streams", async () => {
  const { end, out, err } = await run(sh("echo one; echo two >&2; exit 3"));
  assert.deepEqual(end, { started: true, code: 3 });
  assert.equal(out, "one\n");
  assert.equal(err, "two\n");
});

Deno.test("processes: the environment is the one given, nothing else", async () => {
  const { out } = await run(["env"], { env: { PATH, ONLY: "this\nand = that", EMPTY: "" } });
  assert.deepEqual(out.split("\n").sort(), [
    "",
    "EMPTY=",
    "ONLY=this",
    `PATH=${PATH}`,
    "and = that",
  ]);
});

Deno.test("processes: standard input is closed", async () => {
  const { end, out } = await run(["cat"]);
  assert.deepEqual(end, { started: true, code: 0 });
  assert.equal(out, "");
});

Deno.test("processes: output is not decoded", async () => {
  const { out } = await run(sh("printf 'a\\000b\\377\\303\\r\\n\\033'"));
  assert.equal(out, "a\0b\xff\xc3\r\n\x1b");
});

Deno.test("processes: pieces of output are the listener's to keep", async () => {
  const pieces: Uint8Array[] = [];
  await run(sh("seq 1 200000"), { onOutput: (_, bytes) => void pieces.push(bytes) });
  const text = pieces.map((piece) => new TextDecoder().decode(piece)).join("");
  assert.equal(text, Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join(""));
});

/** Numbers of the signals that this process ignores, and with it what it starts; Linux tells them. */
function ignoredSignals(): Set<number> {
  if (process.platform !== "linux") return new Set();
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ??
    "0";
  const bits = BigInt(`0x${mask}`);
  return new Set(
    Array.from({ length: 31 }, (_, at) => at + 1).filter((n) => bits >> BigInt(n - 1) & 1n),
  );
}

Deno.test("processes: a death by signal N is code 128 + N", async () => {
  // Not those that are ignored by default or that stop a process.
  const deadly = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    24,
    25,
    26,
    27,
    29,
    30,
    31,
  ];
  // Whoever started the tests may ignore some (a shell does so with SIGINT and SIGQUIT for what runs in the
  // background without job control); programs inherit that, and then no signal of that number ends them.
  const ignored = ignoredSignals();
  const mortal = deadly.filter((n) => !ignored.has(n));
  assert(mortal.includes(9) && mortal.length > 15, `ignored: ${[...ignored]}`);
  const seen = await Promise.all(
    mortal.map(async (n) => (await run(sh(`ulimit -c 0; kill -${n} $$`))).end),
  );
  seen.forEach((end, at) => {
    assert(end.started);
    assert.equal(end.code, 128 + mortal[at]!);
    assert.match(end.signal ?? "", /^SIG[A-Z0-9]+$/);
  });
});

Deno.test("processes: real-time signals have a number, no name", async () => {
  const { end } = await run(sh("kill -40 $$"));
  assert.deepEqual(end, { started: true, code: 168, signal: "signal 40" });
});

Deno.test("processes: a program that is not there", async () => {
  assert.deepEqual((await run(["no-such-program"])).end, { started: false, reason: "ENOENT" });
  assert.deepEqual((await run(["/no/such"])).end, { started: false, reason: "ENOENT" });
  assert.deepEqual((await run([""])).end, { started: false, reason: "ENOENT" });
});

Deno.test("processes: a directory that is not there is told apart", async () => {
  const { end } = await run(["true"], { cwd: "/no/such" });
  assert.deepEqual(end, { started: false, reason: "ENOTDIR" });
  const file = await run(["true"], { cwd: "/bin/sh" });
  assert.deepEqual(file.end, { started: false, reason: "ENOTDIR" });
});

Deno.test(
  "processes: a file that is not a program",
  temporary(async (directory) => {
    writeFileSync(join(directory, "text"), "hello");
    const { end } = await run(["./text"], { cwd: directory });
    assert.deepEqual(end, { started: false, reason: "EACCES" });
  }),
);

Deno.test("processes: NUL and too much in argv", async () => {
  assert.deepEqual((await run(["echo", "a\0b"])).end, { started: false, reason: "EINVAL" });
  const long = await run(["echo", "x".repeat(3_000_000)]);
  assert.deepEqual(long.end, { started: false, reason: "E2BIG" });
  assert.throws(() => start([]), /without a program/);
});

Deno.test(
  "processes: the program is looked up in the given PATH",
  temporary(async (directory) => {
    writeFileSync(join(directory, "only-here"), "#!/bin/sh\necho found\n");
    chmodSync(join(directory, "only-here"), 0o755);
    const { out } = await run(["only-here"], { env: { PATH: `${directory}:${PATH}` } });
    assert.equal(out, "found\n");
  }),
);

Deno.test("processes: a child leads a group of its own", async () => {
  const { child, output } = start(sh("echo $(($(ps -o pgid= -p $$))) $$"));
  await child.drained;
  assert.equal(output.out, `${child.pid} ${child.pid}\n`);
});

Deno.test(
  "processes: a signal reaches the whole group, SIGKILL also the stubborn",
  temporary(async (directory) => {
    const gate = new Gate(directory, "grandchild");
    const { child } = start(sh(`(${gate.stubborn}) & wait`));
    await gate.started();
    assert.equal(child.groupAlive(), true);
    child.signal("SIGTERM");
    assert.deepEqual(await child.ended, { started: true, code: 143, signal: "SIGTERM" });
    assert.equal(child.groupAlive(), true, "the grandchild ignores it");
    child.signal("SIGKILL");
    // Resolves only because nobody holds the pipe any more.
    await child.drained;
    // A process closes its pipes a moment before it is gone.
    while (child.groupAlive()) await new Promise((done) => setImmediate(done));
    child.signal("SIGTERM");
  }),
);

Deno.test(
  "processes: output that others hold open can be closed",
  temporary(async (directory) => {
    const gate = new Gate(directory, "holder");
    const { child, output } = start(sh(`(${gate.exec}) & echo hi`));
    await gate.started();
    assert.deepEqual(await child.ended, { started: true, code: 0 });
    child.closeOutput();
    await child.drained;
    assert.equal(output.out, "hi\n");
    child.signal("SIGKILL");
  }),
);

Deno.test("processes: capture gives input and takes all output", async () => {
  const stdin = new Uint8Array(300_000).map((_, i) => i % 251);
  const { code, stdout } = await processes.capture({ argv: ["cat"], cwd: "/", stdin });
  assert.equal(code, 0);
  assert.deepEqual(stdout, stdin);
});

Deno.test("processes: capture of a program that does not read its input", async () => {
  const stdin = new Uint8Array(3_000_000);
  const { code } = await processes.capture({ argv: sh("exit 4"), cwd: "/", stdin });
  assert.equal(code, 4);
});

Deno.test("processes: capture adds to our own environment", async () => {
  const { stdout } = await processes.capture({
    argv: sh('echo "$ADDED:${PATH:+path}"'),
    cwd: "/",
    env: { ADDED: "yes" },
  });
  assert.equal(new TextDecoder().decode(stdout), "yes:path\n");
});

Deno.test("processes: capture of what cannot be started", async () => {
  const missing = await processes.capture({ argv: ["no-such-program"], cwd: "/" });
  assert.equal(missing.code, 127);
  assert.match(new TextDecoder().decode(missing.stderr), /"no-such-program" in "\/": ENOENT/);
  const nowhere = await processes.capture({ argv: ["true"], cwd: "/no/such" });
  assert.equal(nowhere.code, 126);
});

Deno.test("processes: capture that takes too long is killed with all that it started", async () => {
  const argv = sh("echo early; (trap '' INT TERM; sleep 1000) & wait");
  const env = { MARK: `late-${processes.pid}` };
  const late = await processes.capture({ argv, cwd: "/", env, timeoutMs: 300 });
  assert.deepEqual([late.code, late.outOfTime], [124, true]);
  assert.equal(new TextDecoder().decode(late.stdout), "early\n");
  assert.equal(processes.signalTagged("MARK", env.MARK), 0);
  assert.deepEqual(await processes.capture({ argv: ["true"], cwd: "/", timeoutMs: 60_000 }), {
    code: 0,
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
  });
});

Deno.test(
  "processes: captures can be killed, also one whose output somebody else holds",
  temporary(async (directory) => {
    const [gate, other] = [new Gate(directory, "hangs"), new Gate(directory, "holder")];
    const argv = sh(`setsid sh -c '${other.exec}' & ${gate.exec}`);
    const captured = processes.capture({ argv, cwd: "/" });
    await Promise.all([gate.started(), other.started()]);
    processes.killCaptures();
    assert.equal((await captured).code, 137);
    await other.finish();
  }),
);

Deno.test("processes: birth tells a process from a later one with its number", async () => {
  const own = processes.birth(processes.pid);
  assert.match(own!, /^[1-9]\d*$/);
  assert.equal(processes.birth(processes.pid), own);
  const { child } = start(["true"]);
  await child.ended;
  assert.equal(processes.birth(child.pid), undefined);
});

Deno.test(
  "processes: those with a tag are found wherever they went, and no others",
  temporary(async (directory) => {
    const tag = `tag-${processes.pid}-${Date.now()}`;
    const gates = ["own", "nested", "longer"].map((name) => new Gate(directory, name));
    const values = [tag, `${tag}/more`, `${tag}0`];
    const children = gates.map((gate, at) =>
      start(sh(`export MARK=${values[at]}; setsid sh -c '${gate.exec}' & wait`)).child
    );
    await Promise.all(gates.map((gate) => gate.started()));
    assert.ok(processes.signalTagged("MARK", tag) > processes.signalTagged("MARK", values[1]!));
    assert.ok(processes.signalTagged("MARK", values[1]!) > 0);
    assert.equal(processes.signalTagged("ARK", tag), 0);
    processes.signalTagged("MARK", tag, "SIGKILL");
    await Promise.all(children.slice(0, 2).map(({ drained }) => drained));
    assert.equal(processes.signalTagged("MARK", tag), 0);
    assert.ok(processes.signalTagged("MARK", values[2]!) > 0);
    await gates[2]!.finish();
    await children[2]!.drained;
  }),
);

Deno.test("processes: isAlive", async () => {
  assert.equal(processes.isAlive(processes.pid), true);
  const { child } = start(["true"]);
  await child.ended;
  assert.equal(processes.isAlive(child.pid), false);
});

/** Another qik-like program: says what signals it got, then ends with `exit`. */
const script = (body: string) => `
import { openProcesses } from ${
  JSON.stringify(new URL("../../../lib/sys/processes.ts", import.meta.url).href)
};
const processes = openProcesses();
${body}
`;

async function runScript(directory: string, body: string, kill?: StopSignal) {
  const file = join(directory, "script.ts");
  writeFileSync(file, script(body));
  const child = spawn(Deno.execPath(), ["run", "-A", "--no-check", file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (bytes) => {
    out += bytes;
    if (out === "ready\n" && kill !== undefined) child.kill(kill);
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, out };
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(
    `processes: exit by ${signal} dies by that signal`,
    temporary(async (directory) => {
      const body = `setInterval(() => {}, 1000);
        processes.onSignal((signal) => { console.log(signal); processes.exit(1, signal); });
        console.log("ready");`;
      const { code, signal: death, out } = await runScript(directory, body, signal);
      assert.equal(out, `ready\n${signal}\n`);
      assert.deepEqual([code, death], [null, signal]);
    }),
  );
}

Deno.test(
  "processes: after listening has ended a signal has its usual effect",
  temporary(async (directory) => {
    const body = `setInterval(() => {}, 1000);
      processes.onSignal(() => console.log("heard"))();
      console.log("ready");`;
    const { signal, out } = await runScript(directory, body, "SIGTERM");
    assert.equal(signal, "SIGTERM");
    assert.equal(out, "ready\n");
  }),
);

Deno.test(
  "processes: exit with a code",
  temporary(async (directory) => {
    const { code } = await runScript(directory, `console.log("x"); processes.exit(7);`);
    assert.equal(code, 7);
  }),
);
