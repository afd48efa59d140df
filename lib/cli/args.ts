import { Command, CommanderError, Option } from "commander";
import { nearest } from "../base/nearest.ts";
import { QikError } from "../base/problems.ts";
import { OPTIONS } from "./options.ts";

/** The command line, understood. */
export interface Invocation {
  /** `:name` of a meta command, without the colon. */
  readonly meta?: string;
  /** What stands after that name, as it was written: the meta command knows what it means. */
  readonly metaWords: readonly string[];
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
  /** Revision; unset where the command line says none. */
  readonly since?: string;
  /** With `--since`: the revision itself, not its merge base with HEAD. */
  readonly exact: boolean;
  readonly changed: boolean;
  readonly staged: boolean;
  readonly isolated: boolean;
  readonly workers?: string;
  readonly force: boolean;
  /** False under `--no-cache`. */
  readonly useCache: boolean;
  /** Unset without `--cache-trust`. */
  readonly cacheTrust?: "none" | "signed" | "2-of-n";
  /** As written; unset without `--audit`. */
  readonly audit?: string;
  readonly failFast: boolean;
  readonly watch: boolean;
  readonly ls: boolean;
  readonly fail: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** Unset without `-v`. */
  readonly verbosity?: 0 | 1 | 2;
  /** Replayed output is shown as it was written, also where its escapes could do harm. */
  readonly raw: boolean;
  readonly emoji: boolean;
  /** `KIND` or `KIND=FILE`, as given. */
  readonly report: readonly string[];
  readonly trace?: string;
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
  const at = metaAt(argv);
  if (at === undefined) return parseWords(argv);
  const meta = argv[at]!.slice(1);
  return { ...parseWords(argv.slice(0, at)), meta, metaWords: argv.slice(at + 1) };
}

/** Where `:name` of a meta command stands: nothing but options is in front of it. */
function metaAt(argv: readonly string[]): number | undefined {
  const at = argv.findIndex((word) => word === "--" || word.startsWith(":"));
  if (at === -1 || argv[at] === "--") return undefined;
  try {
    return parseWords(argv.slice(0, at)).names.length === 0 ? at : undefined;
  } catch (error) {
    // It is the value of an option, or something in front of it is wrong and will be told.
    if (error instanceof QikError) return undefined;
    throw error;
  }
}

function parseWords(argv: readonly string[]): Invocation {
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
  return {
    metaWords: [],
    help: given.help ?? false,
    version: given.version ?? false,
    names: parser.args,
    ...(end === -1 ? {} : { args: argv.slice(end + 1) }),
    exclude: given.exclude ?? [],
    modules: given.module ?? [],
    spaces: given.space ?? [],
    tags: given.tag ?? [],
    // `--no-cache` and `--cache NAME` share a name in the parser: `false` is the former.
    caches: own.includes("--no-cache") || !Array.isArray(given.cache) ? [] : given.cache,
    useCache: !own.includes("--no-cache"),
    ...(given.cacheStatus === undefined ? {} : { cacheStatus: given.cacheStatus }),
    ...(given.since === undefined ? {} : { since: given.since }),
    exact: given.exact ?? false,
    changed: given.changed ?? false,
    staged: given.staged ?? false,
    isolated: given.isolated ?? false,
    ...(given.workers === undefined ? {} : { workers: given.workers }),
    force: given.force ?? false,
    ...(given.cacheTrust === undefined ? {} : { cacheTrust: given.cacheTrust }),
    ...(given.audit === undefined ? {} : { audit: given.audit }),
    failFast: given.failFast ?? false,
    watch: given.watch ?? false,
    ls: given.ls ?? false,
    fail: given.fail ?? false,
    dryRun: given.dryRun ?? false,
    json: given.json ?? false,
    ...(given.verbosity === undefined ? {} : { verbosity: verbosityOf(given.verbosity) }),
    raw: given.raw ?? false,
    emoji: given.emoji ?? true,
    report: given.report ?? [],
    ...(given.trace === undefined ? {} : { trace: given.trace }),
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
  since?: string;
  exact?: boolean;
  changed?: boolean;
  staged?: boolean;
  isolated?: boolean;
  workers?: string;
  force?: boolean;
  cacheTrust?: "none" | "signed" | "2-of-n";
  audit?: string;
  failFast?: boolean;
  watch?: boolean;
  ls?: boolean;
  fail?: boolean;
  dryRun?: boolean;
  json?: boolean;
  verbosity?: string | boolean;
  raw?: boolean;
  emoji?: boolean;
  report?: string[];
  trace?: string;
  directory?: string;
}

function newParser(): Command {
  const parser = new Command("qik").argument("[name...]").helpOption(false).exitOverride();
  parser.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const { flags, text, many, choices } of OPTIONS) {
    const option = new Option(flags, text);
    if (many) option.argParser(append);
    if (choices !== undefined) option.choices(choices);
    parser.addOption(option);
  }
  return parser;
}

/** Gathers the values of an option that may be given several times. */
export function append(value: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? before : []), value];
}

/** `-v` takes the next word only where it is a number: `qik -v lint` means all output of lint. */
export function verbosityWord(word: string, next: string | undefined): string {
  if (word !== "-v" && word !== "--verbosity") return word;
  return /^\d+$/.test(next ?? "") ? word : "--verbosity=2";
}

export function verbosityOf(level: string | boolean): 0 | 1 | 2 {
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

/**
 * Commander's message in qik's words.
 *
 * @param options Those that there are, for the nearest to one that is not.
 */
export function usageError(
  error: CommanderError,
  own: readonly string[],
  options: readonly { readonly flags: string }[] = OPTIONS,
  help = "qik --help",
): QikError {
  const message = error.message.replace(/^error: /, "").replace(/\n[^]*$/, "").replaceAll("'", '"');
  const unknownOption = message.match(/^unknown option "(.*)"$/)?.[1];
  if (unknownOption !== undefined) {
    const message = `Cannot understand the option "${unknownOption}"`;
    const hint = optionHint(unknownOption, options, help);
    return new QikError({ code: "usage", message, hint }, { cause: error });
  }
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return new QikError({
    code: "usage",
    message: `Cannot understand "${own.join(" ")}": ${text.replace(/\.$/, "")}`,
    hint: `See: ${help}`,
  }, { cause: error });
}

function optionHint(
  option: string,
  options: readonly { readonly flags: string }[],
  help: string,
): string {
  if (option === "-p" || option === "--profile") {
    return "There are no profiles: set qik's own values with QIK__NAME variables";
  }
  const known = options.flatMap(({ flags }) => flags.match(/--[\w-]+/g) ?? []);
  // A single letter is near every other one.
  const close = option.startsWith("--") ? nearest(option, known) : [];
  return close.length > 0 ? `Did you mean ${close.join(" or ")}?` : `See: ${help}`;
}
