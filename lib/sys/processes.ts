import { statSync } from "node:fs";
import process from "node:process";
import { concat } from "../base/bytes.ts";
import { messageOf } from "../base/message_of.ts";
import { birth, canSignal, findTagged, groupRuns } from "./process_group.ts";
import { startWithBun } from "./processes_bun.ts";
import { startWithDeno } from "./processes_deno.ts";
import { supervise } from "./supervisor.ts";
import { terminalModes } from "./terminal_modes.ts";
import { signalNumber, type Started, type Starter, type StartRequest } from "./starter.ts";
import {
  type Captured,
  type CaptureRequest,
  type Child,
  errorCode,
  type Processes,
  type SpawnRequest,
  type StopSignal,
  type Stream,
} from "./sys.ts";

const WINDOWS = process.platform === "win32";
/** What `timeout(1)` answers. */
const OUT_OF_TIME = 124;
/** How long the output of killed programs may take to close. */
const CLOSING_MS = 200;
const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Processes of this machine.
 *
 * A command that cannot be started ends with the system's word as its reason; `ENOTDIR` always means that the
 * working directory is not there, `ENOENT` that the program is not.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openProcesses } from "./processes.ts";
 * const { code, stdout } = await openProcesses().capture({ argv: ["echo", "hi"], cwd: "/" });
 * assert.equal(code, 0);
 * assert.equal(new TextDecoder().decode(stdout), "hi\n");
 * ```
 */
export function openProcesses(): Processes {
  const start = "Deno" in globalThis ? startWithDeno : startWithBun;
  /** How to kill each program that is being captured. */
  const captures = new Set<() => void>();
  return {
    pid: process.pid,
    spawn: (request) => spawn(start, request),
    capture: (request) => capture(start, captures, request),
    become: async (request) => await (await import("./become.ts")).become(request),
    isAlive: canSignal,
    birth,
    signalTagged,
    supervise,
    startApart: async (...request) => (await import("./apart.ts")).startApart(...request),
    onTerminalStop,
    killCaptures: () => captures.forEach((kill) => kill()),
    onSignal,
    exit,
  };
}

function spawn(start: Starter, request: SpawnRequest): Child {
  // A group of its own lets us signal all that the command starts; a command that shares our terminal must stay
  // in our group, or the terminal would stop it when it reads.
  const ownGroup = request.stdio === "capture" && !WINDOWS;
  const giveBack = request.stdio === "inherit" ? terminalModes() : undefined;
  const started = tryStart(start, { ...request, ownGroup, verbatim: isVerbatim(request.argv) });
  if ("reason" in started) return neverStarted(started.reason);
  const { pid, drained, closeOutput } = started;
  const ended = giveBack === undefined ? started.ended : started.ended.then((end) => {
    // What ends by a signal, or says so as shells do, did not get to tidy up its terminal.
    if (end.started && (end.signal !== undefined || end.code > 128)) giveBack();
    return end;
  });
  const target = ownGroup ? -pid : pid;
  // The number of a process that has ended may soon be somebody else's; that of a group is ours while it has members.
  let gone = false;
  if (!ownGroup) ended.then(() => gone = true);
  return {
    pid,
    ended,
    drained,
    closeOutput,
    signal: (name) => {
      if (gone) return;
      if (!WINDOWS) sendSignal(target, name);
      else if (name !== "SIGSTOP" && name !== "SIGCONT") endTreeOnWindows(start, pid, name);
    },
    groupAlive: () => !gone && (ownGroup ? groupRuns(pid) : canSignal(pid)),
  };
}

/** `cmd.exe` reads the text after `/s /c` with its own rules, so it must arrive as it was written. */
function isVerbatim(argv: readonly string[]): boolean {
  return WINDOWS && argv[0] === "cmd" && argv[1] === "/d" && argv[2] === "/s";
}

function tryStart(start: Starter, request: StartRequest): Started | { readonly reason: string } {
  if (request.argv.length === 0) throw new Error("Cannot start a process without a program");
  try {
    return start(request);
  } catch (error) {
    const word = errorCode(error) ?? messageOf(error);
    if (!isDirectory(request.cwd)) return { reason: "ENOTDIR" };
    // One runtime's own word for a NUL in an argument or a variable; the other has the system's.
    return { reason: word === "ERR_INVALID_ARG_VALUE" ? "EINVAL" : word };
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function neverStarted(reason: string): Child {
  return {
    pid: 0,
    ended: Promise.resolve({ started: false, reason }),
    drained: Promise.resolve(),
    signal: () => {},
    groupAlive: () => false,
    closeOutput: () => {},
  };
}

function sendSignal(
  target: number,
  name: StopSignal | "SIGKILL" | "SIGSTOP" | "SIGCONT",
): void {
  try {
    process.kill(target, name);
  } catch {
    // Gone already, or no longer ours: there is nothing left that we may stop.
  }
}

function endTreeOnWindows(start: Starter, pid: number, name: StopSignal | "SIGKILL"): void {
  const force = name === "SIGKILL" ? ["/F"] : [];
  const argv = ["taskkill", "/PID", String(pid), "/T", ...force];
  const env = ownEnvironment();
  const quiet = { stdio: "capture", ownGroup: false, verbatim: false, onOutput() {} } as const;
  tryStart(start, { argv, cwd: process.cwd(), env, ...quiet });
}

function ownEnvironment(): Record<string, string> {
  return { ...process.env } as Record<string, string>;
}

function signalTagged(
  variable: string,
  value: string,
  signal?: StopSignal | "SIGKILL",
): number {
  const found = findTagged(variable, value);
  if (signal !== undefined) found.forEach((pid) => sendSignal(pid, signal));
  return found.length;
}

async function capture(
  start: Starter,
  captures: Set<() => void>,
  request: CaptureRequest,
): Promise<Captured> {
  const parts: Record<Stream, Uint8Array[]> = { out: [], err: [] };
  const started = tryStart(start, {
    argv: request.argv,
    cwd: request.cwd,
    env: { ...ownEnvironment(), ...request.env },
    stdio: "capture",
    // Ctrl-C at the terminal must not make a git call fail in the middle of a run that is stopping in order.
    ownGroup: !WINDOWS,
    verbatim: false,
    ...(request.stdin && { stdin: request.stdin }),
    onOutput: (stream, bytes) => void parts[stream].push(bytes),
  });
  if ("reason" in started) return notCaptured(request, started.reason);
  const kill = () => killCaptured(start, started);
  captures.add(kill);
  let late = false;
  const timer = request.timeoutMs === undefined ? undefined : setTimeout(() => {
    late = true;
    kill();
  }, request.timeoutMs);
  try {
    const end = await started.ended;
    if (!end.started) return notCaptured(request, end.reason);
    await started.drained;
    const output = { stdout: concat(parts.out), stderr: concat(parts.err) };
    return late ? { code: OUT_OF_TIME, outOfTime: true, ...output } : { code: end.code, ...output };
  } finally {
    clearTimeout(timer);
    captures.delete(kill);
  }
}

/** Soon also stops listening: what has left the group may hold the output open for ever. */
function killCaptured(start: Starter, { pid, closeOutput, drained }: Started): void {
  if (WINDOWS) endTreeOnWindows(start, pid, "SIGKILL");
  else sendSignal(-pid, "SIGKILL");
  const timer = setTimeout(closeOutput, CLOSING_MS);
  drained.then(() => clearTimeout(timer));
}

function notCaptured(request: CaptureRequest, reason: string): Captured {
  const text = `Cannot start "${request.argv[0]}" in "${request.cwd}": ${reason}`;
  return {
    code: reason === "ENOENT" ? 127 : 126,
    stdout: new Uint8Array(),
    stderr: new TextEncoder().encode(text),
  };
}

function onSignal(listener: (signal: StopSignal) => void): () => void {
  const undo = STOP_SIGNALS.map((signal) => {
    const listen = () => listener(signal);
    process.on(signal, listen);
    return () => void process.off(signal, listen);
  });
  return () => undo.forEach((stop) => stop());
}

function onTerminalStop(before: () => void, after: () => void): () => void {
  if (WINDOWS) return () => {};
  const stop = () => {
    before();
    // Not SIGTSTP again: it would come back here.
    process.kill(process.pid, "SIGSTOP");
  };
  process.on("SIGTSTP", stop);
  process.on("SIGCONT", after);
  return () => {
    process.off("SIGTSTP", stop);
    process.off("SIGCONT", after);
  };
}

function exit(code: number, signal?: StopSignal): void {
  if (signal === undefined || WINDOWS) process.exit(code);
  // The shell that started us asks how we died: a plain exit with 130 lets its script go on after Ctrl-C.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Only reached where the signal is blocked or still on its way.
  setTimeout(() => process.exit(128 + signalNumber(signal)), 100);
}
