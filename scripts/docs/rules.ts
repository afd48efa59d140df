import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { type Block, fencedBlocks } from "./blocks.ts";

/** A Markdown file of the checkout. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Something wrong with a page, at a line. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Checks that every fenced block of a page is run or read by a machine, or says that it is not.
 *
 * `ts` runs under `deno test --doc`, `console` under tests/docs; `toml`, `json` and `yaml` must parse; `text`
 * is for people. `ts ignore` needs its reason after it on the same line.
 */
export function blockFaults({ path, text }: Page): Fault[] {
  return fencedBlocks(text).flatMap((block) => {
    const message = blockFault(block);
    return message === undefined ? [] : [{ path, line: block.line, message }];
  });
}

function blockFault({ language, words, title, text }: Block): string | undefined {
  if (title !== undefined && /^\/|(^|\/)\.\.(\/|$)/.test(title)) {
    return `title "${title}" leaves the repository`;
  }
  switch (language) {
    case "text":
      return undefined;
    case "console":
      return text.startsWith("$ ") ? undefined : "a console block starts with a command: $ …";
    case "ts":
      if (!words.includes("ignore")) return undefined;
      return words.length > 1 ? undefined : "ts ignore needs a reason: ts ignore because …";
    case "toml":
      return parseFault(parseToml, text);
    case "json":
      return parseFault(JSON.parse, text);
    case "yaml":
      return parseFault(parseYaml, text);
    default:
      if (title !== undefined) return undefined;
      return `a block of "${language}" is run by nobody: use console, ts, toml, json, yaml or text`;
  }
}

function parseFault(parse: (text: string) => unknown, text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return `does not parse: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** An invariant that ARCHITECTURE.md states and the names of the tests that hold it. */
export interface Invariant {
  readonly id: string;
  readonly line: number;
  readonly tests: readonly string[];
}

/**
 * Reads `**Invariant** ID: text (some_test, other_test)`; the tests stand in the last brackets before the
 * paragraph ends.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { invariants } from "./rules.ts";
 * assert.deepEqual(invariants("**Invariant** H1: reads (a lot of) nothing. (layers_test)\n"), [
 *   { id: "H1", line: 1, tests: ["layers_test"] },
 * ]);
 * ```
 */
export function invariants(markdown: string): Invariant[] {
  const found: Invariant[] = [];
  const starts = [...markdown.matchAll(/\*\*Invariant\*\* (\w+):/g)];
  for (const [index, start] of starts.entries()) {
    const end = Math.min(
      starts[index + 1]?.index ?? markdown.length,
      markdown.indexOf("\n\n", start.index) + 1 || markdown.length,
    );
    const paragraph = markdown.slice(start.index, end);
    const tests = [...paragraph.matchAll(/\b\w+_test\b/g)].map(([name]) => name);
    found.push({ id: start[1]!, line: markdown.slice(0, start.index).split("\n").length, tests });
  }
  return found;
}

/** Invariants that name no test, or one that is not there. */
export function invariantFaults({ path, text }: Page, tests: ReadonlySet<string>): Fault[] {
  const all = invariants(text);
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const { id, line, tests: named } of all) {
    const say = (message: string) => void faults.push({ path, line, message });
    if (seen.has(id)) say(`invariant ${id} is stated twice`);
    seen.add(id);
    if (named.length === 0) say(`invariant ${id} names no test that holds it`);
    for (const name of named) {
      if (!tests.has(name)) say(`invariant ${id} is held by ${name}, which does not exist`);
    }
  }
  return faults;
}
