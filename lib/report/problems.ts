import { oneLine } from "../base/one_line.ts";
import { type Place, type Problem, PROBLEMS } from "../base/problems.ts";
import type { ProblemSeen } from "../events/events.ts";
import type { Verbosity } from "./ports.ts";
import type { Style } from "./style.ts";
import { plural } from "./text.ts";

/** So many warnings of one code are shown, the rest is counted. */
const MOST_OF_A_KIND = 10;

/**
 * Problems as text for people: per problem what is wrong, its code, where, and what to do. Ends with a line
 * feed; a hint that several neighbours share is told once, after the last of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { renderProblems } from "./problems.ts";
 * import { createStyle } from "./style.ts";
 * const place = { file: "qik.toml", line: 3, column: 1, path: "commands.lint.dep" };
 * const problem = { code: "config-unknown-key", message: 'Unknown key "dep"', hint: 'Write "deps"', place } as const;
 * assert.equal(
 *   renderProblems([problem], createStyle({ colour: false, emoji: false })),
 *   'Error: Unknown key "dep" [config-unknown-key]\n' +
 *     "  at qik.toml:3:1 (commands.lint.dep)\n" +
 *     '  hint: Write "deps"\n',
 * );
 * ```
 */
export function renderProblems(problems: readonly Problem[], style: Style): string {
  return problems.map((problem, index) => {
    const hint = hintOf(problem);
    const next = problems[index + 1];
    return renderOne("Error", problem, next && hintOf(next) === hint ? undefined : hint, style);
  }).join("");
}

function hintOf(problem: Problem): string {
  return problem.hint ?? PROBLEMS[problem.code].hint;
}

function renderOne(
  kind: "Error" | "Warning",
  { code, message, place }: Problem,
  hint: string | undefined,
  style: Style,
): string {
  const [first = "", ...more] = message.split("\n").map(oneLine);
  const lines = [
    `${style.paint(`${kind}:`, "bold", kind === "Error" ? "red" : "yellow")} ${first} ` +
    style.paint(`[${code}]`, "dim"),
    ...more.map((line) => `  ${line}`),
  ];
  if (place !== undefined) lines.push(`  at ${renderPlace(place, style)}`);
  if (hint !== undefined) lines.push(`  ${style.paint("hint:", "cyan")} ${oneLine(hint)}`);
  return lines.join("\n") + "\n";
}

/** `file:line:column`, which terminals and editors make a link of, and the TOML path. */
function renderPlace({ file, line, column, path }: Place, style: Style): string {
  const at = [file, line, line === undefined ? undefined : column].filter((part) =>
    part !== undefined
  );
  const where = style.paint(oneLine(at.join(":")), "bold");
  return path === undefined ? where : `${where} (${oneLine(path)})`;
}

/** Turns the `problem` events of a run into text, each said once. */
export interface Warnings {
  /** Text to show now, or `""`. */
  add(event: ProblemSeen): string;
  /** What to say at the end of those that were not shown. */
  rest(): string;
}

/** What makes a task fail is an error, all else a warning; quiet runs tell errors only. */
export function createWarnings(verbosity: Verbosity, style: Style): Warnings {
  const seen = new Set<string>();
  const shown = new Map<string, number>();
  let hidden = 0;
  return {
    add(event) {
      const kind = PROBLEMS[event.code].exit === 0 ? "Warning" : "Error";
      if (verbosity === 0 && kind === "Warning") return "";
      const { file, line, column } = event.place ?? { file: "" };
      const identity = JSON.stringify([event.code, event.message, file, line, column]);
      if (seen.has(identity)) return "";
      const count = shown.get(event.code) ?? 0;
      if (count >= MOST_OF_A_KIND && verbosity === 1) {
        hidden += 1;
        return "";
      }
      seen.add(identity);
      shown.set(event.code, count + 1);
      return renderOne(kind, event, count === 0 ? hintOf(event) : event.hint, style);
    },
    rest() {
      if (hidden === 0) return "";
      const text = `${plural(hidden, "more problem")} of the same kinds; show all with -v 2`;
      return `${style.paint("Warning:", "bold", "yellow")} ${text}\n`;
    },
  };
}
