/** One command of a console block and what the page says it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/**
 * The commands of a console block: a line that starts with `$ ` is one, the lines below it its output.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { consoleSteps } from "./transcript.ts";
 * assert.deepEqual(consoleSteps("$ qik --ls\nlint\n$ true\n"), [
 *   { command: "qik --ls", output: "lint\n" },
 *   { command: "true", output: "" },
 * ]);
 * ```
 */
export function consoleSteps(text: string): Step[] {
  const steps: { command: string; output: string }[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const last = steps.at(-1);
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: "" });
    else if (last !== undefined) last.output += line + "\n";
  }
  return steps;
}

/**
 * Whether real output is what a page shows. Durations and digests may differ; `…` in a line stands for any
 * text in that line, a line of `…` alone for any number of lines. Spaces at the ends of lines do not count.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { looksLike } from "./transcript.ts";
 * assert.ok(looksLike("a\nb\n1 hit in 12ms\n", "…\n1 hit in 3.4s\n"));
 * assert.ok(!looksLike("a\nb\n", "a\n"));
 * ```
 */
export function looksLike(actual: string, shown: string): boolean {
  const lines = shown.split("\n").slice(0, -1);
  return new RegExp(`^${lines.map(linePattern).join("")}$`).test(plain(actual));
}

function linePattern(line: string): string {
  if (line.trim() === "…") return "(?:.*\n)*";
  return plain(line).split("…").map(escaped).join(".*") + "\n";
}

function plain(text: string): string {
  return text
    .replace(/\b\d+(\.\d+)?(ms|s)\b|\b\d+m\d\ds\b/g, "<time>")
    .replace(/\b[0-9a-f]{8,64}\b/g, "<digest>")
    .replace(/[ \t]+$/gm, "");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
