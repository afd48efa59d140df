import type { Ending, QikEvent, RunStarted, RunStopping, TaskEnded } from "../events/events.ts";
import { LastLine } from "./last_line.ts";

/** All that a redrawn screen shows at one moment: plain values, no text made for a width. */
export interface View {
  readonly elapsedMs: number;
  readonly total: number;
  readonly counts: Readonly<Record<Ending, number>>;
  /** Commands with tasks, those that run or wait first, then the finished ones; at most {@link MOST_COMMANDS}. */
  readonly commands: readonly CommandCount[];
  readonly hiddenCommands: number;
  /** Longest running first. */
  readonly running: readonly RunningTask[];
  /** An honest guess, or unset where too little is known. */
  readonly leftMs?: number;
  readonly stopping?: RunStopping["because"];
}

export interface CommandCount {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

export interface RunningTask {
  readonly task: string;
  readonly elapsedMs: number;
  /** Its last line of output; before there is any, why it runs. */
  readonly note: string;
}

/** More do not fit into one line of any terminal. */
const MOST_COMMANDS = 40;
/** A guess made earlier than this would jump about. */
const FIRST_GUESS_MS = 1000;

interface Running {
  readonly startedMs: number;
  readonly why: string;
  readonly expectedMs: number | undefined;
  readonly last: LastLine;
}

interface Count {
  done: number;
  total: number;
}

/** Reduces the events of a run to what a screen shows. Cost per event: constant. */
export class RunView {
  readonly #counts: Record<Ending, number> = {
    hit: 0,
    ran: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
  };
  readonly #commands = new Map<string, Count>();
  readonly #commandOf = new Map<string, string>();
  readonly #running = new Map<string, Running>();
  /** Expected durations of tasks neither running nor ended; unset values are unknown ones. */
  readonly #waiting = new Map<string, number | undefined>();
  #waitingKnown = 0;
  #waitingMs = 0;
  #started = 0;
  #workers = 1;
  #stopping: RunStopping["because"] | undefined;

  /** @param nowMs Milliseconds since the run started. */
  on(event: QikEvent, nowMs: number): void {
    switch (event.type) {
      case "run-started":
        return this.#runStarted(event);
      case "task-started":
        return this.#taskStarted(event.task, event.why ?? "", nowMs);
      case "task-output":
        return this.#running.get(event.task)?.last.push(event.bytes);
      case "task-ended":
        return this.#taskEnded(event);
      case "run-stopping":
        this.#stopping = event.because;
        return;
      case "problem":
      case "task-retried":
      case "run-paused":
      case "run-resumed":
      case "run-ended":
        return;
      default:
        event satisfies never;
    }
  }

  #runStarted({ workers, tasks }: RunStarted): void {
    this.#workers = workers;
    for (const { task, command, expectedMs } of tasks) {
      this.#commandOf.set(task, command);
      const count = this.#commands.get(command);
      if (count) count.total += 1;
      else this.#commands.set(command, { done: 0, total: 1 });
      this.#waiting.set(task, expectedMs);
      if (expectedMs !== undefined) {
        this.#waitingKnown += 1;
        this.#waitingMs += expectedMs;
      }
    }
  }

  /** Takes a task out of those that wait; returns its expected duration. */
  #leaveWaiting(task: string): number | undefined {
    const expected = this.#waiting.get(task);
    if (this.#waiting.delete(task) && expected !== undefined) {
      this.#waitingKnown -= 1;
      this.#waitingMs -= expected;
    }
    return expected;
  }

  #taskStarted(task: string, why: string, startedMs: number): void {
    this.#started += 1;
    const expectedMs = this.#leaveWaiting(task);
    this.#running.set(task, { startedMs, why, expectedMs, last: new LastLine() });
  }

  #taskEnded({ task, ending }: TaskEnded): void {
    this.#leaveWaiting(task);
    this.#running.delete(task);
    this.#counts[ending] += 1;
    const count = this.#commands.get(this.#commandOf.get(task) ?? "");
    if (count) count.done += 1;
  }

  /** Whether there is anything to wait for. */
  get busy(): boolean {
    return this.#running.size > 0 || this.#waiting.size > 0;
  }

  at(nowMs: number): View {
    const leftMs = nowMs < FIRST_GUESS_MS ? undefined : this.#leftMs(nowMs);
    const { commands, hidden } = this.#shownCommands();
    return {
      elapsedMs: nowMs,
      total: this.#commandOf.size,
      counts: { ...this.#counts },
      commands,
      hiddenCommands: hidden,
      running: Array.from(this.#running, ([task, { startedMs, why, last }]) => ({
        task,
        elapsedMs: Math.max(0, nowMs - startedMs),
        note: last.text() || why,
      })),
      ...(leftMs === undefined ? {} : { leftMs }),
      ...(this.#stopping === undefined ? {} : { stopping: this.#stopping }),
    };
  }

  #shownCommands(): { commands: CommandCount[]; hidden: number } {
    const open: CommandCount[] = [];
    const finished: CommandCount[] = [];
    for (const [name, { done, total }] of this.#commands) {
      const list = done < total ? open : finished;
      if (list.length < MOST_COMMANDS) list.push({ name, done, total });
    }
    const commands = [...open, ...finished].slice(0, MOST_COMMANDS);
    return { commands, hidden: this.#commands.size - commands.length };
  }

  /**
   * What is left, from recorded durations: the longer of the longest running task and all work spread over the
   * workers. Of the waiting tasks so many are expected to be hits as were until now. No guess
   * where fewer than half of the durations are known.
   */
  #leftMs(nowMs: number): number | undefined {
    let known = this.#waitingKnown;
    let runningMs = 0;
    let longestMs = 0;
    for (const { startedMs, expectedMs } of this.#running.values()) {
      if (expectedMs === undefined) continue;
      known += 1;
      const left = Math.max(0, startedMs + expectedMs - nowMs);
      runningMs += left;
      longestMs = Math.max(longestMs, left);
    }
    if (known === 0 || 2 * known < this.#waiting.size + this.#running.size) return undefined;
    const missing = this.#started / Math.max(1, this.#started + this.#counts.hit);
    const eachMs = this.#waitingKnown === 0 ? 0 : this.#waitingMs / this.#waitingKnown;
    const waitingMs = eachMs * this.#waiting.size * missing;
    return Math.max(longestMs, (runningMs + waitingMs) / this.#workers);
  }
}
