import type { Place, Problem } from "../base/problems.ts";
import { CORE_CACHES } from "./cache_names.ts";
import { sameName } from "./ctx.ts";
import { type Flaw, type Origin, placeOf, type Suggest, unlocated } from "./flaws.ts";
import { flawsOf, type RawIssue } from "./issues.ts";
import type { Kinds, SchemaSource } from "./kinds.ts";
import type { TomlPath } from "./paths.ts";
import type { StandardSchema } from "./standard_schema.ts";
import type { Json } from "./types.ts";

/** Settings of a dependency, cache or plugin: plain JSON. */
export type Settings = { readonly [key: string]: Json };

type SchemaMap = ReadonlyMap<string, StandardSchema<unknown>>;

/** The schemas of all kinds, loaded. */
export interface Schemas {
  readonly deps: SchemaMap;
  readonly caches: SchemaMap;
  readonly venvs: SchemaMap;
  /** Settings of the plugins that have any. */
  readonly plugins: SchemaMap;
}

/** Loads the schemas of all kinds. */
export async function openSchemas(kinds: Kinds): Promise<Schemas> {
  const open = async (sources: Iterable<readonly [string, SchemaSource | undefined]>) => {
    const opened = [...sources].map(async ([name, source]) => [name, await source?.()] as const);
    const all = await Promise.all(opened);
    return new Map(all.flatMap(([name, schema]) => schema === undefined ? [] : [[name, schema]]));
  };
  const [deps, caches, venvs, plugins] = await Promise.all([
    open([...kinds.deps.values()].map(({ kind, schema }) => [kind, schema])),
    open(kinds.caches),
    open(kinds.venvs),
    open([...kinds.plugins].map(([source, { settings }]) => [source, settings])),
  ]);
  return { deps, caches, venvs, plugins };
}

/** All names that the files define, those of flawed parts too: using them is not a second mistake. */
export interface Names {
  readonly commands: Set<string>;
  readonly spaces: Set<string>;
  readonly caches: Set<string>;
  readonly pools: Set<string>;
  /** Variables of `ctx`, `_` for `-`. */
  readonly variables: Set<string>;
}

/** The names that exist without being written. */
export function ownNames(): Names {
  return {
    commands: new Set(),
    spaces: new Set(["default"]),
    caches: new Set(CORE_CACHES),
    pools: new Set(),
    variables: new Set(),
  };
}

/** Whose file it is, where it is not the project's. */
export type Owner = { readonly module: string } | { readonly plugin: string };

/** The whole name of a command: `<module>/<word>` or `<plugin>.<word>`. */
export function commandName(word: string, owner: Owner | undefined): string {
  if (owner === undefined) return word;
  return "module" in owner ? `${owner.module}/${word}` : `${owner.plugin}.${word}`;
}

/** Adds the names that a file defines, whatever they stand for. */
export function addNames(names: Names, file: Settings, owner?: Owner): void {
  const keys = (key: string) => {
    const table = file[key];
    return typeof table === "object" && table !== null ? Object.keys(table) : [];
  };
  for (const name of keys("commands")) {
    names.commands.add(commandName(name, owner));
  }
  if (owner !== undefined) return;
  for (const item of Array.isArray(file["ctx"]) ? file["ctx"] as Json[] : []) {
    const name = typeof item === "object" ? (item as Settings | null)?.["name"] : item;
    if (typeof name === "string") names.variables.add(sameName(name));
  }
  for (const key of ["spaces", "caches", "pools"] as const) {
    for (const name of keys(key)) names[key].add(name);
  }
}

/** What is known while a configuration is put together from its files. */
export interface Draft {
  readonly kinds: Kinds;
  readonly suggest: Suggest;
  readonly schemas: Schemas;
  readonly names: Names;
  /** Problems without lines. */
  readonly problems: Problem[];
}

/** One file's part in a draft. */
export interface Section {
  readonly draft: Draft;
  readonly origin: Origin;
}

/** Adds a flaw of the section's file. */
export function report({ draft, origin }: Section, flaw: Flaw): void {
  draft.problems.push(unlocated(origin, flaw));
}

/** Where something of the section's file stands. */
export function placeIn({ origin }: Section, path: TomlPath): Place {
  return placeOf(origin, path);
}

/**
 * Checks a table's settings with the schema that its type brings.
 *
 * @returns The settings as the schema left them, `{}` where they are wrong (then that was reported).
 * @throws {Error} If the schema answers something that JSON does not keep: a bug of whoever wrote it.
 */
export function checkSettings(
  section: Section,
  schema: StandardSchema<unknown>,
  table: Settings,
  path: TomlPath,
): Settings {
  const result = schema["~standard"].validate(table);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new Error(`Cannot check ${path.join(".")}: its schema does not answer at once`);
  }
  if (result.issues === undefined) return plain(result.value, path);
  const { suggest } = section.draft;
  const keys = (at: TomlPath) => at.length === 0 ? keysOf(schema) : [];
  const context = { value: table, suggest, prefix: path, keys };
  for (const flaw of flawsOf(result.issues as readonly RawIssue[], context)) report(section, flaw);
  return {};
}

/** The keys of a schema of an object, where its library tells them as zod does. */
function keysOf(schema: object): readonly string[] {
  const shape = "shape" in schema ? schema.shape : undefined;
  return typeof shape === "object" && shape !== null ? Object.keys(shape) : [];
}

/** The memo keeps settings as JSON, so what JSON would change may not get this far. */
function plain(value: unknown, path: TomlPath): Settings {
  const wrong = () => new Error(`Cannot keep ${path.join(".")}: its schema answers more than JSON`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong();
  const open: object[] = [value];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const key in at) {
      const item = (at as Record<string, unknown>)[key];
      if (item === undefined) delete (at as Record<string, unknown>)[key];
      else if (typeof item === "object" && item !== null) {
        const shape = Object.getPrototypeOf(item);
        if (!Array.isArray(item) && shape !== null && shape !== Object.prototype) throw wrong();
        open.push(item);
      } else if (typeof item === "number" ? !Number.isFinite(item) : !isWord(item)) throw wrong();
    }
  }
  return value as Settings;
}

function isWord(item: unknown): boolean {
  return typeof item === "string" || typeof item === "boolean" || item === null;
}

/** The fields that have a value, for types whose optional fields are missing rather than undefined. */
export function defined<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Partial<T> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> };
}
