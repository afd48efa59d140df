import type { Clock } from "../sys/sys.ts";

/** The time limit of one command. While everything is paused its time stands still. */
export class CommandTimer {
  readonly #clock: Clock;
  readonly #onTime: () => void;
  #leftMs: number | undefined;
  #since = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onTime: () => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** @param limitMs Unset: none. */
  start(limitMs: number | undefined): void {
    this.#leftMs = limitMs;
    this.resume();
  }

  pause(): void {
    if (this.#cancel === undefined || this.#leftMs === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.monotonic() - this.#since));
  }

  resume(): void {
    if (this.#cancel !== undefined || this.#leftMs === undefined) return;
    this.#since = this.#clock.monotonic();
    this.#cancel = this.#clock.after(this.#leftMs, this.#onTime);
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = this.#leftMs = undefined;
  }
}
