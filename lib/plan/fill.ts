import type { Place, Problem } from "../base/problems.ts";
import type { Json, ModuleConfig, SpaceConfig } from "../config/types.ts";

/** For what a task runs: its space, and its module where its command is parametrised. */
export interface TaskPlace {
  readonly space: SpaceConfig;
  readonly module?: ModuleConfig;
}

/** Where a template stands and what it may name. */
export interface FillAt {
  readonly place: TaskPlace;
  /** What `{args}` stands for: quoted where a shell reads it. */
  readonly args: string;
  /** For problems. */
  readonly at: Place;
}

/** Fills templates; the rules are those of `config/templates.ts`. */
export interface Filler {
  /** The text, or `undefined` where an optional variable has no value. Problems are added, not thrown. */
  fill(text: string, at: FillAt, problems: Problem[]): string | undefined;
  mentionsModule(text: string): boolean;
}

/**
 * Fills every string inside a JSON value. A string without a value (an optional variable) disappears from its
 * list or table. Iterative: configuration may nest as deep as its reader allows.
 */
export function fillJson(
  value: Json,
  fill: (text: string) => string | undefined,
): Json | undefined {
  const result: { root?: Json | undefined } = {};
  type Work = { from: Json; put: (filled: Json) => void };
  const stack: Work[] = [{ from: value, put: (filled) => (result.root = filled) }];
  for (let work = stack.pop(); work !== undefined; work = stack.pop()) {
    const { from, put } = work;
    if (typeof from === "string") {
      const filled = fill(from);
      if (filled !== undefined) put(filled);
    } else if (Array.isArray(from)) {
      const sparse: (Json | undefined)[] = [];
      const list: Json[] = [];
      put(list);
      // Children are finished before this: it stands below them on the stack.
      stack.push({
        from: null,
        put: () => list.push(...sparse.filter((item) => item !== undefined)),
      });
      from.forEach((item, at) =>
        stack.push({ from: item, put: (filled) => (sparse[at] = filled) })
      );
    } else if (typeof from === "object" && from !== null) {
      const table: Record<string, Json> = {};
      put(table);
      for (const [key, item] of Object.entries(from).reverse()) {
        stack.push({ from: item as Json, put: (filled) => (table[key] = filled) });
      }
    } else put(from);
  }
  return result.root;
}
