/** What a code means for the process and for the person: one row per user-visible problem. */
interface Row {
  /** Exit code of a run that ends with this problem (SPEC section 14). */
  readonly exit: number;
  /** What to do next, where the place that reports it knows nothing better. */
  readonly hint: string;
}

/**
 * Every problem that a user can see. Codes are words, never renumbered and never used again for something
 * else; each has a heading of the same name in `docs/errors.md` (held by errors_test).
 */
export const PROBLEMS = {
  "usage": { exit: 2, hint: "See: qik --help" },
  "config-not-found": { exit: 2, hint: "Create a qik.toml at the root of the repository" },
  "config-unreadable": { exit: 2, hint: "Make the file readable for this user" },
  "config-syntax": { exit: 2, hint: "Mend the TOML at the place shown" },
  "config-unknown-key": { exit: 2, hint: "Remove the key or mend its spelling" },
  "config-wrong-type": { exit: 2, hint: "Write a value of the expected type" },
  "config-bad-value": { exit: 2, hint: "Write a value that is allowed here" },
  "config-old-form": { exit: 2, hint: "Write the form named in the message" },
  "config-too-large": { exit: 2, hint: "Keep qik.toml below 8 MiB and 64 levels" },
  "ctx-missing": { exit: 2, hint: "Set the environment variable or give the variable a default" },
  "ctx-unknown": { exit: 2, hint: "Declare the variable in ctx" },
  "ctx-bad-value": {
    exit: 2,
    hint: "Set the environment variable to a value of the declared type",
  },
  "template-unknown": { exit: 2, hint: "Double the braces to write them literally" },
  "command-unknown": { exit: 2, hint: "List the commands with: qik --ls" },
  "module-unknown": { exit: 2, hint: "Add it to the modules of a space" },
  "space-unknown": { exit: 2, hint: "Add it to [spaces]" },
  "tag-unknown": { exit: 2, hint: "Add it to the tags of a command" },
  "cache-unknown": { exit: 2, hint: "Add it to [caches] or use local, repo or none" },
  "entry-unknown": { exit: 2, hint: "List the stored results with: qik :cache ls" },
  "plugin-unknown": { exit: 2, hint: "Built-in plugins are named qik.NAME" },
  "plugin-failed": { exit: 2, hint: "Mend what the plugin says" },
  "dep-unknown": { exit: 2, hint: "See the dependency types in docs/configuration.md" },
  "dep-unreadable": { exit: 2, hint: "Mend the file or the command that writes it" },
  "graph-cycle": { exit: 2, hint: "Remove one of the dependencies shown" },
  "git-failed": { exit: 2, hint: "Run the git command shown by hand" },
  "ref-unknown": { exit: 2, hint: "List what git knows with: git for-each-ref" },
  "file-unreadable": { exit: 2, hint: "Make the input file readable, or leave it out with ignore" },
  "glob-bad": { exit: 2, hint: "Write a git pathspec, as git ls-files reads it" },
  "glob-empty": { exit: 0, hint: "Mend the pattern, or remove the dependency" },
  "artifact-empty": { exit: 0, hint: "Mend the pattern, or let the command write it" },
  "pydist-missing": { exit: 2, hint: "Install it, lock it, or give its version under [pydist]" },
  "pyimport-unknown": { exit: 2, hint: "Write a dotted name as an import statement has it" },
  "import-unknown": {
    exit: 2,
    hint: "Install its distribution, or name it under [pydist] modules",
  },
  "venv-unknown": { exit: 2, hint: "See the venv types in docs/spaces.md" },
  "space-cycle": { exit: 2, hint: "Let one of the spaces shown stand on its own" },
  "dotenv-syntax": { exit: 2, hint: "Write KEY=value, one for each line" },
  "tool-missing": { exit: 2, hint: "Install the tool, or mend its name" },
  "program-missing": { exit: 127, hint: "Install it in the environment of the space" },
  "program-unusable": { exit: 126, hint: "Make it executable, and whole" },
  "cache-damaged": { exit: 0, hint: "Nothing to do: the entry is written anew" },
  "cache-unusable": {
    exit: 0,
    hint: "Make the files named readable and writable, or free space on their disk",
  },
  "cache-unwritable": {
    exit: 0,
    hint: "Make the cache directory writable, or free space on its disk",
  },
  "remote-off": { exit: 0, hint: "Nothing to do for this run: it goes on without the remote" },
  "remote-denied": { exit: 0, hint: "Check the credentials, or set the cache's mode" },
  "remote-damaged": {
    exit: 0,
    hint: "Nothing to do: the command ran, and its result is written anew",
  },
  "remote-late": { exit: 0, hint: "Allow more time with upload-wait" },
  "remote-kept-back": { exit: 0, hint: "See the limits in docs/remote-caches.md" },
  "remote-secret": { exit: 0, hint: "Let the command not print or write the secret" },
  "remote-untrusted": {
    exit: 0,
    hint: "Fetch the branch that the pull request is for, or set QIK_TRUST",
  },
  "audit-differs": {
    exit: 1,
    hint: "Find out why: whoever made it did wrong, or the command does not do the same each time",
  },
  "remote-disagreement": {
    exit: 0,
    hint: "Find out why: one of them is wrong, or the command does not do the same each time",
  },
  "remote-unsigned": { exit: 0, hint: 'Set sign-key, or mode = "read-only"' },
  "artifact-bad": {
    exit: 0,
    hint: "Let the command write what its artifacts name, or mend the patterns",
  },
  "task-locked": { exit: 0, hint: "Nothing to do: it goes on when the other one has ended" },
  "lfs-pointer": { exit: 0, hint: "Fetch the contents with: git lfs pull" },
  "git-busy": { exit: 0, hint: "Wait for git to end; if none runs, it crashed: remove the file" },
  "inputs-changed": { exit: 0, hint: "Run again: the result was not stored" },
  "pipe-left-open": { exit: 0, hint: "A background process kept the output open and was stopped" },
  "log-cut": { exit: 0, hint: "Write less output, or redirect it into a file" },
  "jobserver-unusable": { exit: 0, hint: "In a Makefile begin the line that starts qik with a +" },
  "report-unwritable": { exit: 2, hint: "Name a file in a directory that can be written" },
  "interrupted": {
    exit: 130,
    hint: "Run the same command again: finished tasks come from the cache",
  },
  "bug": { exit: 70, hint: "Please report it with the text above" },
} as const satisfies Record<string, Row>;

/** A word of the table above. */
export type Code = keyof typeof PROBLEMS;

/** Where in a file a problem stands. Lines and columns count from 1; columns count code points. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Dotted TOML path, such as `commands.lint.deps[1]`. */
  readonly path?: string;
}

/** One user-visible problem, as a value. */
export interface Problem {
  readonly code: Code;
  /** What failed, with the value in quotes; capital first letter, no final period. */
  readonly message: string;
  /** Replaces the table's hint. */
  readonly hint?: string;
  readonly place?: Place;
}

/** A value together with everything that is wrong with its source; usable only where `problems` is empty. */
export interface Checked<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/**
 * Ends what qik was doing because of problems that the user can mend. Anything else that is thrown is a bug.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { QikError } from "./problems.ts";
 * const error = new QikError({ code: "graph-cycle", message: "Cannot order a -> b -> a" });
 * assert.equal(error.exit, 2);
 * ```
 */
export class QikError extends Error {
  override readonly name = "QikError";
  readonly problems: readonly Problem[];

  constructor(problem: Problem | readonly Problem[], options?: ErrorOptions) {
    const problems = Array.isArray(problem) ? problem as readonly Problem[] : [problem as Problem];
    super(problems.map(({ message }) => message).join("\n"), options);
    this.problems = problems;
  }

  /** The highest exit code of its problems. */
  get exit(): number {
    return Math.max(1, ...this.problems.map(({ code }) => PROBLEMS[code].exit));
  }
}
