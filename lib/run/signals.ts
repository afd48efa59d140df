import type { Processes, StopSignal } from "../sys/sys.ts";

/** What a signal to qik asks of a run. */
export interface Stoppable {
  /** Stop in order: no more tasks start, running ones get the signal and time to end. */
  interrupt(signal: StopSignal): void;
  /** End everything at once. */
  kill(): void;
  /** A command owns the terminal, which sends Ctrl-C to it as well: what that means is for the command to say. */
  readonly interactive: boolean;
}

/**
 * Translates signals into stops: the first one stops the run in order, any further one kills what is left.
 *
 * @returns How to stop listening.
 */
export function stopOnSignals(
  onSignal: Processes["onSignal"],
  run: Stoppable,
): () => void {
  let stopping = false;
  return onSignal((signal) => {
    if (stopping) return run.kill();
    if (signal === "SIGINT" && run.interactive) return;
    stopping = true;
    run.interrupt(signal);
  });
}

/**
 * Signals to a watch, whose runs come and go: a run that goes on hears them, and what comes at any other time is kept.
 *
 * One listener stays for all that time. With one for each run a signal is lost that comes while a run ends: where the
 * runtime took it before the run's listener left, and calls listeners after that, nobody hears it.
 */
export class WatchSignals {
  /** The first one that no run heard. */
  readonly came: Promise<StopSignal>;
  /** The same, where it came already. */
  kept: StopSignal | undefined;
  readonly close: () => void;
  #run: ((signal: StopSignal) => void) | undefined;

  constructor(onSignal: Processes["onSignal"]) {
    const { promise, resolve } = Promise.withResolvers<StopSignal>();
    this.came = promise;
    this.close = onSignal((signal) => {
      if (this.#run !== undefined) return this.#run(signal);
      this.kept ??= signal;
      resolve(this.kept);
    });
  }

  /** For the run that goes on. */
  readonly onSignal: Processes["onSignal"] = (listener) => {
    this.#run = listener;
    return () => {
      if (this.#run === listener) this.#run = undefined;
    };
  };
}

const NUMBERS: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The exit code of a program that a signal ended: 129, 130 or 143. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + NUMBERS[signal];
}
