import { VERSION } from "../base/version.ts";
import { OPTIONS } from "./options.ts";

const INTRODUCTION =
  `qik ${VERSION}: runs the commands of a monorepo, and only those whose contents changed.

Usage: qik [NAME...] [options] [-- ARGS]
       qik :META [options]

Runs every command of qik.toml, or those named: a command (lint), a task (lint@space#module)
or a wildcard ('test*'). What was run before with the same contents is replayed from a cache.
`;

const EXAMPLES = `
Examples:
  qik                        run everything
  qik lint test -m api       two commands for one module
  qik 'test*' --fail-fast    by wildcard, stop at the first failure
  qik --dry-run              what would run, and why
  qik --cache-status cold --fail --ls
                             in CI: fail if anything is not cached
  qik test -- -k login       pass arguments to a command that has args = true

Meta commands:
  :version                   version, runtime and platform
  :schema                    JSON Schema of qik.toml, for editors

Exit codes: 0 all passed; 1-125 the highest code of a failed task; 128+N a task ended by signal N;
2 usage or configuration; 70 a bug in qik; 130 and 143 interrupted.
Problems by name: docs/errors.md. All keys of qik.toml: docs/configuration.md.
`;

/** The text of `qik --help`, at most 100 columns wide. */
export function helpText(): string {
  const width = Math.max(...OPTIONS.map(({ flags }) => flags.length));
  const groups = [...new Set(OPTIONS.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const own = OPTIONS.filter((option) => option.group === group);
    const lines = own.map(({ flags, text }) => `  ${aligned(flags).padEnd(width + 4)}  ${text}`);
    return `\n${group}:\n${lines.join("\n")}\n`;
  });
  return INTRODUCTION + sections.join("") + EXAMPLES;
}

/** Options without a short form start where the long forms of the others do. */
function aligned(flags: string): string {
  return flags.startsWith("--") ? `    ${flags}` : flags;
}
