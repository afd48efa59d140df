import { PingPong } from "./ping_pong.ts";
import { NOT_THERE } from "./result.ts";
import { WatchSignals } from "./signals.ts";
import type { Clock, Processes, StopSignal } from "../sys/sys.ts";

/** What a task's inputs are at one moment; two of them are compared. */
export interface Seen {
  digest(): string;
  /** `name<TAB>value` lines that tell people what differs. */
  lines(): readonly string[];
  /** It could not be found out. */
  readonly unreadable?: boolean;
}

/** A look at everything that the watched tasks depend on. */
export interface Look {
  /** By task, in the order of the plan: all tasks that are watched now. Those without inputs have no picture. */
  readonly tasks: ReadonlyMap<string, Seen | undefined>;
  /** Task to the tasks that take something over from it. */
  readonly dependants: ReadonlyMap<string, readonly string[]>;
  /** Task to the tasks that it waits for. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** Tasks whose result is not there as it was, beyond their inputs (`TaskSpec.stands`). */
  readonly fallen: ReadonlySet<string>;
}

/** One run of some of the tasks. */
export interface Round {
  /** In the order of the plan. */
  readonly tasks: readonly string[];
  /** Told what a task's key was made of, at the moment when it was made. */
  readonly onKeyed: (task: string, seen: Seen) => void;
  /** Told that a task's command starts, or that what it had before is replayed. */
  readonly onStarted: (task: string) => void;
  /** Told how a task ended. */
  readonly onEnded: (task: string, ending: "passed" | "failed" | "cancelled" | "skipped") => void;
  /** Given the means to cut the run short. */
  readonly onBegin: (cutShort: (tasks: ReadonlySet<string>) => void) => void;
  /** How the run is to listen for signals; those that come while it does not are the watch's. */
  readonly onSignal: Processes["onSignal"];
}

/** What changed for a task, in plain words: `src/a.ts changed`. */
export type Cause = readonly string[];

/** Where the watch loop gets everything from. */
export interface WatchPorts {
  readonly clock: Clock;
  /** Looks at everything anew. */
  readonly look: () => Promise<Look>;
  /** Whether a task that is there at the first look runs before anything has changed; all do where this is unset. */
  readonly begins?: (task: string) => boolean;
  readonly run: (round: Round) => Promise<{ readonly interrupted?: StopSignal }>;
  /** Resolves when there is a reason to look again: a hint, or the safety sweep. */
  readonly hint: () => Promise<void>;
  /** Names of what differs between two pictures of a task. */
  readonly differences: (before: Seen, now: Seen) => Cause;
  readonly tell: (said: Said) => void;
  /** Asked once: all signals come through it, also those for runs. */
  readonly onSignal: Processes["onSignal"];
}

/** What the loop has to say to people. */
export type Said =
  /** Everything that is to be done is done. */
  | { readonly kind: "waiting"; readonly tasks: number }
  /** Files changed, and tasks begin again. */
  | { readonly kind: "again"; readonly causes: ReadonlyMap<string, Cause> }
  /** Tasks change their own or each other's inputs, over and over. `stopped`: the same contents came back. */
  | {
    readonly kind: "ping-pong";
    readonly tasks: readonly string[];
    readonly what: Cause;
    readonly stopped: boolean;
  };

/** A task that is stopped by changes this often, without ever coming to its end, is let finish. */
const MOST_STOPS = 3;
/** A task that is gone no longer than this was taken away by a half-written configuration. */
const BRIEFLY_MS = 5000;

/**
 * Runs tasks, then again those whose inputs change, until a signal ends it.
 *
 * Hints only say when to look: what changed is found by comparing what each task last ran with. So a hint too many
 * costs a look, and one that got lost costs nothing once the next one, or the sweep, comes.
 *
 * @returns The signal that ended it.
 */
export function watchTasks(ports: WatchPorts): Promise<StopSignal> {
  return new Watch(ports).toEnd();
}

class Watch {
  readonly #ports: WatchPorts;
  /** What each task's last run saw, or its next one is meant to see. */
  readonly #known = new Map<string, Seen | undefined>();
  /** Tasks to run, each with what changed. */
  #owed = new Map<string, Cause>();
  /** Tasks whose last run passed. */
  readonly #passed = new Set<string>();
  readonly #stops = new Map<string, number>();
  /** When a look first missed a task that had been there. */
  readonly #gone = new Map<string, number>();
  readonly #pingPong = new PingPong();
  readonly #signals: WatchSignals;
  #look!: Look;

  constructor(ports: WatchPorts) {
    this.#ports = ports;
    this.#signals = new WatchSignals(ports.onSignal);
  }

  /** A signal between two runs ends it at once, also in the middle of a look, which may take long. */
  async toEnd(): Promise<StopSignal> {
    try {
      return await Promise.race([this.#signals.came, this.#goOn()]);
    } finally {
      this.#signals.close();
    }
  }

  async #goOn(): Promise<StopSignal> {
    this.#look = await this.#ports.look();
    this.#remember(this.#look);
    const { begins = () => true } = this.#ports;
    for (const task of this.#look.tasks.keys()) if (begins(task)) this.#owed.set(task, []);
    for (let first = true;; first = false) {
      if (!first && this.#owed.size > 0) this.#sayAgain();
      while (this.#owed.size > 0) {
        const interrupted = await this.#round();
        if (interrupted !== undefined) return interrupted;
        if (this.#owed.size > 0) this.#sayAgain();
      }
      await this.#waitForChange();
    }
  }

  #remember({ tasks }: Look): void {
    for (const [task, seen] of tasks) this.#known.set(task, seen);
  }

  #sayAgain(): void {
    const causes = new Map([...this.#owed].filter(([, cause]) => cause.length > 0));
    this.#ports.tell({ kind: "again", causes });
  }

  /** Runs what is owed, with what must come with it, and looks at hints meanwhile. */
  async #round(): Promise<StopSignal | undefined> {
    if (this.#signals.kept !== undefined) return this.#signals.kept;
    const tasks = this.#withOthers([...this.#owed.keys()]);
    const causes = this.#owed;
    this.#owed = new Map();
    // What they made before may be taken apart now.
    for (const task of tasks) this.#passed.delete(task);
    const round = new RunningRound(tasks);
    const ended = this.#ports.run({
      tasks,
      onKeyed: (task, seen) => {
        round.started.add(task);
        this.#known.set(task, seen);
      },
      onStarted: (task) => round.started.add(task),
      onEnded: (task, ending) => this.#ended(round, task, ending, causes),
      onBegin: (cutShort) => round.cutShort = cutShort,
      onSignal: this.#signals.onSignal,
    });
    const over = ended.then(() => round.over = true, () => round.over = true);
    while (!round.over) {
      await Promise.race([over, this.#ports.hint()]);
      if (!round.over) this.#meanwhile(round, await this.#changes());
    }
    const { interrupted } = await ended;
    if (interrupted !== undefined) return interrupted;
    // Such as was not there when the run began is new when it comes back.
    for (const task of tasks) if (!round.ended.has(task)) this.#known.delete(task);
    await this.#settle(await this.#changes(), round.wasCutShort);
    return undefined;
  }

  #ended(
    round: RunningRound,
    task: string,
    ending: "passed" | "failed" | "cancelled" | "skipped",
    causes: ReadonlyMap<string, Cause>,
  ): void {
    round.ended.add(task);
    if (ending === "passed") this.#passed.add(task);
    else this.#passed.delete(task);
    if (ending === "cancelled" && !this.#owed.has(task)) {
      this.#owed.set(task, causes.get(task) ?? []);
    }
    if (ending !== "cancelled") this.#stops.delete(task);
  }

  /** A change while tasks run: those that it is about begin again, what has not started waits for that. */
  #meanwhile(round: RunningRound, changes: ReadonlyMap<string, Cause>): void {
    const again = [...changes].filter(([task]) =>
      !round.tasks.has(task) || round.started.has(task) || round.ended.has(task)
    );
    if (again.length === 0) return;
    for (const [task, cause] of again) this.#owed.set(task, cause);
    const stopped = again.map(([task]) => task).filter((task) =>
      round.tasks.has(task) && !round.ended.has(task) &&
      (this.#stops.get(task) ?? 0) < MOST_STOPS
    );
    for (const task of stopped) this.#stops.set(task, (this.#stops.get(task) ?? 0) + 1);
    round.wasCutShort = true;
    round.cutShort(new Set(stopped));
  }

  /** A change that a round brought about itself, or that came with its end. */
  async #settle(
    changes: ReadonlyMap<string, Cause>,
    wasCutShort: boolean,
  ): Promise<void> {
    // A round that was cut short owes something already.
    const causes = new Map([...this.#owed, ...changes]);
    if (causes.size === 0) return this.#pingPong.settled();
    const tasks = [...causes.keys()];
    const state = tasks.map((task) => this.#known.get(task)?.digest()).join();
    const verdict = this.#pingPong.judge(JSON.stringify([...causes]), state);
    // What was stopped must not be left undone, whatever it was stopped for.
    const stopped = !verdict.run && !wasCutShort;
    const what = [...new Set([...causes.values()].flat())];
    if (stopped || verdict.isStrange) this.#ports.tell({ kind: "ping-pong", tasks, what, stopped });
    if (stopped) return this.#pingPong.settled();
    this.#owed = causes;
    await this.#pause(verdict.pauseMs);
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => void this.#ports.clock.after(ms, resolve));
  }

  /** Tasks whose inputs are not what they last ran with. What is found counts as known. */
  async #changes(): Promise<ReadonlyMap<string, Cause>> {
    const changes = new Map<string, Cause>();
    while (!await this.#lookInto(changes));
    for (const task of this.#known.keys()) {
      if (this.#look.tasks.has(task) || this.#gone.has(task)) continue;
      this.#gone.set(task, this.#ports.clock.monotonic());
      // Should it come back it is new: it did not run with what it is known to have.
      const [owed, changed] = [this.#owed.delete(task), changes.delete(task)];
      if (owed || changed) this.#known.delete(task);
    }
    return changes;
  }

  /** @returns Whether the look was about all tasks: one that began meanwhile may have looked earlier or later. */
  async #lookInto(changes: Map<string, Cause>): Promise<boolean> {
    const known = new Map(this.#known);
    const passed = new Set(this.#passed);
    const look = this.#look = await this.#ports.look();
    let whole = true;
    for (const [task, now] of look.tasks) {
      const isNew = !known.has(task) || this.#wasGone(task);
      const before = known.get(task);
      if (before !== this.#known.get(task)) {
        whole = false;
        continue;
      }
      this.#known.set(task, now);
      if (isNew) changes.set(task, ["its definition is new"]);
      else if (before?.digest() !== now?.digest()) {
        const cause = before && now ? this.#ports.differences(before, now) : [];
        changes.set(task, cause.length > 0 ? cause : ["its definition changed"]);
      }
    }
    for (const task of look.fallen) {
      // Begun or ended since the look began, it may have been seen in the middle of its work.
      if (passed.has(task) && this.#passed.has(task) && !changes.has(task)) {
        changes.set(task, [NOT_THERE]);
      }
    }
    return whole;
  }

  /** Whether a task that is there now was gone for longer than it takes to write a configuration. */
  #wasGone(task: string): boolean {
    const since = this.#gone.get(task);
    this.#gone.delete(task);
    return since !== undefined && this.#ports.clock.monotonic() - since > BRIEFLY_MS;
  }

  /** Also what takes something over from the tasks, and what they need that has not passed; in the plan's order. */
  #withOthers(owed: readonly string[]): string[] {
    const { tasks, dependants, needs } = this.#look;
    const all = new Set(owed);
    for (const task of all) for (const next of dependants.get(task) ?? []) all.add(next);
    for (const task of all) {
      for (const need of needs.get(task) ?? []) if (!this.#passed.has(need)) all.add(need);
    }
    return [...tasks.keys()].filter((task) => all.has(task));
  }

  async #waitForChange(): Promise<void> {
    this.#ports.tell({ kind: "waiting", tasks: this.#look.tasks.size });
    while (this.#owed.size === 0) {
      await this.#ports.hint();
      this.#owed = new Map(await this.#changes());
    }
  }
}

/** What is known of a round while it goes on. */
class RunningRound {
  readonly tasks: ReadonlySet<string>;
  /** Their inputs were looked at for the run itself. */
  readonly started = new Set<string>();
  readonly ended = new Set<string>();
  cutShort: (tasks: ReadonlySet<string>) => void = () => {};
  wasCutShort = false;
  over = false;

  constructor(tasks: readonly string[]) {
    this.tasks = new Set(tasks);
  }
}
