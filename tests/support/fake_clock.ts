interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly then: () => void;
}

/** A clock that moves when it is told to, and runs what has become due, in order. */
export class FakeClock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  now(): number {
    return Math.floor(this.#nowMs);
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(ms: number, then: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + ms, everyMs: undefined, then });
  }

  every(ms: number, then: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + ms, everyMs: ms, then });
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets time pass in which the process is kept from everything: what becomes due has to wait. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= end);
      due.sort((a, b) => a.dueMs - b.dueMs);
      const next = due[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.everyMs;
      next.then();
    }
    this.#nowMs = end;
  }
}
