import type { StandardSchema } from "./standard_schema.ts";

/** A schema that is loaded when a configuration is read anew, so that a warm run loads no schema library. */
export type SchemaSource = () => Promise<StandardSchema<unknown>>;

/**
 * What the configuration must know of a dependency type: how tables of it are named and checked. The whole
 * type (`DepType` of the plan room) fits this shape.
 */
export interface DepKind {
  readonly kind: string;
  /** Other words for `type`, such as `dist` for `pydist`. */
  readonly aliases?: readonly string[];
  /** Checks the table without its `type`; its validation must answer at once and with plain JSON. */
  readonly schema: SchemaSource;
}

/** What the configuration must know of a plugin. */
export interface PluginKinds {
  /** Checks the plugin's own settings; where it is missing the plugin takes none. */
  readonly settings?: SchemaSource;
  /** Commands that it brings as text: a `qik.toml` with nothing else in it. */
  readonly toml?: string;
}

/** Everything that the core and plugins add to the grammar of `qik.toml`. */
export interface Kinds {
  /** Dependency types under their names; aliases are found through the kinds themselves. */
  readonly deps: ReadonlyMap<string, DepKind>;
  /** Cache types other than `local` and `repo`, which the grammar knows. */
  readonly caches: ReadonlyMap<string, SchemaSource>;
  /** Venv types other than `active` and `space`, which the grammar knows. */
  readonly venvs: ReadonlyMap<string, SchemaSource>;
  /** Known plugins under their source, such as `qik.uv`. */
  readonly plugins: ReadonlyMap<string, PluginKinds>;
  /** Sources of all plugins that this qik has, loaded or not: for hints. */
  readonly builtIn?: ReadonlySet<string>;
  /** Why the plugin of a source could not be loaded. */
  readonly broken?: ReadonlyMap<string, string>;
}
