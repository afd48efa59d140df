import { oneLine } from "../base/one_line.ts";
import { formatDuration } from "../base/duration.ts";
import type { RunEnded, TaskEnded } from "../events/events.ts";
import { againLine, endLine, failureText } from "./lines.ts";
import type { Endings } from "./plain.ts";
import { createStyle, type Style } from "./style.ts";
import { TailText } from "./tail_text.ts";

/** A job's summary may take 1 MiB in all; rows and outputs beyond these are counted. */
const MOST_ROWS = 200;
const MOST_OUTPUTS = 20;
const MOST_OUTPUT = 16 * 1024;

/** The summary of a GitHub job as Markdown: what did not come from the cache, and how failures ended. */
export class JobSummary {
  readonly #rows: TaskEnded[] = [];
  readonly #outputs: { readonly task: TaskEnded; readonly tail: TailText }[] = [];
  readonly #style: Style;
  #more = 0;

  /** @param style Only its icons or words are used. */
  constructor({ emoji }: Style) {
    this.#style = createStyle({ colour: false, emoji });
  }

  add(ended: TaskEnded): void {
    if (ended.ending === "hit") return;
    if (this.#rows.length < MOST_ROWS) this.#rows.push(ended);
    else this.#more += 1;
  }

  /** Takes the output of a failed task. */
  outputOf(task: TaskEnded): Pick<TailText, "push"> {
    if (this.#outputs.length >= MOST_OUTPUTS) return { push: () => {} };
    const tail = new TailText(MOST_OUTPUT);
    this.#outputs.push({ task, tail });
    return tail;
  }

  text(run: RunEnded, { failed, flaky }: Endings): string {
    const rows = this.#rows.map((ended) => rowOf(ended, this.#style));
    const more = this.#more === 0 ? [] : [`| … | ${this.#more} more | |`];
    return [
      `### qik: ${markdown(endLine(run, flaky, this.#style))}`,
      "",
      ...(rows.length === 0 ? [] : ["| task | result | time |", "| --- | --- | ---: |"]),
      ...rows,
      ...more,
      "",
      ...this.#outputs.map(detailsOf),
      ...(failed.length === 0 ? [] : [`\`${againLine(failed, this.#style)}\``, ""]),
    ].join("\n") + "\n";
  }
}

function rowOf(ended: TaskEnded, style: Style): string {
  const { task, ending, because, flaky, tookMs } = ended;
  const how = ending === "failed"
    ? failureText(ended)
    : ending === "skipped"
    ? `needs ${because ?? "what failed"}`
    : flaky
    ? "flaky"
    : "";
  const result = `${style.mark(ending).trim()} ${how}`.trim();
  const time = ending === "skipped" ? "" : formatDuration(tookMs);
  return `| ${markdown(oneLine(task))} | ${markdown(oneLine(result))} | ${time} |`;
}

function detailsOf({ task, tail }: { readonly task: TaskEnded; readonly tail: TailText }): string {
  const title = `${html(oneLine(task.task))}: ${html(failureText(task))}`;
  return `<details><summary>${title}</summary>\n\n<pre>${html(tail.text())}</pre>\n\n</details>\n`;
}

/** Text in a table's cell. */
function markdown(text: string): string {
  return html(text).replace(/[\\`*_{}[\]|~]/g, "\\$&");
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
