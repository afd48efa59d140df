import type { Child, Clock, StopSignal } from "../sys/sys.ts";

/** How often a group that was asked to stop is looked at after its leader has ended. */
const LOOK_MS = 10;
/** The same for what has left the group: looking at all processes takes longer. */
const LOOK_ESCAPED_MS = 50;
/** How long a group has after SIGINT before it gets SIGTERM as well. */
const MOST_BEFORE_TERM_MS = 1000;

/**
 * Stops the process group of one command: first a signal (after SIGINT soon SIGTERM as well), and when the grace is
 * over SIGKILL. The grace is for the whole group: a shell often ends at once, while what it started still tidies up.
 */
export class GroupStopper {
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #graceMs: number;
  #endedBy: "timeout" | "stopped" | undefined;
  #cancelGrace: () => void = () => {};
  #killed = false;
  #onKilled: () => void = () => {};

  constructor(child: Child, clock: Clock, graceMs: number) {
    this.#child = child;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /** Why the group was stopped; unset where it was not. */
  get endedBy(): "timeout" | "stopped" | undefined {
    return this.#endedBy;
  }

  /** Sends the signal. Later calls with a softer signal than SIGKILL change nothing. */
  stop(why: "timeout" | "stopped", signal: StopSignal | "SIGKILL"): void {
    if (signal === "SIGKILL") this.#kill(why);
    if (this.#endedBy !== undefined) return;
    this.#endedBy = why;
    this.#child.signal(signal);
    const cancelSofter = signal === "SIGINT" ? this.#alsoTerminate() : () => {};
    const cancelKill = this.#clock.after(this.#graceMs, () => this.#kill(why));
    this.#cancelGrace = () => {
      cancelSofter();
      cancelKill();
    };
  }

  /** Call when the leader has ended: resolves when nobody is left, or the grace is over; at once if not stopped. */
  groupGone(): Promise<void> | void {
    if (this.#endedBy === undefined || this.#killed || !this.#child.groupAlive()) return;
    return new Promise((done) => {
      const stopLooking = this.#clock.every(LOOK_MS, () => {
        if (!this.#child.groupAlive()) this.#onKilled();
      });
      this.#onKilled = () => {
        stopLooking();
        done();
      };
    });
  }

  /**
   * The same for processes that have left the group: asks them to end, and waits until they are gone or the grace
   * is over. Call after {@link GroupStopper.groupGone}.
   *
   * @param signal Signals them, or only counts them; answers how many there are.
   */
  escapedGone(signal: (name?: "SIGTERM") => number): Promise<void> | void {
    if (this.#killed || signal("SIGTERM") === 0) return;
    return new Promise((done) => {
      const stopLooking = this.#clock.every(LOOK_ESCAPED_MS, () => {
        if (signal() === 0) this.#onKilled();
      });
      this.#onKilled = () => {
        stopLooking();
        done();
      };
    });
  }

  /** Nothing is stopped any more: the command and its group are gone. */
  end(): void {
    this.#cancelGrace();
  }

  /** What a shell starts in the background ignores SIGINT, without ever having been asked. */
  #alsoTerminate(): () => void {
    const ms = Math.min(MOST_BEFORE_TERM_MS, this.#graceMs / 2);
    return this.#clock.after(ms, () => this.#child.signal("SIGTERM"));
  }

  #kill(why: "timeout" | "stopped"): void {
    this.#endedBy ??= why;
    this.#killed = true;
    this.#cancelGrace();
    this.#child.signal("SIGKILL");
    this.#onKilled();
  }
}
