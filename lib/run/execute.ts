import type {
  Child,
  ChildEnd,
  Clock,
  Files,
  Processes,
  StopSignal,
  Stream,
  Supervisor,
} from "../sys/sys.ts";
import { CommandTimer } from "./command_timer.ts";
import { LogWriter, MOST_LOG_BYTES } from "./captured_log.ts";
import type { ExecRequest, ExecResult, Executor } from "./executor.ts";
import { GroupStopper } from "./group_stopper.ts";
import { MaskedOutput } from "./masked_output.ts";
import { RUN_TAG, runOf } from "./run_tag.ts";

export interface ExecutorParts {
  readonly processes:
    & Pick<Processes, "spawn" | "signalTagged">
    & Partial<Pick<Processes, "supervise">>;
  readonly files: Files;
  readonly clock: Clock;
  /** Time between asking a group to stop and killing it; 5 s where unset. */
  readonly graceMs?: number;
  /** Absolute: files that go where qik is killed. Asked once, before anything is started. */
  readonly temporary?: () => readonly string[];
  /** Output that is kept in the log; 64 MiB where unset. */
  readonly maxLogBytes?: number;
}

/** How long others may hold the output open after the command itself has ended. */
const LEFT_OPEN_MS = 1000;
/** How long pipes may take to close once everybody who held them was killed. */
const CLOSING_MS = 200;
/** How often what has left the group is looked for, where each look finds somebody. */
const MOST_LOOKS = 10;
const LOOK_MS = 20;

/** How the output of a command ended; see `ExecResult`. */
type OutputEnd = Pick<ExecResult, "pipeLeftOpen" | "leftRunning">;

/**
 * Runs commands as processes of this machine, each in a process group of its own, which is gone when `execute`
 * resolves. Memory is bounded whatever a command prints; output that is not kept is still forwarded.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { openSys } from "../sys/open.ts";
 * import { openExecutor } from "./execute.ts";
 * const { files, processes, clock } = openSys();
 * const directory = mkdtempSync(`${tmpdir()}/qik-doc-`);
 * const result = await openExecutor({ files, processes, clock }).execute({
 *   task: "greet",
 *   argv: ["sh", "-c", "echo hi; exit 3"],
 *   cwd: directory,
 *   env: { PATH: "/usr/bin:/bin" },
 *   logFile: `${directory}/greet.out`,
 *   interactive: false,
 *   onOutput: () => {},
 *   stop: new AbortController().signal,
 * });
 * assert.equal(result.code, 3);
 * assert.deepEqual(result.log.turns, [3]);
 * ```
 */
export function openExecutor(parts: ExecutorParts): Executor {
  const running = new Set<Execution>();
  let supervisor: Supervisor | undefined;
  const supervise = (env: ExecRequest["env"]) => {
    const tag = env[RUN_TAG];
    if (tag === undefined) return;
    const word = `${RUN_TAG}=${runOf(tag)}`;
    supervisor ??= parts.processes.supervise?.(word, parts.temporary?.() ?? []);
  };
  return {
    supervise,
    async execute(request) {
      supervise(request.env);
      const execution = new Execution(parts, request, supervisor);
      running.add(execution);
      try {
        return await execution.run();
      } finally {
        running.delete(execution);
      }
    },
    pause: () => running.forEach((execution) => execution.pause()),
    resume: () => running.forEach((execution) => execution.resume()),
    close: async () => void await supervisor?.end(),
  };
}

class Execution {
  readonly #parts: ExecutorParts;
  readonly #request: ExecRequest;
  readonly #log: LogWriter;
  readonly #output: MaskedOutput;
  readonly #child: Child;
  readonly #stopper: GroupStopper;
  readonly #startedAt: number;
  readonly #supervisor: Supervisor | undefined;
  readonly #timer: CommandTimer;
  #drained = false;
  #listenerError: { readonly error: unknown } | undefined;

  constructor(parts: ExecutorParts, request: ExecRequest, supervisor: Supervisor | undefined) {
    this.#parts = parts;
    this.#request = request;
    this.#log = new LogWriter(parts.files, request.logFile, parts.maxLogBytes ?? MOST_LOG_BYTES);
    this.#startedAt = parts.clock.monotonic();
    this.#output = new MaskedOutput(request.mask, (...piece) => this.#onOutput(...piece));
    this.#child = parts.processes.spawn({
      argv: request.argv,
      cwd: request.cwd,
      env: request.env,
      stdio: request.interactive ? "inherit" : "capture",
      onOutput: (stream, bytes) => this.#output.push(stream, bytes),
    });
    this.#stopper = new GroupStopper(this.#child, parts.clock, parts.graceMs ?? 5000);
    this.#supervisor = request.interactive || this.#child.pid === 0 ? undefined : supervisor;
    this.#supervisor?.watch(this.#child.pid);
    this.#timer = new CommandTimer(parts.clock, () => this.#stopper.stop("timeout", "SIGTERM"));
  }

  /** A command that owns the terminal got Ctrl-Z as qik did, and may have to tidy the screen before it stops. */
  pause(): void {
    this.#timer.pause();
    if (!this.#request.interactive) this.#child.signal("SIGSTOP");
  }

  resume(): void {
    this.#timer.resume();
    if (!this.#request.interactive) this.#child.signal("SIGCONT");
  }

  async run(): Promise<ExecResult> {
    this.#child.drained.then(() => this.#drained = true);
    this.#timer.start(this.#request.timeoutMs);
    const unwatch = this.#watchStop();
    try {
      const end = await this.#child.ended;
      this.#timer.cancel();
      return this.#resultOf(end, await this.#clearGroup());
    } finally {
      this.#timer.cancel();
      unwatch();
      this.#stopper.end();
      this.#supervisor?.forget(this.#child.pid);
    }
  }

  #onOutput(stream: Stream, bytes: Uint8Array): void {
    this.#log.write(stream, bytes);
    if (this.#listenerError !== undefined) return;
    try {
      this.#request.onOutput(stream, bytes);
    } catch (error) {
      // Thrown here it would reach nobody, and the command would go on without a reader.
      this.#listenerError = { error };
      this.#child.signal("SIGKILL");
    }
  }

  #watchStop(): () => void {
    const { stop, kill } = this.#request;
    const onStop = () => this.#stopBy(stop.reason);
    const onKill = () => this.#stopper.stop("stopped", "SIGKILL");
    if (stop.aborted) onStop();
    else stop.addEventListener("abort", onStop);
    if (kill?.aborted) onKill();
    else kill?.addEventListener("abort", onKill);
    return () => {
      stop.removeEventListener("abort", onStop);
      kill?.removeEventListener("abort", onKill);
    };
  }

  #stopBy(reason: unknown): void {
    const known: readonly unknown[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"];
    const signal = known.includes(reason) ? reason as StopSignal | "SIGKILL" : "SIGTERM";
    this.#stopper.stop("stopped", signal);
  }

  /** Waits for the rest of the output and leaves no process of the group behind. */
  async #clearGroup(): Promise<OutputEnd> {
    if (this.#request.interactive) return { pipeLeftOpen: false };
    await this.#stopper.groupGone();
    await this.#stopEscaped();
    const inTime = await this.#drainedWithin(LEFT_OPEN_MS);
    this.#child.signal("SIGKILL");
    if (inTime || await this.#drainedWithin(CLOSING_MS)) return { pipeLeftOpen: !inTime };
    // Somebody outside the group still holds the pipe.
    await this.#killEscaped();
    if (await this.#drainedWithin(CLOSING_MS)) return { pipeLeftOpen: true };
    this.#child.closeOutput();
    await this.#drainedWithin(CLOSING_MS);
    return { pipeLeftOpen: true, leftRunning: true };
  }

  /** A command that was stopped leaves nothing behind, also not what started a session of its own. */
  async #stopEscaped(): Promise<void> {
    if (this.#stopper.endedBy === undefined) return;
    await this.#stopper.escapedGone((signal) => this.#signalEscaped(signal));
    await this.#killEscaped();
  }

  /** Until there are none: a killed process takes its time, and may have started others before. */
  async #killEscaped(): Promise<void> {
    for (let looks = 0; looks < MOST_LOOKS && this.#signalEscaped("SIGKILL") > 0; looks++) {
      await new Promise<void>((done) => void this.#parts.clock.after(LOOK_MS, done));
    }
  }

  #signalEscaped(signal?: "SIGTERM" | "SIGKILL"): number {
    const tag = this.#request.env[RUN_TAG];
    return tag === undefined ? 0 : this.#parts.processes.signalTagged(RUN_TAG, tag, signal);
  }

  #drainedWithin(ms: number): Promise<boolean> | boolean {
    if (this.#drained) return true;
    return new Promise((done) => {
      const cancel = this.#parts.clock.after(ms, () => done(false));
      this.#child.drained.then(() => {
        cancel();
        done(true);
      });
    });
  }

  #resultOf(end: ChildEnd, outputEnd: OutputEnd): ExecResult {
    const tookMs = this.#parts.clock.monotonic() - this.#startedAt;
    this.#output.end();
    const { log, cut, failure } = this.#log.end();
    if (this.#listenerError !== undefined) throw this.#listenerError.error;
    return {
      ...this.#endOf(end),
      tookMs,
      log,
      logCut: cut,
      ...outputEnd,
      ...(failure !== undefined && { logFailure: failure }),
    };
  }

  #endOf(end: ChildEnd): Pick<ExecResult, "code" | "signal" | "endedBy" | "startFailure"> {
    const { endedBy } = this.#stopper;
    if (end.started) {
      const signal = end.signal === undefined ? {} : { signal: end.signal };
      return { code: end.code, ...signal, ...(endedBy && { endedBy }) };
    }
    const { argv, cwd } = this.#request;
    const code = end.reason === "ENOENT" ? 127 : 126;
    return { code, startFailure: startFailure(end.reason, argv[0] ?? "", cwd) };
  }
}

function startFailure(reason: string, program: string, cwd: string): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: `Cannot find the program "${program}"`,
    ENOTDIR: `Cannot run in "${cwd}": no such directory`,
    EACCES: `Cannot run "${program}": permission denied`,
    ENOEXEC: `Cannot run "${program}": it is not a program of this system`,
    EINVAL: `Cannot run "${program}": its arguments or environment hold a NUL byte`,
    E2BIG: `Cannot run "${program}": its arguments and environment are too long`,
  };
  return words[reason] ?? `Cannot run "${program}": ${reason}`;
}
