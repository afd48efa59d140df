import type { Step, StepName } from "../events/events.ts";

/** Measures the steps of one task, which follow each other. */
export class StepClock {
  readonly steps: Step[] = [];
  readonly #atMs: () => number;

  constructor(atMs: () => number) {
    this.#atMs = atMs;
  }

  /** Does something as a step; one that throws is a step as well. */
  async time<T>(name: StepName, action: () => T | Promise<T>): Promise<T> {
    const startMs = this.#atMs();
    try {
      return await action();
    } finally {
      const endMs = this.#atMs();
      if (endMs > startMs) this.steps.push({ name, startMs, endMs });
    }
  }
}
