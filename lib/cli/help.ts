import { VERSION } from "../base/version.ts";
import type { MetaSpec } from "./meta_spec.ts";
import { META_OPTIONS, type Option, OPTIONS } from "./options.ts";

/** Terminals are at least as wide; a line that the terminal breaks is hard to read in a table. */
const COLUMNS = 80;

const INTRODUCTION = `qik ${VERSION}: runs the commands of a monorepo, but only what changed

Usage: qik [NAME...] [options] [-- ARGS]
       qik :META [options]     (qik :META --help says more)

Runs every command of qik.toml, or those named: a command (lint), a task
(lint@space#module) or a wildcard ('test*'). What was run before with the same
contents is replayed from a cache.
`;

const EXAMPLES = `
Examples:
  qik                        run everything
  qik lint test -m api       two commands for one module
  qik 'test*' --fail-fast    by wildcard, stop at the first failure
  qik --dry-run              what would run, and why
  qik --since main           what this branch changed
  qik --cache-status cold --fail --ls
                             in CI: fail if anything is not cached
  qik test -- -k login       pass arguments to a command that has args = true
`;

const EXIT_CODES = `
Exit codes:
  0                          all passed
  1 to 255                   the highest code of a failed task, as it is: also
                             124 timeout, 126 not startable, 127 not found,
                             128 + N ended by signal N
  1                          --fail found tasks
  2                          usage or configuration
  70                         a bug in qik
  129, 130, 143              stopped by SIGHUP, Ctrl-C or SIGTERM

Problems by name: docs/errors.md. All keys of qik.toml: docs/configuration.md.
`;

/** Where the texts of meta commands start. */
const TEXT_AT = 29;

/** The text of `qik --help`, at most 80 columns wide; `metas` are listed in it. */
export function helpText(metas: readonly MetaSpec[]): string {
  const flags = 2 + Math.max(...OPTIONS.map((option) => aligned(option).length)) + 2;
  const groups = [...new Set(OPTIONS.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const own = OPTIONS.filter((option) => option.group === group);
    return `\n${group}:\n${own.map((option) => entry(option, flags)).join("")}`;
  });
  return INTRODUCTION + sections.join("") + EXAMPLES + listOf("Meta commands", metas, ":") +
    EXIT_CODES;
}

/**
 * The text of `qik :NAME --help`, at most 80 columns wide.
 *
 * @param path The name as it is called, such as `:cache ls`.
 */
export function metaHelpText(path: string, spec: MetaSpec): string {
  const words = spec.actions === undefined ? spec.words ?? [] : ["ACTION"];
  const options = [...spec.options ?? [], ...META_OPTIONS];
  const flags = 2 + Math.max(...options.map((option) => aligned(option).length)) + 2;
  const text = spec.text.charAt(0).toUpperCase() + spec.text.slice(1);
  return [
    `qik ${path}: ${spec.text}`.length <= COLUMNS ? `qik ${path}: ${spec.text}\n` : `${text}\n`,
    `\nUsage: ${["qik", path, ...words, "[options]"].join(" ")}\n`,
    spec.details === undefined ? "" : `\n${spec.details}\n`,
    spec.actions === undefined ? "" : listOf("Actions", spec.actions, ""),
    `\nOptions:\n${options.map((option) => entry(option, flags)).join("")}`,
  ].join("");
}

function listOf(heading: string, specs: readonly MetaSpec[], mark: string): string {
  const lines = specs.map(({ name, text }) =>
    entry({ flags: mark + name, text }, TEXT_AT, mark + name)
  );
  return `\n${heading}:\n${lines.join("")}`;
}

type Shown = Pick<Option, "flags" | "text">;

/** An option's flags and, from the column `start`, its text on as many lines as it needs. */
function entry(option: Shown, start: number, flags = aligned(option)): string {
  const [first = "", ...more] = wrapped(option.text, COLUMNS - start);
  const lines = [`  ${flags}`.padEnd(start) + first];
  for (const line of more) lines.push(" ".repeat(start) + line);
  return lines.map((line) => line + "\n").join("");
}

/** Options without a short form start where the long forms of the others do. */
function aligned({ flags }: Shown): string {
  return flags.startsWith("--") ? `    ${flags}` : flags;
}

/** Lines of at most `width` characters, broken at spaces. */
function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
