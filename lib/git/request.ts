import { mayMeet, type Pathspec } from "./pathspec.ts";

/** What is asked for: pathspecs that select, those that subtract, and whether files count that the index has not. */
export interface Given {
  readonly positive: readonly Pathspec[];
  readonly minus: readonly Pathspec[];
  readonly beside: boolean;
}

export interface Request {
  readonly positive: readonly Pathspec[];
  /** Unset where nothing that is selected could be subtracted. */
  readonly kept: ((path: string) => boolean) | undefined;
  /** Files that are not in the index count too. */
  readonly beside: boolean;
  readonly epoch: number;
}

/** What one pathspec selected. */
export interface Hit {
  /** Whether it selected anything, before anything was subtracted. */
  any: boolean;
  /** Whether something was left out that is listed or named, because nothing is there. */
  isIncomplete?: boolean;
  readonly ids: number[];
}

/** Pathspecs that only subtract do so from everything. */
export function givenBy(
  specs: readonly string[],
  compile: (text: string) => Pathspec,
): Pick<Given, "positive" | "minus"> {
  const wanted = specs.map(compile);
  const given = wanted.filter(({ exclude }) => !exclude);
  const onlyMinus = given.length === 0 && wanted.length > 0;
  return {
    positive: onlyMinus ? [compile(".")] : given,
    minus: wanted.filter(({ exclude }) => exclude),
  };
}

/** Whether a path is left when what is subtracted is gone. A `!` among the excluded patterns brings back. */
export function keeperOf(
  { positive, minus }: Pick<Given, "positive" | "minus">,
  excluded: readonly Pathspec[],
  isModule: (path: string) => boolean,
): ((path: string) => boolean) | undefined {
  const meets = (spec: Pathspec) => positive.some((given) => mayMeet(given, spec));
  const less = minus.filter(meets);
  const out = excluded.filter((spec) => !spec.exclude && meets(spec));
  const back = excluded.filter(({ exclude }) => exclude);
  // A task's own artifacts mostly lie elsewhere: then no path is asked about.
  if (less.length === 0 && out.length === 0) return undefined;
  return (path) => {
    const module = isModule(path);
    const matches = (spec: Pathspec) => spec.matches(path, module);
    return !less.some(matches) && (!out.some(matches) || back.some(matches));
  };
}
