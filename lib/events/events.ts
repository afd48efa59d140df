import type { Code, Place } from "../base/problems.ts";

/**
 * All that can happen in a run: data only, no colour, no emoji, no sentence made for a screen (messages of
 * problems excepted). A new member does not compile until every reporter handles it.
 *
 * Times: `atMs` is milliseconds since the run's start, on the clock that never jumps.
 */
export type QikEvent =
  | RunStarted
  | TaskStarted
  | TaskOutput
  | TaskRetried
  | TaskEnded
  | ProblemSeen
  | RunPaused
  | RunResumed
  | RunStopping
  | RunEnded;

/** First event of every run. `tasks` are in the order of the plan; `expectedMs` from recorded durations. */
export interface RunStarted {
  readonly type: "run-started";
  readonly version: string;
  readonly root: string;
  readonly workers: number;
  readonly startedAt: number;
  readonly tasks: readonly TaskInfo[];
}

export interface TaskInfo {
  readonly task: string;
  readonly command: string;
  /** Recorded duration of its last real run, in milliseconds; unset where it never ran. */
  readonly expectedMs?: number;
  /** Where it runs, relative to the root; unset where that is the root. */
  readonly dir?: string;
}

/** The task's process starts (never sent for hits). */
export interface TaskStarted {
  readonly type: "task-started";
  readonly task: string;
  readonly atMs: number;
  readonly worker: number;
  /** Why it was not a hit: one plain line such as `first run`; unset for commands that are never cached. */
  readonly why?: string;
}

/** Output as it comes, of a running task or replayed from an entry. The bytes must not be changed. */
export interface TaskOutput {
  readonly type: "task-output";
  readonly task: string;
  readonly stream: "out" | "err";
  readonly bytes: Uint8Array;
  readonly replayed: boolean;
}

/** A try failed and the task is run again; its output goes on. */
export interface TaskRetried {
  readonly type: "task-retried";
  readonly task: string;
  readonly atMs: number;
  /** The try that failed, from 1. */
  readonly attempt: number;
  readonly code: number;
  readonly signal?: string;
  readonly because?: string;
}

/**
 * What a task's time went into. `queue`: its needs had ended, but no worker was free. `hash`: its key. `cache`: the
 * look-up. `restore`: artifacts and log of a hit. `wait`: for another qik that runs the same task, or for a slot of a
 * jobserver. `run`: one try of its command. `store`: putting the result into a cache.
 */
export type StepName = "queue" | "hash" | "cache" | "restore" | "wait" | "run" | "store";

/** Milliseconds since the run's start. */
export interface Step {
  readonly name: StepName;
  readonly startMs: number;
  readonly endMs: number;
}

/** `hit`: replayed from a cache. `failed`: it ran or was replayed with a code other than 0. */
export type Ending = "hit" | "ran" | "failed" | "skipped" | "cancelled";

/** Last event of a task; each task of the run has exactly one. */
export interface TaskEnded {
  readonly type: "task-ended";
  readonly task: string;
  readonly ending: Ending;
  readonly atMs: number;
  readonly tookMs: number;
  /** 0–255, 128 + N where signal N ended it; unset where it never ran. */
  readonly code?: number;
  readonly signal?: string;
  /** The result came from a cache (true also for a replayed failure). */
  readonly cached: boolean;
  readonly key?: string;
  /** For hits: the duration of the run that made the entry. */
  readonly savedMs?: number;
  /** For skipped tasks the task that failed; for failures the reason where it is not the code (timeout, …). */
  readonly because?: string;
  /** Where the whole log stands, relative to the root. */
  readonly log?: string;
  /** A later try passed after earlier ones failed. */
  readonly flaky?: boolean;
  /** In the order in which they began; steps that took no time at all may be missing. */
  readonly steps?: readonly Step[];
  /** Which worker it had; unset where it was never begun. */
  readonly worker?: number;
}

/** Something the user should know that ends nothing. */
export interface ProblemSeen {
  readonly type: "problem";
  readonly code: Code;
  readonly message: string;
  readonly task?: string;
  readonly place?: Place;
  readonly hint?: string;
}

/** Ctrl-Z: qik and all commands are about to be stopped; the terminal is somebody else's until `run-resumed`. */
export interface RunPaused {
  readonly type: "run-paused";
  readonly atMs: number;
}

export interface RunResumed {
  readonly type: "run-resumed";
  readonly atMs: number;
}

/** A signal, fail-fast, or a change while watching: no more tasks start. */
export interface RunStopping {
  readonly type: "run-stopping";
  readonly atMs: number;
  readonly because: "SIGINT" | "SIGTERM" | "SIGHUP" | "fail-fast" | "change" | "bug";
}

/** Last event of every run, also of interrupted ones. */
export interface RunEnded {
  readonly type: "run-ended";
  readonly exit: number;
  readonly counts: Readonly<Record<Ending, number>>;
  readonly tookMs: number;
  readonly savedMs: number;
  readonly interrupted?: "SIGINT" | "SIGTERM" | "SIGHUP";
}

/** Receives events in order, on one thread; must not throw and must not change them. */
export interface Reporter {
  on(event: QikEvent): void;
  /** Called once after `run-ended` (or when a bug ended the run): give back the terminal, close files. */
  close?(): void;
}

/** Hands every event to all reporters, in the order given. */
export function tee(reporters: readonly Reporter[]): Reporter {
  return {
    on: (event) => reporters.forEach((reporter) => reporter.on(event)),
    close: () => reporters.forEach((reporter) => reporter.close?.()),
  };
}
