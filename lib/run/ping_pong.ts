/** So often may the very same state come back before nobody believes in an end. */
const MOST_CYCLES = 5;
/** Changes that are found as soon as a run has ended are spaced out from this many in a row on. */
const QUICK = 10;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** So many in a row are worth a word: from here on the pauses are the longest. */
const STRANGE = 15;

/** What is to be done about a change that was there as soon as a run had ended. */
export interface Verdict {
  /** False: the same state has come back too often, and running again would bring it back once more. */
  readonly run: boolean;
  /** How long to wait before that, where it has to be all the same. */
  readonly pauseMs: number;
  readonly isStrange: boolean;
}

/**
 * Tells tasks that change their own or each other's inputs for ever from people who change files while tasks run.
 *
 * Only where the very same contents come back again and again is it certain that there is no end. Otherwise somebody
 * may be at work, whose last change must not be left out, so the runs only come more and more slowly.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PingPong } from "./ping_pong.ts";
 * const pingPong = new PingPong();
 * const run = (state: string) => pingPong.judge("format: a.py", state).run;
 * assert.deepEqual(["A", "B", "A", "B", "A", "B", "A", "B"].map(run), Array(8).fill(true));
 * assert.deepEqual([run("A"), run("C")], [false, true]);
 * ```
 */
export class PingPong {
  /** How often each state was found at the end of a run, since there was peace. */
  readonly #states = new Map<string, number>();
  /** The same for what changed, whatever it changed to. */
  readonly #changes = new Map<string, number>();

  /**
   * @param change What changed, for which tasks.
   * @param state Differs where any content does.
   */
  judge(change: string, state: string): Verdict {
    const cycles = countIn(this.#states, state);
    const inRow = countIn(this.#changes, change);
    if (cycles >= MOST_CYCLES) return { run: false, pauseMs: LONGEST_PAUSE_MS, isStrange: false };
    const pauseMs = inRow < QUICK
      ? 0
      : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (inRow - QUICK));
    return { run: true, pauseMs, isStrange: inRow === STRANGE };
  }

  /** A run ended and nothing had changed. */
  settled(): void {
    this.#states.clear();
    this.#changes.clear();
  }
}

function countIn(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
