import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QikError } from "../../../lib/base/problems.ts";
import { Secrets } from "../../../lib/base/secrets.ts";
import type { TaskCall } from "../../../lib/plan/made.ts";
import type { DepWorld } from "../../../lib/plan/types.ts";
import { callCode } from "../../../lib/run/call_code.ts";
import { openExecutor } from "../../../lib/run/execute.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { command, planOf } from "../../support/planned.ts";

const { files, clock, processes } = openSys();

interface Over {
  readonly stop?: AbortSignal;
  readonly kill?: AbortSignal;
  readonly timeoutMs?: number;
  /** Lets timers of the call end at once where a test waits for them. */
  readonly hurry?: boolean;
  readonly sealed?: boolean;
}

async function call(run: (call: TaskCall) => Promise<number> | number, over: Over = {}) {
  const root = mkdtempSync(join(tmpdir(), "qik-call-"));
  const out: string[] = [];
  const task = { ...planOf([command("code")]).tasks[0]!, madeWith: { word: "x" } };
  const code = { version: "1", run, sealed: over.sealed ?? false };
  const own = over.hurry
    ? { ...clock, after: (_: number, action: () => void) => clock.after(1, action) }
    : clock;
  const executor = openExecutor({ processes, files, clock });
  const secrets = new Secrets();
  const learn = (env: Readonly<Record<string, string>>) => secrets.learn(env);
  const parts = { files, clock: own, executor, root, world: () => ({} as DepWorld), learn };
  const result = await callCode(parts, task, code, {
    task: task.name,
    argv: [],
    cwd: root,
    env: { PATH: "/usr/bin:/bin", WORD: "env" },
    logFile: `${root}/code.out`,
    interactive: false,
    mask: () => secrets.stream(),
    onOutput: (stream, bytes) => out.push(`${stream}:${new TextDecoder().decode(bytes)}`),
    stop: over.stop ?? new AbortController().signal,
    ...(over.kill && { kill: over.kill }),
    ...(over.timeoutMs !== undefined && { timeoutMs: over.timeoutMs }),
  });
  const file = `${root}/code.out`;
  return { result, out, log: existsSync(file) ? readFileSync(file, "utf8") : "" };
}

Deno.test("what code writes is shown and kept with its stream, and its number is the exit code", async () => {
  const { result, out, log } = await call(({ write, args, env }) => {
    write("out", `${args["word"]} ${env["WORD"]}\n`);
    write("err", new Uint8Array([0xff, 0x0a]));
    return 3;
  });
  assert.equal(result.code, 3);
  assert.equal(out[0], "out:x env\n");
  assert.deepEqual(result.log.turns, [6, -2]);
  assert.equal(log.length, 8);
});

Deno.test("a secret that code hands to a program is shown by neither of them", async () => {
  const { out, log } = await call(async ({ tool, write }) => {
    write("out", "before\n");
    const env = { INDEX_TOKEN: "canary-token", INDEX: "https://canary-name@index/simple" };
    await tool(["sh", "-c", "echo $INDEX_TOKEN $INDEX"], { env });
    write("err", "used canary-token\n");
    return 0;
  });
  assert.equal(out.join(""), "out:before\nout:*** https://***@index/simple\nerr:used ***\n");
  assert.doesNotMatch(log, /canary/);
});

Deno.test("a problem of the user's is told with its hint, and a bug with its stack", async () => {
  const problem = await call(() => {
    const place = { file: "a.py", line: 3 };
    throw new QikError({
      code: "plugin-failed",
      message: "Cannot read it",
      hint: "Mend it",
      place,
    });
  });
  assert.deepEqual(problem.out, [
    "err:Error: Cannot read it [plugin-failed]\n  at a.py:3\n  hint: Mend it\n",
  ]);
  assert.equal(problem.result.code, 2);
  const bug = await call(() => Promise.reject(new TypeError("oh")));
  assert.match(bug.out.join(""), /^err:TypeError: oh\n\s+at /);
  assert.equal(bug.result.code, 70);
});

Deno.test("a result that is no exit code is a bug of the code", async () => {
  for (const code of [-1, 256, 1.5, NaN]) {
    assert.equal((await call(() => code)).result.code, 70, `${code}`);
  }
});

Deno.test("programs that code runs are part of the task", async () => {
  const { result, out, log } = await call(async ({ tool, write }) => {
    write("out", "before\n");
    const { code } = await tool(["sh", "-c", "echo $WORD $MORE >&2; exit 4"], {
      env: { MORE: "more" },
    });
    const none = await tool(["no-such-program-at-all"]);
    assert.equal(none.code, 127);
    assert.match(none.startFailure ?? "", /Cannot find the program "no-such-program-at-all"/);
    return code;
  });
  assert.equal(result.code, 4);
  assert.deepEqual(out, ["out:before\n", "err:env more\n"]);
  assert.equal(log, "before\nenv more\n");
});

Deno.test("sealed code runs no program", async () => {
  const { result, out } = await call(async ({ tool }) => (await tool(["true"])).code, {
    sealed: true,
  });
  assert.equal(result.code, 70);
  assert.match(out.join(""), /Sealed code can run no program/);
});

Deno.test("stopping ends the programs that code runs, and the code sees it", async () => {
  const stop = new AbortController();
  let seen = false;
  const { result } = await call(async (call) => {
    const running = call.tool(["sh", "-c", "echo ready; sleep 1000"]);
    stop.abort("SIGTERM");
    await running;
    seen = call.stop.aborted;
    return 0;
  }, { stop: stop.signal });
  assert.equal(result.endedBy, "stopped");
  assert(seen);
});

Deno.test("code that does not listen is given up after its grace, and its output is dropped", async () => {
  const stop = new AbortController();
  const { result, out } = await call(({ write }) => {
    stop.abort("SIGINT");
    return new Promise(() => void clock.after(50, () => write("out", "late")));
  }, { stop: stop.signal, hurry: true });
  assert.equal(result.endedBy, "stopped");
  assert.deepEqual(out, []);
});

Deno.test("a second Ctrl-C gives it up at once", async () => {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const { result } = await call(() => {
    stop.abort("SIGINT");
    kill.abort();
    return new Promise(() => {});
  }, { stop: stop.signal, kill: kill.signal });
  assert.equal(result.endedBy, "stopped");
});

Deno.test("a timeout ends code as it ends a process", async () => {
  const { result } = await call(
    ({ stop }) => new Promise((done) => stop.addEventListener("abort", () => done(0))),
    { timeoutMs: 1 },
  );
  assert.equal(result.endedBy, "timeout");
});

Deno.test("programs that code leaves running end with its task, which may start no more", async () => {
  let late: TaskCall["tool"] | undefined;
  const { result } = await call(({ tool }) => {
    late = tool;
    void tool(["sleep", "1000"]);
    return 0;
  });
  assert.equal(result.code, 0);
  assert.equal(result.endedBy, undefined);
  await assert.rejects(late!(["true"]), /The task has ended/);
});

Deno.test("a second Ctrl-C waits until the programs of code are gone, not for the code", async () => {
  const [stop, kill] = [new AbortController(), new AbortController()];
  let ended = false;
  const { result } = await call(({ tool }) => {
    void tool(["sh", "-c", "trap '' INT TERM; echo on; while :; do sleep 1000; done"]).then(() =>
      ended = true
    );
    stop.abort("SIGINT");
    kill.abort();
    return new Promise(() => {});
  }, { stop: stop.signal, kill: kill.signal });
  assert.equal(result.endedBy, "stopped");
  assert(ended);
});
