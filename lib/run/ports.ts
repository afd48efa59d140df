import type { OutputMask } from "../base/output_mask.ts";
import type { Artifact, Cache, RestorePlace } from "../cache/cache.ts";
import type { Ending, Reporter, Step } from "../events/events.ts";
import type { TaskCode } from "../plan/made.ts";
import type { Task } from "../plan/types.ts";
import type { Clock, Files } from "../sys/sys.ts";
import type { Audit } from "./audit.ts";
import type { ExecRequest, ExecResult, Executor } from "./executor.ts";
import type { JobSlots } from "./job_slots.ts";
import type { TaskLocks } from "./task_lock.ts";

/** A task's key and what can be asked about it; `hash/keyer.ts` makes them. */
export interface KeyedTask {
  readonly key: string;
  /** Lines kept beside the entry to explain later misses. */
  explanation(): readonly string[];
  /** Paths (at most 10) of inputs that are no longer what they were when the key was made. */
  changedInputs(): Promise<readonly string[]>;
  /** Whether the inputs are still those of the key, as far as anybody looked; see `Tree.holds`. */
  holds(): Promise<boolean>;
}

/** Where the story of one task gets everything from. */
export interface PerformPorts {
  /** Absolute. */
  readonly root: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly executor: Executor;
  readonly reporter: Reporter;
  /** The reporter was told that the work directory cannot be written: that is not said again. */
  readonly saidUnwritable?: boolean;
  /**
   * Asked once per task, when all that it needs has ended.
   * A `QikError` fails the task, nothing else.
   */
  readonly keyer: { key(task: Task): Promise<KeyedTask> };
  readonly caches: (name: string) => Cache;
  /** `--force`: no reading; `--no-cache`: neither. */
  readonly mode: { readonly read: boolean; readonly write: boolean };
  /** The whole environment of the task's process. */
  readonly environment: (task: Task, worker: number) => Readonly<Record<string, string>>;
  /** Tells the processes of each execution from all others; see `run_tag.ts`. Unset: they are not told apart. */
  readonly tag?: () => string;
  /** Asked for each stream of output: what masks secrets in it. Unset: nothing is masked. */
  readonly mask?: () => OutputMask | undefined;
  /**
   * Slots shared with make, ninja and cargo; asked when the first command is about to start.
   *
   * @param runsPrograms False where the task cannot start what would take any: then none need be offered yet.
   */
  readonly jobs?: (runsPrograms: boolean) => Promise<JobSlots | undefined>;
  /** Unset: nobody else runs tasks in this working tree. */
  readonly locks?: TaskLocks;
  readonly argv: (task: Task) => readonly string[];
  /** Runs a task whose work is code of qik or of a plugin. Unset: there are no such tasks. */
  readonly callCode?: (task: Task, code: TaskCode, request: ExecRequest) => Promise<ExecResult>;
  /** Has some hits executed and compared. Unset: none. */
  readonly audit?: Audit;
  readonly restorePlace: (task: Task) => RestorePlace;
  /** One line that says why there is no entry under the key. */
  readonly explainMiss: (task: Task, keyed: KeyedTask) => string;
  /** Whether what a hit of the task stands for is still there, beyond its artifacts; see `TaskSpec.stands`. Unset: it is. */
  readonly stands?: (task: Task) => boolean;
  /** Files may have changed by what the task did. */
  readonly changed: (task: Task) => void;
  /** What the keys of tasks that need this one contain. Not called where that is what stands on disk. */
  readonly settled: (task: Task, result: SettledResult) => void;
}

export interface SettledResult {
  readonly key: string;
  /** As stored. Empty where the task declares none. */
  readonly artifacts: readonly Artifact[];
}

/** What a run gives to a task that it starts. */
export interface Slot {
  /** 1 … N, unique among tasks that run at the same time. */
  readonly worker: number;
  /** Aborted when the run is stopped; the reason is the signal. */
  readonly stop: AbortSignal;
  /** Aborted when everything is to be killed at once. */
  readonly kill: AbortSignal;
  /** Whether processes may still be started. */
  readonly mayStart: () => boolean;
  /** Milliseconds since the run's start. */
  readonly atMs: () => number;
}

/** How a task ended; the fields are those of `TaskEnded`. */
export interface TaskOutcome {
  readonly ending: Exclude<Ending, "skipped">;
  readonly tookMs: number;
  readonly cached: boolean;
  readonly code?: number;
  readonly signal?: string;
  readonly key?: string;
  readonly savedMs?: number;
  readonly because?: string;
  readonly log?: string;
  readonly flaky?: boolean;
  readonly steps?: readonly Step[];
}

/** Does all that one task asks for. Rejects on bugs only. */
export type Perform = (task: Task, slot: Slot) => Promise<TaskOutcome>;
