import type { Clock } from "../../sys/sys.ts";

const TICK_MS = 250;
/** A tick that comes later than this did not come, because something else had the process. */
const STALL_MS = 1000;

/**
 * Time in which this process could have listened to a server. While gigabytes are digested nothing is heard, and what
 * was answered meanwhile is no fault of the server: without this a slow disk would turn a remote off.
 */
export class AwakeClock {
  readonly #clock: Clock;
  #kept = 0;
  #stop = () => {};
  #lastMs = 0;
  #stalledMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds from some moment on. Stalls are noticed only while somebody {@link keep}s it going. */
  now(): number {
    const nowMs = this.#clock.monotonic();
    const gapMs = nowMs - this.#lastMs;
    if (this.#kept > 0 && gapMs > STALL_MS) this.#stalledMs += gapMs - TICK_MS;
    this.#lastMs = nowMs;
    return nowMs - this.#stalledMs;
  }

  /** Begins to look for stalls, until what is returned was called. */
  keep(): () => void {
    if (this.#kept === 0) {
      this.#lastMs = this.#clock.monotonic();
      this.#stop = this.#clock.every(TICK_MS, () => void this.now());
    }
    this.#kept += 1;
    return () => {
      this.#kept -= 1;
      if (this.#kept === 0) this.#stop();
    };
  }
}
