import type { CommandConfig, SpaceConfig } from "../config/types.ts";
import type { Files } from "../sys/sys.ts";
import type { DepWorld, PlannedDep } from "./dep.ts";

/** A command whose tasks are made by code rather than read from `qik.toml`. */
export interface MadeCommand {
  /** As a file would have said it; `name` is `<plugin>.<word>`. */
  readonly command: CommandConfig;
  /** The tasks that are there by themselves. Others come to be when a dependency asks for them. */
  tasks(): readonly TaskAt[];
  /** What one task is; called once for each. */
  make(at: TaskAt): TaskSpec;
}

/** Which task of a made command: its identity together with the command's name. */
export interface TaskAt {
  readonly space: SpaceConfig;
  readonly args: Readonly<Record<string, string>>;
}

/** What a task of a made command runs and depends on. Nothing in it is a template. */
export interface TaskSpec {
  /** Text for a shell, an argument list, or code that runs in qik's own process. */
  readonly exec: string | readonly string[] | TaskCode;
  /** Without any the task is never cached. */
  readonly deps: readonly PlannedDep[];
  readonly artifacts?: readonly string[];
  /** Relative to the root; the root where unset. */
  readonly dir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Name of a cache; the project's default where unset. */
  readonly cache?: string;
  /** Not active in it: any environment that qik builds. Nothing of the space is then part of its key. */
  readonly outsideVenv?: boolean;
  /**
   * Whether what it did is still there, beyond its artifacts. Asked on a hit: where it is not, the task runs. Whatever
   * it reads must come from `files`.
   */
  readonly stands?: (files: Files) => boolean;
}

/** A function as the work of a task: for what is done faster here than by a process. */
export interface TaskCode {
  /** Part of the key: changes whenever the function would do something else with the same inputs. */
  readonly version: string;
  /**
   * True where the function reads no inputs but those of its key, whose bytes it compares with the digests that
   * `world.inputs` tells (and tells what differs with `changed`), writes nothing but its artifacts, and runs no
   * program. Then files are not looked at again when it ends, which takes longer than most such functions do.
   */
  readonly sealed?: boolean;
  /**
   * @returns The task's exit code, 0–255. What it throws fails the task: a `QikError` with its problems, all
   *   else with the stack.
   */
  run(call: TaskCall): Promise<number> | number;
}

/** What a task's code is handed. */
export interface TaskCall {
  readonly task: string;
  readonly space: SpaceConfig;
  readonly args: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly root: string;
  /** The whole environment that a process of this task would have. */
  readonly env: Readonly<Record<string, string>>;
  readonly world: DepWorld;
  readonly files: Files;
  /** Output of the task: shown, kept in its log, and replayed on a hit. */
  write(stream: "out" | "err", text: string | Uint8Array): void;
  /** Runs a program as a part of this task; its output is the task's. It ends when the task is stopped. */
  tool(argv: readonly string[], options?: ToolOptions): Promise<ToolResult>;
  /** An input does not hold what the task's key says: the result is not stored. Only `sealed` code needs to tell. */
  changed(path: string): void;
  /** Aborted when the task is to end: code that takes its time asks now and then. */
  readonly stop: AbortSignal;
}

/** How a task's code runs a program. */
export interface ToolOptions {
  /** Relative to the root; the root where unset. */
  readonly dir?: string;
  /** Added to the task's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what the program writes to its standard output, as it is, in place of the task's output. */
  readonly onOut?: (bytes: Uint8Array) => void;
}

/** How a program that a task's code ran has ended. */
export interface ToolResult {
  /** 0–255; 128 + N for signal N; 127 not found, 126 not startable. */
  readonly code: number;
  /** Set where it could not be started at all: the system's reason in words. */
  readonly startFailure?: string;
}
