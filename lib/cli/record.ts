import type { QikEvent, Reporter } from "../events/events.ts";
import type { KeyedTask, Keyer } from "../hash/keyer.ts";

/** What is remembered of a run until its end, to say whether the next one could do without looking. */
export interface RunRecord {
  /** Keys by the names of tasks; the last one of each counts. */
  readonly keyed: ReadonlyMap<string, KeyedTask>;
  /** Warnings and ends of tasks, in order. */
  readonly events: readonly QikEvent[];
  /** Whether an audit found a stored result to be wrong: the run is to fail, though all its tasks ended well. */
  readonly alarmed: boolean;
  readonly reporter: Reporter;
  /** The same keys, remembered. */
  keyer(keyer: Pick<Keyer, "key">): Pick<Keyer, "key">;
}

export function openRecord(): RunRecord {
  const keyed = new Map<string, KeyedTask>();
  const events: QikEvent[] = [];
  return {
    keyed,
    events,
    get alarmed() {
      return events.some((event) => event.type === "problem" && event.code === "audit-differs");
    },
    reporter: {
      on(event) {
        if (event.type === "problem" || event.type === "task-ended") events.push(event);
      },
    },
    keyer: (keyer) => ({
      async key(task) {
        const made = await keyer.key(task);
        keyed.set(task.name, made);
        return made;
      },
    }),
  };
}
