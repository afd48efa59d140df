import type { Ending, QikEvent, Reporter, RunStopping, TaskEnded } from "../events/events.ts";
import type { Plan, Task } from "../plan/types.ts";
import type { Clock, Processes, StopSignal } from "../sys/sys.ts";
import type { Perform, Slot, TaskOutcome } from "./ports.ts";
import { Schedule, type ScheduleRequest, type Skipped } from "./schedule.ts";
import { betterOrder } from "./better_order.ts";
import { TaskTimes } from "./task_times.ts";
import { exitCodeOf, stopOnSignals, type Stoppable } from "./signals.ts";

export interface RunRequest {
  /** qik's own version, for the first event. */
  readonly version: string;
  readonly plan: Plan;
  /** Indices in `plan.tasks`, ascending, without duplicates. Needs outside of them are not waited for. */
  readonly selected: readonly number[];
  readonly workers: number;
  /** Start nothing more once a task has failed. */
  readonly failFast: boolean;
  readonly clock: Clock;
  /** Unset: signals are somebody else's business. */
  readonly onSignal?: Processes["onSignal"];
  /** Ctrl-Z; calls the one before everything is stopped, the other when it goes on. Unset: as `onSignal`. */
  readonly onTerminalStop?: Processes["onTerminalStop"];
  /** Called when everything is to end at once, for what does not belong to a task's process. */
  readonly onKill?: () => void;
  readonly reporter: Reporter;
  readonly perform: Perform;
  /** Awaited when every task has ended, before the run says so; must end when the signal is aborted. */
  readonly finish?: (stop: AbortSignal) => Promise<void>;
  /** Asked at the end: whether the run is to fail, though all its tasks ended well. */
  readonly alarmed?: () => boolean;
  /** Handed the run before its first task starts, by whoever steers it while it goes on. */
  readonly onBegin?: (run: Steerable) => void;
  /** Recorded duration of a task's last run in milliseconds. */
  readonly expectedMs?: (task: string) => number | undefined;
}

/** A run that others may interfere with. */
export interface Steerable {
  /** Stops these tasks where they run, and starts nothing more; all other running tasks go on to their end. */
  cutShort(tasks: ReadonlySet<string>): void;
}

/** How a run ended; the same as its `run-ended` event says. */
export interface RunResult {
  /** The highest code of a failed task, 128 + N where signal N ended the run, else 0, or 1 where there was an alarm. */
  readonly exit: number;
  readonly counts: Readonly<Record<Ending, number>>;
  readonly tookMs: number;
  readonly savedMs: number;
  readonly interrupted?: StopSignal;
}

/** Exit code of a run that ended by a bug of qik. */
const BUG = 70;

/**
 * Runs the selected tasks, each after all that it needs, and reports what happens.
 *
 * Whatever goes wrong, every process has ended and the last event is `run-ended` when this settles.
 *
 * @throws What a bug threw, after everything was stopped and reported.
 */
export function runTasks(request: RunRequest): Promise<RunResult> {
  return new Run(request).toEnd();
}

class Run implements Stoppable, Steerable {
  readonly #request: RunRequest;
  readonly #tasks: readonly Task[];
  readonly #schedule: Schedule;
  readonly #startedAt: number;
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #counts: Record<Ending, number> = {
    hit: 0,
    ran: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
  };
  /** Running tasks, each with what stops it alone, where anybody could want that. */
  readonly #running = new Map<Task, AbortController | undefined>();
  /** When the last of each task's needs ended, and when it was started. */
  readonly #times: TaskTimes;
  #savedMs = 0;
  #exit = 0;
  #halted = false;
  #paused = false;
  #interrupted: StopSignal | undefined;
  #bug: { readonly error: unknown } | undefined;
  #allEnded: () => void = () => {};

  constructor(request: RunRequest) {
    this.#request = request;
    this.#startedAt = request.clock.monotonic();
    this.#tasks = request.selected.map((index) => request.plan.tasks[index]!);
    const needs = needsOf(request, this.#tasks);
    this.#times = new TaskTimes(needs);
    this.#schedule = scheduleOf(request, this.#tasks, needs);
  }

  async toEnd(): Promise<RunResult> {
    const { onSignal, onTerminalStop, reporter } = this.#request;
    const stopListening = onSignal && stopOnSignals(onSignal, this);
    const leaveTerminal = onTerminalStop?.(() => this.#pause(), () => this.#resume());
    try {
      this.#emitStart();
      this.#guarded(() => this.#request.onBegin?.(this));
      await new Promise<void>((done) => {
        this.#allEnded = done;
        this.#advance();
      });
      await this.#request.finish?.(this.#stop.signal);
    } finally {
      stopListening?.();
      leaveTerminal?.();
    }
    const result = this.#result();
    this.#emit({ type: "run-ended", ...result });
    this.#guarded(() => reporter.close?.());
    if (this.#bug !== undefined) throw this.#bug.error;
    return result;
  }

  interrupt(signal: StopSignal): void {
    this.#interrupted ??= signal;
    this.#halt(signal);
    this.#stop.abort(signal);
    this.#advance();
  }

  kill(): void {
    this.#kill.abort();
    this.#guarded(() => this.#request.onKill?.());
  }

  #pause(): void {
    this.#paused = true;
    this.#emit({ type: "run-paused", atMs: this.#atMs() });
  }

  #resume(): void {
    if (this.#paused) this.#emit({ type: "run-resumed", atMs: this.#atMs() });
    this.#paused = false;
  }

  cutShort(tasks: ReadonlySet<string>): void {
    this.#halt("change");
    for (const [task, own] of this.#running) if (tasks.has(task.name)) own?.abort("SIGTERM");
    this.#advance();
  }

  get interactive(): boolean {
    for (const task of this.#running.keys()) if (task.command.interactive) return true;
    return false;
  }

  /** Starts what may start; ends the run when nothing is left to wait for. */
  #advance(): void {
    this.#guarded(() => {
      if (this.#bug !== undefined) return;
      for (let at = this.#schedule.next(); at !== undefined; at = this.#schedule.next()) {
        this.#start(at);
      }
    });
    if (this.#running.size > 0) return;
    if (!this.#schedule.ended) {
      this.#broken(new Error("The schedule starts nothing and has not ended"));
    }
    this.#allEnded();
  }

  #start(at: number): void {
    const task = this.#tasks[at]!;
    const own = this.#request.onBegin && new AbortController();
    this.#running.set(task, own);
    this.#times.started(at, this.#atMs());
    const slot: Slot = {
      worker: this.#schedule.worker(at),
      stop: own ? AbortSignal.any([this.#stop.signal, own.signal]) : this.#stop.signal,
      kill: this.#kill.signal,
      mayStart: () => !this.#halted && own?.signal.aborted !== true,
      atMs: () => this.#atMs(),
    };
    void this.#perform(at, task, slot);
  }

  async #perform(at: number, task: Task, slot: Slot): Promise<void> {
    let outcome: TaskOutcome;
    try {
      outcome = await this.#request.perform(task, slot);
    } catch (error) {
      this.#broken(error);
      outcome = { ending: "cancelled", tookMs: 0, cached: false };
    }
    this.#finish(at, outcome);
  }

  #finish(at: number, outcome: TaskOutcome): void {
    const task = this.#tasks[at]!;
    this.#running.delete(task);
    this.#guarded(() => this.#record(at, task, outcome));
    this.#advance();
  }

  #record(at: number, task: Task, outcome: TaskOutcome): void {
    const { ending } = outcome;
    const state = ending === "hit" || ending === "ran" ? "done" : ending;
    const worker = this.#schedule.worker(at);
    const skipped = this.#schedule.finish(at, state);
    if (ending === "failed") this.#exit = Math.max(this.#exit, outcome.code ?? 1, 1);
    const atMs = this.#atMs();
    this.#times.ended(at, atMs);
    const steps = [...this.#times.queued(at), ...outcome.steps ?? []];
    this.#emitEnd({
      task: task.name,
      atMs,
      ...outcome,
      worker,
      ...(steps.length > 0 && { steps }),
    });
    for (const one of skipped) this.#emitSkipped(one);
    // The terminal sent Ctrl-C to the command and to us; now we know that it was meant to end things.
    if (task.command.interactive && ending === "failed" && outcome.code === exitCodeOf("SIGINT")) {
      this.#interrupted ??= "SIGINT";
      this.#halt("SIGINT");
    }
    if (ending === "failed" && this.#request.failFast) this.#halt("fail-fast");
  }

  /** From here on nothing starts; tasks that have not started are cancelled. */
  #halt(because: RunStopping["because"]): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#emit({ type: "run-stopping", atMs: this.#atMs(), because });
    for (const at of this.#schedule.stop()) {
      const task = this.#tasks[at]!.name;
      this.#emitEnd({ task, ending: "cancelled", atMs: this.#atMs(), tookMs: 0, cached: false });
    }
  }

  /** Remembers the first bug and stops everything. */
  #broken(error: unknown): void {
    if (this.#bug !== undefined) return;
    this.#bug = { error };
    this.#halt("bug");
    this.#stop.abort("SIGTERM");
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#broken(error);
    }
  }

  #emitStart(): void {
    const { version, plan, workers, clock, expectedMs } = this.#request;
    this.#emit({
      type: "run-started",
      version,
      root: plan.root,
      workers,
      startedAt: clock.now(),
      tasks: this.#tasks.map((task) => {
        const expected = expectedMs?.(task.name);
        return {
          task: task.name,
          command: task.command.name,
          ...(expected !== undefined && { expectedMs: expected }),
          ...(task.dir !== "" && { dir: task.dir }),
        };
      }),
    });
  }

  #emitSkipped({ task, because }: Skipped): void {
    this.#emitEnd({
      task: this.#tasks[task]!.name,
      ending: "skipped",
      atMs: this.#atMs(),
      tookMs: 0,
      cached: false,
      because: this.#tasks[because]!.name,
    });
  }

  #emitEnd(end: Omit<TaskEnded, "type">): void {
    this.#counts[end.ending] += 1;
    this.#savedMs += end.savedMs ?? 0;
    this.#emit({ type: "task-ended", ...end });
  }

  /** A reporter that throws is a bug, but what it was told has happened all the same. */
  #emit(event: QikEvent): void {
    this.#guarded(() => this.#request.reporter.on(event));
  }

  #result(): RunResult {
    const interrupted = this.#interrupted;
    const alarm = this.#request.alarmed?.() ? 1 : 0;
    return {
      exit: this.#bug ? BUG : interrupted ? exitCodeOf(interrupted) : Math.max(this.#exit, alarm),
      counts: { ...this.#counts },
      tookMs: this.#atMs(),
      savedMs: this.#savedMs,
      ...(interrupted !== undefined && { interrupted }),
    };
  }

  #atMs(): number {
    return this.#request.clock.monotonic() - this.#startedAt;
  }
}

/** For each selected task the places of those it waits for, counted from 0 over the selected tasks only. */
function needsOf(request: RunRequest, tasks: readonly Task[]): readonly (readonly number[])[] {
  const places = new Map(request.selected.map((index, place) => [index, place]));
  return tasks.map((task) =>
    task.needs.flatMap((need) => {
      const place = places.get(need.task);
      return place === undefined ? [] : [place];
    })
  );
}

function scheduleOf(
  request: RunRequest,
  tasks: readonly Task[],
  needs: readonly (readonly number[])[],
): Schedule {
  const wanted: ScheduleRequest = {
    needs,
    workers: request.workers,
    weight: tasks.map(({ command }) => command.weight),
    alone: tasks.map(({ command }) => command.interactive),
    pool: tasks.map(({ command }) => command.pool),
    poolLimits: new Map(request.plan.config.pools.map(({ name, limit }) => [name, limit])),
    expectedMs: tasks.map(({ name }) => request.expectedMs?.(name)),
  };
  const rank = betterOrder(wanted);
  return new Schedule(rank === undefined ? wanted : { ...wanted, rank });
}
