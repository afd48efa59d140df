import { Heap } from "./heap.ts";
import { remainingPaths, reversed } from "./longest_path.ts";

/**
 * What a task is doing. `waiting`: something it needs has not ended. `ready`: it may start. `skipped`: something
 * it needs failed. `cancelled`: the run was stopped before it ended.
 */
export type TaskState =
  | "waiting"
  | "ready"
  | "running"
  | "done"
  | "failed"
  | "skipped"
  | "cancelled";

/** All that can ever happen to a task. */
const NEXT: Readonly<Record<TaskState, readonly TaskState[]>> = {
  waiting: ["ready", "skipped", "cancelled"],
  ready: ["running", "cancelled"],
  running: ["done", "failed", "cancelled"],
  done: [],
  failed: [],
  skipped: [],
  cancelled: [],
};

/** Tasks are numbers from 0, in the order of the plan; every list has one element per task. */
export interface ScheduleRequest {
  /** For each task those that must be done before it starts. No cycles. */
  readonly needs: readonly (readonly number[])[];
  /** Weight that may run at the same time; at least 1. */
  readonly workers: number;
  /** Workers that a task takes; 1 where unset. A task heavier than all workers runs alone. */
  readonly weight?: readonly (number | undefined)[];
  /** Whether a task must have the machine for itself. */
  readonly alone?: readonly boolean[];
  /** Tasks of one pool share its limit. */
  readonly pool?: readonly (string | undefined)[];
  /** Tasks of a pool that may run at the same time; 1 for a pool without a limit. */
  readonly poolLimits?: ReadonlyMap<string, number>;
  /** Expected duration in milliseconds; a task without takes the median of the others. */
  readonly expectedMs?: readonly (number | undefined)[];
  /** Of the tasks that may start the one with the highest rank comes first; unset: that with the longest path. */
  readonly rank?: readonly number[];
}

/** A task that will not run because another one failed. */
export interface Skipped {
  readonly task: number;
  readonly because: number;
}

interface Pool {
  readonly limit: number;
  readonly ready: Heap;
  running: number;
}

/**
 * Decides which task starts next. Synchronous and pure: it starts nothing itself, the caller reports what
 * happened. Of the tasks that may start, the one with the longest remaining path comes first, then plan order.
 *
 * A task for which too few workers are free holds back those behind it, so that heavy tasks get their turn; a
 * task whose pool is full does not. Cost of a whole run: O(E + V log V), without recursion.
 *
 * @example A failed task skips what needs it
 * ```ts
 * import assert from "node:assert/strict";
 * import { Schedule } from "./schedule.ts";
 * const schedule = new Schedule({ needs: [[], [0]], workers: 2 });
 * assert.equal(schedule.next(), 0);
 * assert.equal(schedule.next(), undefined);
 * assert.deepEqual(schedule.finish(0, "failed"), [{ task: 1, because: 0 }]);
 * assert.equal(schedule.ended, true);
 * ```
 */
export class Schedule {
  readonly #states: TaskState[];
  /** Needs of each task that are not done yet. */
  readonly #open: number[];
  readonly #dependants: readonly (readonly number[])[];
  readonly #weights: readonly number[];
  readonly #pools: readonly Pool[];
  /** For each task its place in `#pools`; the first one is for tasks without a pool. */
  readonly #poolOf: readonly number[];
  readonly #before: (a: number, b: number) => boolean;
  readonly #slots = new Map<number, number>();
  readonly #freeSlots = new Heap((a, b) => a < b);
  #slotsMade = 0;
  #free: number;
  #left: number;

  /** @throws {Error} Where the needs hold a cycle: `plan/` must have found it. */
  constructor(request: ScheduleRequest) {
    const { needs } = request;
    const workers = Math.max(1, Math.floor(request.workers));
    this.#states = needs.map(() => "waiting");
    this.#open = needs.map((list) => list.length);
    this.#dependants = reversed(needs);
    this.#weights = needs.map((_, task) => weightOf(request, task, workers));
    this.#free = workers;
    this.#left = needs.length;
    const paths = remainingPaths(needs, this.#dependants, request.expectedMs ?? []);
    const ranks = request.rank ?? paths;
    this.#before = (a, b) => ranks[a]! > ranks[b]! || (ranks[a] === ranks[b] && a < b);
    [this.#pools, this.#poolOf] = makePools(request, this.#before);
    for (let task = 0; task < needs.length; task++) {
      if (this.#open[task] === 0) this.#makeReady(task);
    }
  }

  /** Starts the task that should run next; `undefined` where none may start now. */
  next(): number | undefined {
    let best: Pool | undefined;
    for (const pool of this.#pools) {
      if (pool.ready.top === undefined || pool.running >= pool.limit) continue;
      if (best === undefined || this.#before(pool.ready.top, best.ready.top!)) best = pool;
    }
    const task = best?.ready.top;
    if (best === undefined || task === undefined) return undefined;
    if (this.#weights[task]! > this.#free) return undefined;
    best.ready.pop();
    best.running += 1;
    this.#free -= this.#weights[task]!;
    this.#slots.set(task, this.#freeSlots.pop() ?? ++this.#slotsMade);
    this.#set(task, "running");
    return task;
  }

  /**
   * Says how a running task ended.
   *
   * @returns Tasks that are skipped because of it, directly or through others.
   */
  finish(task: number, as: "done" | "failed" | "cancelled"): readonly Skipped[] {
    this.#set(task, as);
    this.#pools[this.#poolOf[task]!]!.running -= 1;
    this.#free += this.#weights[task]!;
    this.#freeSlots.push(this.#slots.get(task)!);
    this.#slots.delete(task);
    if (as === "failed") return this.#skipDependants(task);
    if (as === "done") this.#release(task);
    return [];
  }

  /**
   * Starts nothing any more; running tasks go on until `finish`.
   *
   * @returns Tasks that are cancelled by this, in plan order.
   */
  stop(): readonly number[] {
    for (const pool of this.#pools) pool.ready.clear();
    const cancelled: number[] = [];
    this.#states.forEach((state, task) => {
      if (state !== "waiting" && state !== "ready") return;
      this.#set(task, "cancelled");
      cancelled.push(task);
    });
    return cancelled;
  }

  state(task: number): TaskState {
    return this.#states[task]!;
  }

  /** Number of the worker that runs a running task: 1 … workers, unique among running tasks. */
  worker(task: number): number {
    const slot = this.#slots.get(task);
    if (slot === undefined) throw new Error(`Task ${task} has no worker: ${this.state(task)}`);
    return slot;
  }

  /** Whether every task is done, failed, skipped or cancelled. */
  get ended(): boolean {
    return this.#left === 0;
  }

  /** Every transition passes here; an illegal one is a bug, not a case. */
  #set(task: number, to: TaskState): void {
    const from = this.#states[task];
    if (from === undefined || !NEXT[from].includes(to)) {
      throw new Error(`Task ${task} cannot go from ${from} to ${to}`);
    }
    this.#states[task] = to;
    if (NEXT[to].length === 0) this.#left -= 1;
  }

  #makeReady(task: number): void {
    this.#set(task, "ready");
    this.#pools[this.#poolOf[task]!]!.ready.push(task);
  }

  #release(task: number): void {
    for (const dependant of this.#dependants[task]!) {
      this.#open[dependant]! -= 1;
      // After a stop the dependants are cancelled already.
      if (this.#open[dependant] === 0 && this.#states[dependant] === "waiting") {
        this.#makeReady(dependant);
      }
    }
  }

  #skipDependants(failed: number): Skipped[] {
    const skipped: Skipped[] = [];
    const reached = [failed];
    for (const task of reached) {
      for (const dependant of this.#dependants[task]!) {
        if (this.#states[dependant] !== "waiting") continue;
        this.#set(dependant, "skipped");
        skipped.push({ task: dependant, because: failed });
        reached.push(dependant);
      }
    }
    return skipped;
  }
}

function weightOf(request: ScheduleRequest, task: number, workers: number): number {
  if (request.alone?.[task]) return workers;
  return Math.min(workers, Math.max(1, request.weight?.[task] ?? 1));
}

function makePools(
  request: ScheduleRequest,
  before: (a: number, b: number) => boolean,
): [Pool[], number[]] {
  const pools: Pool[] = [{ limit: Infinity, ready: new Heap(before), running: 0 }];
  const places = new Map<string, number>();
  const poolOf = request.needs.map((_, task) => {
    const name = request.pool?.[task];
    if (name === undefined) return 0;
    const known = places.get(name);
    if (known !== undefined) return known;
    // A limit below 1 could never be met, and the run would never end.
    const limit = Math.max(1, request.poolLimits?.get(name) ?? 1);
    const place = pools.push({ limit, ready: new Heap(before), running: 0 }) - 1;
    places.set(name, place);
    return place;
  });
  return [pools, poolOf];
}
