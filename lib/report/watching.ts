import { oneLine } from "../base/one_line.ts";
import type { Style } from "./style.ts";

/** How many names a line shows. */
const SHOWN = 3;

/** What the watch has to say between two runs. */
export type WatchNews =
  | { readonly kind: "waiting"; readonly tasks: number }
  | { readonly kind: "again"; readonly causes: ReadonlyMap<string, readonly string[]> }
  | {
    readonly kind: "ping-pong";
    readonly stopped: boolean;
    readonly tasks: readonly string[];
    readonly what: readonly string[];
  };

/** The same as lines, each ended. */
export function watchLines(news: WatchNews, style: Style): string {
  switch (news.kind) {
    case "waiting": {
      const tasks = news.tasks === 1 ? "1 task" : `${news.tasks} tasks`;
      return `${style.paint(`Watching ${tasks} for changes; Ctrl-C ends`, "dim")}\n`;
    }
    case "again":
      return againLines(news.causes, style);
    case "ping-pong": {
      const names = shown(news.tasks.map((task) => `"${task}"`));
      const alone = news.tasks.length === 1;
      const which = news.stopped
        ? `${alone ? "changes its own inputs" : "change each other's inputs"} without an end`
        : `${alone ? "runs" : "run"} again as soon as ${alone ? "it has" : "they have"} ended`;
      const then = news.stopped ? "waiting for another change" : "runs are spaced out";
      return `${style.paint("Warning:", "bold", "yellow")} ${names} ${which} (${
        shown(news.what)
      }); ${then}\n`;
    }
  }
}

/** One line for each set of changes, with the tasks that it makes run again. */
function againLines(causes: ReadonlyMap<string, readonly string[]>, style: Style): string {
  const byCause = new Map<string, string[]>();
  for (const [task, cause] of causes) {
    const text = shown(cause);
    const tasks = byCause.get(text);
    if (tasks === undefined) byCause.set(text, [task]);
    else tasks.push(task);
  }
  return [...byCause].map(([cause, tasks]) =>
    `${style.paint("Again:", "bold")} ${shown(tasks)} ${style.paint(`(${cause})`, "dim")}\n`
  ).join("");
}

function shown(names: readonly string[]): string {
  const more = names.length - SHOWN;
  const some = names.slice(0, SHOWN).map(oneLine).join(", ");
  return more > 0 ? `${some} and ${more} more` : some;
}
