import type { Invocation } from "./args.ts";
import type { Option } from "./options.ts";
import type { AppParts, Exit } from "./parts.ts";

/**
 * A meta command (`qik :name`), or one action of such a command (`qik :cache ls`). Parser and help are made from
 * it; its code is loaded when it is called.
 */
export interface MetaSpec {
  readonly name: string;
  /** One line, for the list in the help. */
  readonly text: string;
  /** Its words in the parser's form, such as `<task>`, `[key...]`; none where unset. */
  readonly words?: readonly string[];
  readonly options?: readonly Omit<Option, "group">[];
  /** Paragraphs for its own help, each already broken into lines of at most 80 columns. */
  readonly details?: string;
  /** The first word says which of these is meant. */
  readonly actions?: readonly MetaSpec[];
  /** What follows the first word is left as it is, options too: it belongs to another program. */
  readonly passThrough?: boolean;
  /** Unset only where there are actions. */
  readonly load?: () => Promise<{ readonly run: MetaRun }>;
}

export type MetaRun = (parts: AppParts, call: MetaCall) => Exit | Promise<Exit>;

/** What a meta command was called with. */
export interface MetaCall {
  /** The options that all of qik has (`--json`, `-C`, …), wherever they stood; its `names` are empty. */
  readonly invocation: Invocation;
  readonly json: boolean;
  readonly words: readonly string[];
  /** By the long name of the option: `options["max-size"]`. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}
