import type { Step } from "../events/events.ts";

/** When tasks could have started and did: what a reader of a trace asks first. */
export class TaskTimes {
  readonly #needs: readonly (readonly number[])[];
  readonly #started: number[] = [];
  readonly #ended: number[] = [];

  /** @param needs For each task, counted from 0, those that it waits for. */
  constructor(needs: readonly (readonly number[])[]) {
    this.#needs = needs;
  }

  started(task: number, atMs: number): void {
    this.#started[task] = atMs;
  }

  ended(task: number, atMs: number): void {
    this.#ended[task] = atMs;
  }

  /** The time between the end of the last need and the start; none where there was no such time. */
  queued(task: number): readonly Step[] {
    const endMs = this.#started[task];
    if (endMs === undefined) return [];
    let startMs = 0;
    for (const need of this.#needs[task]!) startMs = Math.max(startMs, this.#ended[need] ?? 0);
    return startMs < endMs ? [{ name: "queue", startMs, endMs }] : [];
  }
}
