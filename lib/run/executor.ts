import type { OutputMask } from "../base/output_mask.ts";
import type { CapturedLog } from "../cache/cache.ts";

/**
 * Runs one command to its end. The request names everything that it needs, so that another executor (a
 * remote one, say) can take its place.
 */
export interface Executor {
  execute(request: ExecRequest): Promise<ExecResult>;
  /** Sees to it that nothing of the run is left where qik is killed; `execute` does so itself. */
  supervise?(env: ExecRequest["env"]): void;
  /** Stops all commands where they are, their time limits too, until {@link Executor.resume}. */
  pause?(): void;
  resume?(): void;
  /** Nothing follows: all that was started has ended. */
  close?(): Promise<void>;
}

export interface ExecRequest {
  readonly task: string;
  /** argv of the process; a shell command is already `["sh", "-c", text]`. */
  readonly argv: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of the log to write while it runs; unset: somebody else keeps the output. */
  readonly logFile?: string;
  readonly interactive: boolean;
  readonly timeoutMs?: number;
  /** Asked once for each stream: masks secrets before anybody sees or keeps them. */
  readonly mask?: () => OutputMask | undefined;
  readonly onOutput: (stream: "out" | "err", bytes: Uint8Array) => void;
  /** When aborted, the whole process group is stopped: the reason is a StopSignal or "SIGKILL". */
  readonly stop: AbortSignal;
  /** When aborted, the whole process group is killed at once, without grace. */
  readonly kill?: AbortSignal;
}

export interface ExecResult {
  /** 0–255; 128 + N for signal N; 127 not found, 126 not startable. */
  readonly code: number;
  readonly signal?: string;
  /** Set where qik ended it: by `timeout`, or because the run was `stopped`. */
  readonly endedBy?: "timeout" | "stopped";
  /** Set where it could not be started at all: the system's reason in words. */
  readonly startFailure?: string;
  readonly tookMs: number;
  readonly log: CapturedLog;
  /** The log was longer than is kept: it must not be stored. */
  readonly logCut: boolean;
  /** Why the log could not be kept (such as `ENOSPC`): it must not be stored. */
  readonly logFailure?: string;
  /** Others kept the output open after the command ended and were stopped. */
  readonly pipeLeftOpen: boolean;
  /** Inputs that the task's own code found to differ from its key; set by `sealed` code alone. */
  readonly changedInputs?: readonly string[];
  /** With `pipeLeftOpen`: they could not be found, and were not stopped. */
  readonly leftRunning?: boolean;
}
