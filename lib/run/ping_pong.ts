/** So often may the same tasks be made to run by the same files before nobody believes in an end. */
const MOST_CYCLES = 5;

/**
 * Finds tasks that change their own or each other's inputs for ever.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PingPong } from "./ping_pong.ts";
 * const pingPong = new PingPong();
 * const change = new Map([["format", ["a.py changed"]]]);
 * const found = [1, 2, 3, 4, 5].map(() => pingPong.isEndless(change));
 * assert.deepEqual(found, [false, false, false, false, true]);
 * ```
 */
export class PingPong {
  /** How often each change was found at the end of a run, since there was peace. */
  readonly #seen = new Map<string, number>();

  /**
   * Counts a change that was there as soon as a run had ended.
   *
   * @param changes Tasks, each with what changed for it.
   * @returns Whether the same change has come too often.
   */
  isEndless(changes: ReadonlyMap<string, readonly string[]>): boolean {
    const text = JSON.stringify([...changes]);
    const count = (this.#seen.get(text) ?? 0) + 1;
    this.#seen.set(text, count);
    return count >= MOST_CYCLES;
  }

  /** A run ended and nothing had changed. */
  settled(): void {
    this.#seen.clear();
  }
}
