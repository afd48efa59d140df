import { Command, CommanderError, Option } from "commander";
import { nearest } from "../base/nearest.ts";
import { QikError } from "../base/problems.ts";
import { OPTIONS } from "./options.ts";

/** The command line, understood. */
export interface Invocation {
  /** `:name` of a meta command, without the colon; its own arguments are in `names`. */
  readonly meta?: string;
  readonly help: boolean;
  readonly version: boolean;
  readonly names: readonly string[];
  /** What stands after `--`, for commands with `args = true`; unset without `--`. */
  readonly args?: readonly string[];
  readonly exclude: readonly string[];
  readonly modules: readonly string[];
  readonly spaces: readonly string[];
  readonly tags: readonly string[];
  readonly caches: readonly string[];
  readonly cacheStatus?: "warm" | "cold";
  readonly isolated: boolean;
  readonly workers?: string;
  readonly force: boolean;
  /** False under `--no-cache`. */
  readonly useCache: boolean;
  readonly failFast: boolean;
  readonly ls: boolean;
  readonly fail: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** Unset without `-v`. */
  readonly verbosity?: 0 | 1 | 2;
  readonly emoji: boolean;
  readonly directory?: string;
}

/**
 * Reads the command line. The only file that knows the argument parser.
 *
 * @param argv What stands after the program's name.
 * @throws {QikError} `usage` for anything that cannot be understood.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseArgs } from "./args.ts";
 * const { names, workers, args } = parseArgs(["lint", "-n", "2", "--", "--fix"]);
 * assert.deepEqual([names, workers, args], [["lint"], "2", ["--fix"]]);
 * ```
 */
export function parseArgs(argv: readonly string[]): Invocation {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const parser = newParser();
  try {
    parser.parse(own.map((word, at) => verbosityWord(word, own[at + 1])), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error, own);
    throw error;
  }
  const given = parser.opts<Given>();
  const [first, ...rest] = parser.args;
  const meta = first?.startsWith(":") ? first.slice(1) : undefined;
  return {
    ...(meta === undefined ? {} : { meta }),
    help: given.help ?? false,
    version: given.version ?? false,
    names: meta === undefined ? parser.args : rest,
    ...(end === -1 ? {} : { args: argv.slice(end + 1) }),
    exclude: given.exclude ?? [],
    modules: given.module ?? [],
    spaces: given.space ?? [],
    tags: given.tag ?? [],
    // `--no-cache` and `--cache NAME` share a name in the parser: `false` is the former.
    caches: own.includes("--no-cache") || !Array.isArray(given.cache) ? [] : given.cache,
    useCache: !own.includes("--no-cache"),
    ...(given.cacheStatus === undefined ? {} : { cacheStatus: given.cacheStatus }),
    isolated: given.isolated ?? false,
    ...(given.workers === undefined ? {} : { workers: given.workers }),
    force: given.force ?? false,
    failFast: given.failFast ?? false,
    ls: given.ls ?? false,
    fail: given.fail ?? false,
    dryRun: given.dryRun ?? false,
    json: given.json ?? false,
    ...(given.verbosity === undefined ? {} : { verbosity: verbosityOf(given.verbosity) }),
    emoji: given.emoji ?? true,
    ...(given.directory === undefined ? {} : { directory: given.directory }),
  };
}

interface Given {
  help?: boolean;
  version?: boolean;
  exclude?: string[];
  module?: string[];
  space?: string[];
  tag?: string[];
  cache?: string[] | boolean;
  cacheStatus?: "warm" | "cold";
  isolated?: boolean;
  workers?: string;
  force?: boolean;
  failFast?: boolean;
  ls?: boolean;
  fail?: boolean;
  dryRun?: boolean;
  json?: boolean;
  verbosity?: string | boolean;
  emoji?: boolean;
  directory?: string;
}

function newParser(): Command {
  const parser = new Command("qik").argument("[name...]").helpOption(false).exitOverride();
  parser.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  const append = (
    value: string,
    before: unknown,
  ) => [...(Array.isArray(before) ? before : []), value];
  for (const { flags, text, many } of OPTIONS) {
    const option = new Option(flags, text);
    if (many) option.argParser(append);
    if (flags.startsWith("--cache-status")) option.choices(["warm", "cold"]);
    parser.addOption(option);
  }
  return parser;
}

/** `-v` takes the next word only where it is a number: `qik -v lint` means all output of lint. */
function verbosityWord(word: string, next: string | undefined): string {
  if (word !== "-v" && word !== "--verbosity") return word;
  return /^\d+$/.test(next ?? "") ? word : "--verbosity=2";
}

function verbosityOf(level: string | boolean): 0 | 1 | 2 {
  switch (level) {
    case "1":
      return 1;
    case "0":
      return 0;
    case "2":
    case true:
      return 2;
    default:
      throw new QikError({
        code: "usage",
        message: `Cannot use "${level}" as the verbosity`,
        hint: "Write -v 0, -v 1 or -v 2",
      });
  }
}

/** Commander's message in qik's words. */
function usageError(error: CommanderError, own: readonly string[]): QikError {
  const message = error.message.replace(/^error: /, "").replace(/\n[^]*$/, "").replaceAll("'", '"');
  const unknownOption = message.match(/^unknown option "(.*)"$/)?.[1];
  if (unknownOption !== undefined) {
    const message = `Cannot understand the option "${unknownOption}"`;
    const hint = optionHint(unknownOption);
    return new QikError({ code: "usage", message, hint }, { cause: error });
  }
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return new QikError({ code: "usage", message: `Cannot understand "${own.join(" ")}": ${text}` }, {
    cause: error,
  });
}

/** Options that documents name, and that this version does not have yet. */
const LATER = ["--watch", "--since", "--exact", "--changed", "--staged", "--report", "--trace"];

function optionHint(option: string): string {
  if (LATER.includes(option)) return "This version of qik does not have it yet";
  if (option === "-p" || option === "--profile") {
    return "There are no profiles: set qik's own values with QIK__NAME variables";
  }
  const known = OPTIONS.flatMap(({ flags }) => flags.match(/--[\w-]+/g) ?? []);
  // A single letter is near every other one.
  const close = option.startsWith("--") ? nearest(option, known) : [];
  return close.length > 0 ? `Did you mean ${close.join(" or ")}?` : "See: qik --help";
}
