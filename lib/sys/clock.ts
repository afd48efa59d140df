import type { Clock } from "./sys.ts";

/** A runtime's timers hold 31 bits, not quite 25 days; one that is set longer fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The clock of this machine. Timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, then) {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (left: number) => {
      timer = left <= LONGEST_MS
        ? setTimeout(then, left)
        : setTimeout(() => wait(left - LONGEST_MS), LONGEST_MS);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
  every(ms, then) {
    const timer = setInterval(then, ms);
    return () => clearInterval(timer);
  },
};
