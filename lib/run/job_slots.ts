import type { Clock } from "../sys/sys.ts";

/** Tokens of a jobserver; as `TokenPipe` of `lib/sys`. */
interface Tokens {
  take(): number | undefined;
  give(token: number): void;
}

/** How often tokens are looked for while others have them all. */
const LOOK_MS = 5;

/** What a jobserver has to do with the run. */
export interface JobSlotsParts {
  readonly tokens: Tokens;
  readonly clock: Clock;
  /** Somebody else's jobserver: qik was started with one slot, for which there is no token. */
  readonly client: boolean;
  /** The slots that there are, as far as is known: a heavier task takes them all. */
  readonly slots: number;
  /** Variables for commands, so that they share the slots. */
  readonly environment: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

/**
 * Slots that commands share with what runs inside of them, or qik with what runs around it. Every task takes as
 * many as it weighs before its command starts.
 *
 * One task at a time gathers its slots, so that no two wait for each other. Where none of qik's own tasks holds
 * any, the one that gathers goes on with what it has: a token that somebody took and never gave back must not
 * stop everything.
 */
export class JobSlots {
  readonly #parts: JobSlotsParts;
  #ownIsFree: boolean;
  /** Tasks that run now. */
  #running = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: JobSlotsParts) {
    this.#parts = parts;
    this.#ownIsFree = parts.client;
  }

  get environment(): JobSlotsParts["environment"] {
    return this.#parts.environment;
  }

  /**
   * Waits for slots; at once where the run is stopped.
   *
   * @returns How to give them back.
   */
  take(weight: number, stop: AbortSignal): Promise<() => void> {
    const gathered = this.#last.then(() => this.#gather(weight, stop));
    this.#last = gathered;
    return gathered;
  }

  async #gather(weight: number, stop: AbortSignal): Promise<() => void> {
    const wanted = Math.min(weight, this.#parts.slots);
    const tokens: number[] = [];
    let own = false;
    const enough = () => {
      own ||= this.#ownIsFree;
      if (own) this.#ownIsFree = false;
      while (tokens.length + (own ? 1 : 0) < wanted) {
        const token = this.#parts.tokens.take();
        if (token === undefined) return stop.aborted || this.#running === 0;
        tokens.push(token);
      }
      return true;
    };
    if (!enough()) {
      await new Promise<void>((done) => {
        const stopLooking = this.#parts.clock.every(LOOK_MS, () => {
          if (!enough()) return;
          stopLooking();
          done();
        });
      });
    }
    this.#running += 1;
    return () => {
      this.#running -= 1;
      this.#ownIsFree ||= own;
      tokens.forEach((token) => this.#parts.tokens.give(token));
    };
  }
}
