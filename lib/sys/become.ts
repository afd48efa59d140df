import { spawn } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import process from "node:process";
import { type Libc, openLibc } from "./libc.ts";
import { exactArguments, exactVariables } from "./own_words.ts";
import { signalNumber } from "./starter.ts";
import { type BecomeRequest, type ChildEnd, errorCode, type StopSignal } from "./sys.ts";

/** See `Processes.become`. */
export async function become(request: BecomeRequest): Promise<ChildEnd> {
  if (request.cwd !== process.cwd()) process.chdir(request.cwd);
  const libc = openLibc();
  if (libc !== undefined) replaceProcess(libc, request);
  // A text without "#!" that may be executed is one for the shell, as `execvp` has it.
  const { file, argv } = request;
  const shell = { ...request, file: "/bin/sh", argv: ["sh", file, ...argv.slice(1)] };
  if (libc !== undefined && isPlainText(file)) replaceProcess(libc, shell);
  const end = await runInside(request);
  return end.started || end.reason !== "ENOEXEC" ? end : await runInside(shell);
}

const BEGINNING_BYTES = 256;

/** Whether a file begins like a script that does not say who is to read it. */
function isPlainText(file: string): boolean {
  try {
    const opened = openSync(file, "r");
    try {
      const bytes = new Uint8Array(BEGINNING_BYTES);
      const beginning = bytes.subarray(0, readSync(opened, bytes));
      return !beginning.includes(0) && !(beginning[0] === 0x23 && beginning[1] === 0x21);
    } finally {
      closeSync(opened);
    }
  } catch {
    // Why it cannot be read, starting it will tell.
    return false;
  }
}

/** Longer than any system's set of signals. */
const SIGNAL_SET_BYTES = 128;

/** By both runtimes, and by Bun, for themselves. */
const IGNORED_BY_RUNTIMES = ["SIGPIPE", "SIGXFSZ"];

/** Only returns where the system refuses; why, starting it as a process of its own will tell. */
function replaceProcess(libc: Libc, { file, argv, env }: BecomeRequest): void {
  const keep: Uint8Array[] = [];
  const address = (bytes: Uint8Array) => {
    keep.push(bytes);
    return libc.address(bytes);
  };
  const ended = (bytes: Uint8Array) => {
    const whole = new Uint8Array(bytes.length + 1);
    whole.set(bytes);
    return address(whole);
  };
  const list = (values: readonly Uint8Array[]) =>
    address(new Uint8Array(BigUint64Array.from([...values.map(ended), 0n]).buffer));
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // What is ignored or blocked stays so in the program.
  IGNORED_BY_RUNTIMES.forEach((signal) => libc.defaultSignal(signalNumber(signal)));
  libc.blockOnly(address(new Uint8Array(SIGNAL_SET_BYTES)));
  const path = ended(new TextEncoder().encode(file));
  libc.execve(path, list(exactArguments(argv)), list(exactVariables(variables)));
  // Its arguments had to live until here.
  keep.length = 0;
}

const PASSED_ON: readonly StopSignal[] = ["SIGTERM", "SIGHUP"];

/** Starts the program with our own streams and waits for its end. */
function runInside({ file, argv, env }: BecomeRequest): Promise<ChildEnd> {
  const [argv0 = file, ...args] = argv;
  return new Promise((resolve) => {
    const never = (error: unknown) =>
      resolve({ started: false, reason: errorCode(error) ?? String(error) });
    try {
      const child = spawn(file, args, { argv0, env: { ...env }, stdio: "inherit" });
      for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
      // The terminal sends it to the program as well, which decides what it means.
      process.on("SIGINT", () => {});
      child.on("error", never);
      child.on("exit", (code, signal) => {
        if (signal === null) resolve({ started: true, code: code ?? 0 });
        else resolve({ started: true, code: 128 + signalNumber(signal), signal });
      });
    } catch (error) {
      never(error);
    }
  });
}
