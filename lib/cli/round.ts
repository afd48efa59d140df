import type { Reporter } from "../events/events.ts";
import type { Keyer } from "../hash/keyer.ts";
import type { Round } from "../run/watch.ts";

/** Keys as they are; whoever watches, if anybody does, is told what each was made of. */
export function watchedKeyer(
  keyer: Pick<Keyer, "key">,
  round: Round | undefined,
): Pick<Keyer, "key"> {
  if (round === undefined) return keyer;
  return {
    async key(task) {
      const keyed = await keyer.key(task);
      round.onKeyed(task.name, keyed.picture);
      return keyed;
    },
  };
}

/** Tells whoever watches, if anybody does, how tasks fare. */
export function roundReporter(round: Round | undefined): Reporter {
  return {
    on(event) {
      if (event.type === "task-started") round?.onStarted(event.task);
      if (event.type !== "task-ended") return;
      const { task, ending } = event;
      round?.onEnded(task, ending === "hit" || ending === "ran" ? "passed" : ending);
    },
  };
}
