import { PROBLEMS, QikError } from "../base/problems.ts";
import type { TaskCode, ToolOptions, ToolResult } from "../plan/made.ts";
import type { DepWorld, Task } from "../plan/types.ts";
import type { Clock, Files, StopSignal } from "../sys/sys.ts";
import { LogWriter, MOST_LOG_BYTES } from "./captured_log.ts";
import { MaskedOutput } from "./masked_output.ts";
import type { ExecRequest, ExecResult, Executor } from "./executor.ts";

/** What is needed to run a task's code. */
export interface CallParts {
  readonly files: Files;
  readonly clock: Clock;
  /** Runs the programs that the code asks for. */
  readonly executor: Executor;
  /** Absolute root of the repository. */
  readonly root: string;
  readonly world: (task: Task) => DepWorld;
  /** Told each environment that code gives to a program: what is secret in it is masked from then on. */
  readonly learn?: (env: Readonly<Record<string, string>>) => void;
}

/** How long code may take to end once it was asked to. */
const GRACE_MS = 5000;
/** Exit code of a task whose code threw what no user can mend. */
const BUG = 70;

/**
 * Runs a task whose work is a function. Everything is as for a process: its output is shown and kept in its log,
 * it ends when the task is stopped or takes too long, and what it throws fails the task only.
 */
export function callCode(
  parts: CallParts,
  task: Task,
  code: TaskCode,
  request: ExecRequest,
): Promise<ExecResult> {
  return new Call(parts, task, code, request).run();
}

class Call {
  readonly #parts: CallParts;
  readonly #task: Task;
  readonly #code: TaskCode;
  readonly #request: ExecRequest;
  readonly #log: LogWriter;
  #output: MaskedOutput;
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  #endedBy: ExecResult["endedBy"];
  #cancelGrace: () => void = () => {};
  /** Code that did not end when it was asked to may go on, but nobody listens to it. */
  #over = false;
  readonly #changed = new Set<string>();
  readonly #tools = new Set<Promise<ToolResult>>();
  /** A program that the code ran left others behind; see `ExecResult`. */
  #toolEnd: Pick<ExecResult, "pipeLeftOpen" | "leftRunning"> = { pipeLeftOpen: false };

  constructor(parts: CallParts, task: Task, code: TaskCode, request: ExecRequest) {
    this.#parts = parts;
    this.#task = task;
    this.#code = code;
    this.#request = request;
    this.#log = new LogWriter(parts.files, request.logFile!, MOST_LOG_BYTES);
    this.#output = this.#maskedOutput();
    this.#startedAt = parts.clock.monotonic();
  }

  async run(): Promise<ExecResult> {
    // Sealed code runs no program, and starting the shell that would watch over it takes 3 ms.
    if (!this.#code.sealed) this.#parts.executor.supervise?.(this.#request.env);
    const unwatch = this.#watch();
    try {
      const code = await Promise.race([this.#called(), this.#givenUp()]);
      this.#over = true;
      await this.#toolsGone();
      return this.#resultOf(code);
    } finally {
      this.#over = true;
      this.#cancelGrace();
      unwatch();
    }
  }

  async #called(): Promise<number> {
    const { root, files, world } = this.#parts;
    try {
      return await this.#code.run({
        task: this.#task.name,
        space: this.#task.space,
        args: this.#task.madeWith ?? {},
        root,
        env: this.#request.env,
        world: world(this.#task),
        files,
        write: (stream, text) => this.#write(stream, text),
        changed: (path) => void this.#changed.add(path),
        tool: (argv, options) => this.#tool(argv, options),
        stop: this.#stop.signal,
      });
    } catch (error) {
      if (this.#endedBy !== undefined) return BUG;
      this.#write("err", explained(error));
      return error instanceof QikError ? error.exit : BUG;
    }
  }

  #maskedOutput(): MaskedOutput {
    return new MaskedOutput(this.#request.mask, (stream, bytes) => {
      this.#log.write(stream, bytes);
      this.#request.onOutput(stream, bytes);
    });
  }

  /** Masks know what was known when they were made. */
  #learn(env: Readonly<Record<string, string>>): void {
    this.#parts.learn?.(env);
    this.#output.end();
    this.#output = this.#maskedOutput();
  }

  #write(stream: "out" | "err", text: string | Uint8Array): void {
    if (this.#over) return;
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    this.#output.push(stream, bytes);
  }

  #tool(argv: readonly string[], options?: ToolOptions): Promise<ToolResult> {
    if (this.#over) return Promise.reject(new Error("The task has ended: it can run no program"));
    if (this.#code.sealed) return Promise.reject(new Error("Sealed code can run no program"));
    const running = this.#runTool(argv, options).finally(() => this.#tools.delete(running));
    this.#tools.add(running);
    // Nobody may be waiting for it any more.
    running.catch(() => {});
    return running;
  }

  /** Programs that nobody waits for any more end with the task, and it ends after them. */
  async #toolsGone(): Promise<void> {
    if (this.#tools.size === 0) return;
    if (!this.#stop.signal.aborted) this.#stop.abort("SIGTERM");
    await Promise.allSettled(this.#tools);
  }

  async #runTool(argv: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
    const { executor, root } = this.#parts;
    const { kill, task } = this.#request;
    if (options.env !== undefined) this.#learn(options.env);
    const result = await executor.execute({
      task,
      argv,
      cwd: options.dir ? `${root}/${options.dir}` : root,
      env: { ...this.#request.env, ...options.env },
      interactive: false,
      onOutput: (stream, bytes) => {
        if (stream === "out" && options.onOut !== undefined) options.onOut(bytes);
        else this.#write(stream, bytes);
      },
      stop: this.#stop.signal,
      ...(kill !== undefined && { kill }),
    });
    if (result.pipeLeftOpen) this.#toolEnd = result;
    const { code, startFailure } = result;
    return { code, ...(startFailure !== undefined && { startFailure }) };
  }

  /** Stops the code, and by the signal every program that it runs. */
  #watch(): () => void {
    const { stop, timeoutMs } = this.#request;
    const end = (by: "timeout" | "stopped", reason: StopSignal | unknown) => {
      this.#endedBy ??= by;
      this.#stop.abort(reason);
    };
    const onStop = () => end("stopped", stop.reason);
    if (stop.aborted) onStop();
    else stop.addEventListener("abort", onStop);
    const cancel = timeoutMs === undefined
      ? () => {}
      : this.#parts.clock.after(timeoutMs, () => end("timeout", "SIGTERM"));
    return () => {
      stop.removeEventListener("abort", onStop);
      cancel();
    };
  }

  /** Settles when code that was asked to end has had its time; never where nobody asks. */
  #givenUp(): Promise<number> {
    const { signal } = this.#stop;
    const { kill } = this.#request;
    return new Promise((done) => {
      const wait = () => {
        this.#cancelGrace = this.#parts.clock.after(GRACE_MS, () => done(BUG));
      };
      if (signal.aborted) wait();
      else signal.addEventListener("abort", wait, { once: true });
      if (kill?.aborted) done(BUG);
      else kill?.addEventListener("abort", () => done(BUG), { once: true });
    });
  }

  #resultOf(code: number): ExecResult {
    this.#output.end();
    const { log, cut, failure } = this.#log.end();
    return {
      code: Number.isInteger(code) && code >= 0 && code <= 255 ? code : BUG,
      ...(this.#endedBy !== undefined && { endedBy: this.#endedBy }),
      tookMs: this.#parts.clock.monotonic() - this.#startedAt,
      log,
      logCut: cut,
      ...(failure !== undefined && { logFailure: failure }),
      ...(this.#code.sealed && { changedInputs: [...this.#changed].sort() }),
      ...this.#toolEnd,
    };
  }
}

/** A user's problem in the form that reporters give it, without colours; everything else with its stack. */
function explained(error: unknown): string {
  if (!(error instanceof QikError)) {
    return `${error instanceof Error ? error.stack ?? error.message : error}\n`;
  }
  return error.problems.map(({ message, code, hint, place }) => {
    const where = place === undefined
      ? ""
      : `  at ${place.file}${place.line === undefined ? "" : `:${place.line}`}\n`;
    return `Error: ${message} [${code}]\n${where}  hint: ${hint ?? PROBLEMS[code].hint}\n`;
  }).join("");
}
