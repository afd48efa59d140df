import type { Clock } from "../sys/sys.ts";

/** Changes come in bursts: the end of one is this long without another. */
const QUIET_MS = 10;
/** Without hints everything is looked at this often, and less often where that would take half a percent of the time. */
const SWEEP_MS = 30_000;
const SWEEP_SHARE = 200;
/** Where nothing is watched: this often, and at most a twentieth of the time. */
const POLL_MS = 1000;
const POLL_SHARE = 20;
/** Looks that find nothing may take up to a tenth of the time. */
const MOST_GAPS = 10;

/** Decides when it is time to look again. */
export class Hints {
  readonly #clock: Clock;
  #waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #dirty = false;
  /** It was time to look, and no look has begun since: nobody was waiting any more. */
  #unseen = false;
  #cancel: (() => void) | undefined;
  #lookedAt = 0;
  #tookMs = 0;
  /** Looks since the last one that found something. */
  #fruitless = 0;
  /** There are no hints: look by the clock. */
  #blind = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something may have changed. */
  add(): void {
    this.#dirty = true;
    this.#arm();
  }

  /** Hints do not come any more. */
  goBlind(): void {
    this.#blind = true;
    this.#arm();
  }

  /** Resolves when it is time to look; the same promise until then, so that nobody takes a hint from another. */
  next(): Promise<void> {
    this.#dirty ||= this.#unseen;
    if (this.#waiting === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => resolve = done);
      this.#waiting = { promise, resolve };
    }
    this.#arm();
    return this.#waiting.promise;
  }

  /** A look begins: it sees all that hints were about until now. */
  looking(): void {
    this.#unseen = false;
  }

  /** A look has ended. Looks that find nothing, again and again, are spaced out. */
  looked(tookMs: number, foundSomething: boolean): void {
    this.#lookedAt = this.#clock.monotonic();
    this.#tookMs = tookMs;
    this.#fruitless = foundSomething ? 0 : Math.min(MOST_GAPS, this.#fruitless + 1);
  }

  close(): void {
    this.#cancel?.();
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#waiting === undefined) return;
    this.#cancel = this.#clock.after(this.#delayMs(), () => {
      this.#cancel = undefined;
      this.#dirty = false;
      const waiting = this.#waiting!;
      this.#waiting = undefined;
      this.#unseen = true;
      waiting.resolve();
    });
  }

  #delayMs(): number {
    const sinceMs = this.#clock.monotonic() - this.#lookedAt;
    if (this.#dirty) return Math.max(QUIET_MS, this.#fruitless * this.#tookMs - sinceMs);
    const everyMs = this.#blind
      ? Math.max(POLL_MS, POLL_SHARE * this.#tookMs)
      : Math.max(SWEEP_MS, SWEEP_SHARE * this.#tookMs);
    return Math.max(QUIET_MS, everyMs - sinceMs);
  }
}
