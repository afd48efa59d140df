/** Which environment a space uses: the `venv` of the configuration, followed to where it stands. */
import { nearest } from "../base/nearest.ts";
import { rootedPath } from "../base/paths.ts";
import type { Checked, Problem } from "../base/problems.ts";
import { broughtHint } from "../config/built_in.ts";
import { circles } from "../config/circles.ts";
import type { Config, Json, SpaceConfig } from "../config/types.ts";

/** The environment of a space, still unopened. */
export interface VenvPlan {
  /** `active`, or the kind of a plugin's type. */
  readonly type: string;
  /** The space that defines it: another one where it is inherited. */
  readonly owner: string;
  /** Requirement files relative to the root, as written in the configuration; of an active one its lock, too. */
  readonly files: readonly string[];
  /** Everything else that the owner's table says to a plugin's type, templates filled in. */
  readonly settings: VenvSettings;
}

/** The keys of a venv's table. */
export type VenvSettings = { readonly [key: string]: Json };

/** Fills a template for a space; `undefined` where an optional variable in it has no value. */
export type FillSpace = (text: string, space: SpaceConfig) => string | undefined;

/** The part of the configuration that decides about environments. */
export type VenvConfig = Pick<Config, "spaces" | "plugins"> & {
  readonly defaults: Pick<Config["defaults"], "venv">;
  /** The kinds that plugins bring, by the plugin's source. */
  readonly venvTypes?: ReadonlyMap<string, string> | undefined;
};

/**
 * The environment that a space uses, by its `venv`, else by `[defaults] venv`, else the active one.
 *
 * `[defaults] venv = {type = "space", name = "x"}` does not make `x` inherit from itself.
 *
 * @param fill Fills the templates in `venv`; by default they are taken as they are.
 * @returns The active environment together with problems where the configuration cannot be followed:
 *   `venv-unknown`, `space-unknown`, `space-cycle`, `config-bad-value`.
 */
export function planVenv(
  space: SpaceConfig,
  config: VenvConfig,
  fill: FillSpace = (text) => text,
): Checked<VenvPlan> {
  const byName = new Map(config.spaces.map((one) => [one.name, one]));
  const parts = new Map<string, VenvParts>();
  const problems: Problem[] = [];
  // Spaces that are inherited from join the end while the set is walked.
  const reached = new Set([space.name]);
  for (const name of reached) {
    const at = byName.get(name) ?? space;
    const own = partsOf(at, venvOf(at, config, fill), config, problems);
    parts.set(name, own);
    for (const target of own.spaces) {
      if (byName.has(target)) reached.add(target);
      else problems.push(unknownSpace(at, "inherit the venv", target, [...byName.keys()]));
    }
  }
  for (const names of circles(new Map([...parts].map(([name, { spaces }]) => [name, spaces])))) {
    problems.push(cycle(names, space));
  }
  const files = new Set([...parts.values()].flatMap((part) => part.files));
  const owner = problems.length > 0 ? space.name : ownerOf(space.name, parts);
  const { type, settings } = parts.get(owner)!;
  return { value: { type, owner, files: [...files], settings }, problems };
}

/** What the `venv` of one space comes to by itself. */
interface VenvParts {
  readonly type: string;
  readonly settings: VenvSettings;
  readonly spaces: readonly string[];
  readonly files: readonly string[];
  /** Nothing but the environment of one other space. */
  readonly isOther: boolean;
}

/** The space at the end of a way without circles. */
function ownerOf(name: string, parts: ReadonlyMap<string, VenvParts>): string {
  let owner = name;
  for (let own = parts.get(name)!; own.isOther; own = parts.get(owner)!) owner = own.spaces[0]!;
  return owner;
}

function venvOf(
  space: SpaceConfig,
  { defaults }: VenvConfig,
  fill: FillSpace,
): Json | undefined {
  const own = filled(space.venv, (text) => fill(text, space));
  if (own !== undefined) return own;
  const usual = filled(defaults.venv, (text) => fill(text, space));
  return isTable(usual) && usual["type"] === "space" && usual["name"] === space.name
    ? undefined
    : usual;
}

/** Fills the strings of a `venv`; what an optional variable without a value takes away is left out. */
function filled(
  value: Json | undefined,
  fill: (text: string) => string | undefined,
): Json | undefined {
  if (typeof value === "string") return fill(value);
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item) => filled(item, fill))
      .filter((item) => item !== undefined);
  }
  if (!isTable(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, filled(item, fill)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as VenvSettings;
}

function partsOf(
  space: SpaceConfig,
  venv: Json | undefined,
  config: VenvConfig,
  problems: Problem[],
): VenvParts {
  const spaces: string[] = [];
  const files: string[] = [];
  const types = new Set<string>();
  let settings: VenvSettings = {};
  const usual = venv === undefined ? "active" : defaultType(config);
  const plugins = pluginTypes(config);
  for (const item of listOf(venv)) {
    const table = isTable(item) ? item : { type: usual, reqs: item };
    const { type, ...keys } = table as VenvSettings;
    if (type === "space") spaces.push(String(keys["name"] ?? ""));
    else if (type === "active" || plugins.includes(type as string)) {
      types.add(type as string);
      const read = readKeys(space, keys, problems, type === "active");
      files.push(...read.files);
      spaces.push(...read.spaces);
      settings = { ...settings, ...read.settings };
    } else problems.push(unknownType(space, type, plugins));
  }
  if (types.size > 1) {
    problems.push(badValue(space, `it is of several types: ${[...types].join(", ")}`));
  }
  const [type = usual] = types;
  const isOther = isTable(venv) && venv["type"] === "space";
  return { type, settings, spaces, files, isOther };
}

/** What a table says: its files, other spaces whose files it takes, and what is left for the type. */
function readKeys(
  space: SpaceConfig,
  keys: VenvSettings,
  problems: Problem[],
  active: boolean,
): Pick<VenvParts, "files" | "spaces" | "settings"> {
  const files: string[] = [];
  const spaces: string[] = [];
  const settings: Record<string, Json> = {};
  for (const [key, value] of Object.entries(keys)) {
    if (key === "reqs" || (active && key === "lock")) {
      const others = listOf(value).filter(isTable);
      spaces.push(...others.map(({ name }) => String(name ?? "")));
      const paths = listOf(value).filter((item) => !isTable(item));
      files.push(...pathsOf(space, key, paths, problems));
    } else if (active) problems.push(badValue(space, `unknown key "${key}"`));
    else settings[key] = value;
  }
  return { files, spaces, settings };
}

/** Requirement files alone mean the one venv plugin that is configured, else the active environment. */
function defaultType(config: VenvConfig): string {
  const types = pluginTypes(config);
  return types.length === 1 ? types[0]! : "active";
}

/** Kinds that the plugins of `[plugins]` bring. */
function pluginTypes({ plugins, venvTypes }: VenvConfig): string[] {
  return [...new Set(plugins.flatMap(({ source }) => venvTypes?.get(source) ?? []))];
}

/** Files that a key names, relative to the root. */
export function pathsOf(
  space: SpaceConfig,
  key: string,
  value: Json,
  problems: Problem[],
): string[] {
  const paths: string[] = [];
  for (const item of listOf(value)) {
    const path = typeof item === "string" ? rootedPath(item) : undefined;
    if (path) paths.push(path);
    else {
      const wanted = "expected a path of a file below the root";
      problems.push(badValue(space, `${wanted} in "${key}", not ${JSON.stringify(item)}`));
    }
  }
  return paths;
}

/** What is written as one value or several. */
export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value as readonly Json[] : [value];
}

function isTable(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param what Says what is wrong with the `venv` of the space. */
export function badValue(space: SpaceConfig, what: string): Problem {
  const message = `Cannot use the venv of the space "${space.name}": ${what}`;
  return { code: "config-bad-value", message, place: space.place };
}

function cycle(names: readonly string[], { place }: SpaceConfig): Problem {
  const message = `Cannot inherit a venv in a circle: ${names.join(" -> ")}`;
  return { code: "space-cycle", message, place };
}

/** @param what Cannot be done, such as `inherit the venv`. */
export function unknownSpace(
  space: SpaceConfig,
  what: string,
  name: string,
  known: readonly string[],
): Problem {
  const near = nearest(name, known).map((other) => `"${other}"`);
  return {
    code: "space-unknown",
    message: `Cannot ${what} of the space "${space.name}": no space is named "${name}"`,
    ...(near.length === 0 ? {} : { hint: `Did you mean ${near.join(", ")}?` }),
    place: space.place,
  };
}

function unknownType(
  space: SpaceConfig,
  type: Json | undefined,
  plugins: readonly string[],
): Problem {
  const message = `Cannot use the venv type ${
    JSON.stringify(type ?? null)
  } of the space "${space.name}"`;
  const near = nearest(String(type), ["active", "space", ...plugins])[0];
  const hint = near === undefined ? broughtHint(String(type)) : `Did you mean "${near}"?`;
  return {
    code: "venv-unknown",
    message,
    ...(hint === undefined ? {} : { hint }),
    place: space.place,
  };
}
