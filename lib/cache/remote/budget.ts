/** So much may be under way at once: calls, and the bytes that they hold in memory. */
export interface BudgetLimits {
  readonly calls: number;
  readonly bytes: number;
}

/**
 * Lets calls begin in the order of asking, as long as they and their bytes are within the limits. One call
 * that is larger than the whole limit runs alone.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Budget } from "./budget.ts";
 * const budget = new Budget({ calls: 2, bytes: 10 });
 * const started: string[] = [];
 * const end = await budget.take(8);
 * void budget.take(5).then(() => started.push("large"));
 * await Promise.resolve();
 * assert.deepEqual(started, []);
 * end();
 * await Promise.resolve();
 * assert.deepEqual(started, ["large"]);
 * ```
 */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  #calls = 0;
  #bytes = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Resolves when the call may begin, with what has to be called when it has ended. */
  take(bytes: number): Promise<() => void> {
    return new Promise((resolve) => {
      const start = () => {
        this.#calls += 1;
        this.#bytes += bytes;
        resolve(() => {
          this.#calls -= 1;
          this.#bytes -= bytes;
          this.#advance();
        });
      };
      this.#waiting.push({ bytes, start });
      this.#advance();
    });
  }

  /** As {@link take}, around an action. */
  async within<T>(bytes: number, action: () => Promise<T>): Promise<T> {
    const end = await this.take(bytes);
    try {
      return await action();
    } finally {
      end();
    }
  }

  #advance(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes);) {
      this.#waiting.shift();
      next.start();
      next = this.#waiting[0];
    }
  }

  #fits(bytes: number): boolean {
    const { calls, bytes: most } = this.#limits;
    return this.#calls === 0 || (this.#calls < calls && this.#bytes + bytes <= most);
  }
}
