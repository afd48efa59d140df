import { Argument, Command, CommanderError, Option as ParserOption } from "commander";
import { nearest } from "../base/nearest.ts";
import { QikError } from "../base/problems.ts";
import { append, type Invocation, usageError, verbosityOf, verbosityWord } from "./args.ts";
import { metaHelpText } from "./help.ts";
import { META_OPTIONS, type Option } from "./options.ts";
import type { MetaCall, MetaSpec } from "./meta_spec.ts";
import type { AppParts, Exit } from "./parts.ts";

/**
 * Runs `qik :name WORDS…`, or prints its help.
 *
 * @param specs Those that qik brings itself.
 * @param brought Those that plugins bring; asked where the name is none of qik's own.
 * @throws {QikError} `usage` for a name, an action, an option or a number of words that it does not have.
 */
export async function runMeta(
  specs: readonly MetaSpec[],
  parts: AppParts,
  invocation: Invocation,
  brought: () => Promise<readonly MetaSpec[]> = () => Promise.resolve([]),
): Promise<Exit> {
  const name = invocation.meta ?? "";
  const known = specs.some((spec) => spec.name === name)
    ? specs
    : [...specs, ...await orNearest(brought, name, specs)];
  const spec = known.find((spec) => spec.name === name);
  if (spec === undefined) throw unknown(`the meta command ":${name}"`, ":", name, known);
  const { path, action, words } = chooseAction(spec, invocation.metaWords);
  if (invocation.help || action.actions !== undefined || asksHelp(action, words)) {
    parts.sys.terminal.write("out", new TextEncoder().encode(metaHelpText(path, action)));
    return { code: 0 };
  }
  const call = parseMeta(path, action, words, invocation);
  return await (await action.load!()).run(parts, call);
}

/** Where the project cannot be read, a name that is nearly one of qik's own was meant to be that. */
async function orNearest(
  brought: () => Promise<readonly MetaSpec[]>,
  name: string,
  own: readonly MetaSpec[],
): Promise<readonly MetaSpec[]> {
  try {
    return await brought();
  } catch (error) {
    const isTypo = nearest(name, own.map((spec) => spec.name)).length > 0;
    if (error instanceof QikError && isTypo) return [];
    throw error;
  }
}

/** Looked for before anything is understood: a call that lacks a word needs the help most. */
function asksHelp({ passThrough }: MetaSpec, words: readonly string[]): boolean {
  const end = passThrough ? 1 : words.indexOf("--");
  const own = end === -1 ? words : words.slice(0, end);
  return own.includes("-h") || own.includes("--help");
}

function chooseAction(spec: MetaSpec, given: readonly string[]) {
  let path = `:${spec.name}`;
  let action = spec;
  let words = given;
  while (action.actions !== undefined && words.length > 0) {
    const word = words[0]!;
    if (word === "-h" || word === "--help") break;
    const next = action.actions.find(({ name }) => name === word);
    if (next === undefined) {
      throw unknown(`"${word}" among the actions of "${path}"`, "", word, action.actions);
    }
    path += ` ${next.name}`;
    action = next;
    words = words.slice(1);
  }
  return { path, action, words };
}

function unknown(what: string, mark: string, name: string, specs: readonly MetaSpec[]): QikError {
  const known = specs.map((spec) => spec.name);
  const [close] = nearest(name, known);
  const hint = close === undefined
    ? `There are ${known.map((word) => mark + word).join(", ")}`
    : `Did you mean "${mark}${close}"?`;
  return new QikError({ code: "usage", message: `Cannot find ${what}`, hint });
}

function parseMeta(
  path: string,
  spec: MetaSpec,
  given: readonly string[],
  invocation: Invocation,
): MetaCall {
  const parser = newParser(spec);
  const words = spec.passThrough
    ? given
    : given.map((word, at) => verbosityWord(word, given[at + 1]));
  try {
    parser.parse(words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      throw usageError(error, [path, ...given], optionsOf(spec), `qik ${path} --help`);
    }
    throw error;
  }
  const options = longNamed(parser);
  const { verbosity, directory } = options as { verbosity?: string | true; directory?: string };
  const json = invocation.json || options["json"] === true;
  return {
    json,
    words: parser.args,
    options,
    invocation: {
      ...invocation,
      json,
      emoji: invocation.emoji && options["emoji"] !== false,
      ...(verbosity !== undefined && { verbosity: verbosityOf(verbosity) }),
      ...(directory !== undefined && { directory }),
    },
  };
}

function newParser(spec: MetaSpec): Command {
  const parser = new Command("qik").helpOption(false).exitOverride();
  parser.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const word of spec.words ?? []) parser.addArgument(new Argument(word));
  if (spec.passThrough) parser.passThroughOptions();
  for (const { flags, text, many, choices } of optionsOf(spec)) {
    const option = new ParserOption(flags, text);
    if (many) option.argParser(append);
    if (choices !== undefined) option.choices(choices);
    parser.addOption(option);
  }
  return parser;
}

/** Its own options and those that every meta command has. */
function optionsOf(spec: MetaSpec): readonly Omit<Option, "group">[] {
  return [...spec.options ?? [], ...META_OPTIONS];
}

function longNamed(parser: Command): MetaCall["options"] {
  const values: Record<string, string | boolean | readonly string[] | undefined> = {};
  for (const option of parser.options) {
    values[option.name().replace(/^no-/, "")] = parser.getOptionValue(option.attributeName());
  }
  return values;
}
