/** Which environment a space uses: the `venv` of the configuration, followed to where it stands. */
import { nearest } from "../base/nearest.ts";
import { rootedPath } from "../base/paths.ts";
import type { Checked, Problem } from "../base/problems.ts";
import { circles } from "../config/circles.ts";
import type { Config, Json, SpaceConfig } from "../config/types.ts";

/** The environment of a space, still unopened. */
export interface VenvPlan {
  readonly type: "active";
  /** The space that defines it: another one where it is inherited. */
  readonly owner: string;
  /** Requirement and lock files relative to the root, as written in the configuration. */
  readonly files: readonly string[];
}

/** Fills a template for a space; `undefined` where an optional variable in it has no value. */
export type FillSpace = (text: string, space: SpaceConfig) => string | undefined;

/** The part of the configuration that decides about environments. */
export type VenvConfig = Pick<Config, "spaces" | "plugins"> & {
  readonly defaults: Pick<Config["defaults"], "venv">;
};

/** Types that plugins bring, by the plugin's source. */
const PLUGIN_TYPES: ReadonlyMap<string, string> = new Map([
  ["qik.uv", "uv"],
  ["qik.piptools", "piptools"],
  ["qik.poetry", "poetry"],
  ["qik.conda", "conda"],
]);

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
      else problems.push(unknownSpace(at, target, config));
    }
  }
  for (const names of circles(new Map([...parts].map(([name, { spaces }]) => [name, spaces])))) {
    problems.push(cycle(names, space));
  }
  const files = new Set([...parts.values()].flatMap((part) => part.files));
  const owner = problems.length > 0 ? space.name : ownerOf(space.name, parts);
  return { value: { type: "active", owner, files: [...files] }, problems };
}

/** What the `venv` of one space comes to by itself. */
interface VenvParts {
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

/** Fills the strings of a `venv`: a text, a list of texts and tables, or a table of texts and lists. */
function filled(
  venv: Json | undefined,
  fill: (text: string) => string | undefined,
): Json | undefined {
  const text = (value: Json) => typeof value === "string" ? fill(value) : value;
  const flat = (value: Json): Json | undefined =>
    Array.isArray(value)
      ? (value as readonly Json[]).map(text).filter((item) => item !== undefined)
      : text(value);
  const table = (value: Json): Json | undefined => {
    if (!isTable(value)) return flat(value);
    const entries = Object.entries(value).map(([key, item]) => [key, flat(item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as Json;
  };
  if (venv === undefined || !Array.isArray(venv)) return venv === undefined ? venv : table(venv);
  return (venv as readonly Json[]).map(table).filter((item) => item !== undefined);
}

function partsOf(
  space: SpaceConfig,
  venv: Json | undefined,
  config: VenvConfig,
  problems: Problem[],
): VenvParts {
  const spaces: string[] = [];
  const files: string[] = [];
  const usual = defaultType(config);
  for (const item of listOf(venv)) {
    const table = isTable(item) ? item : { type: usual, reqs: item };
    const { type, ...settings } = table as { readonly [key: string]: Json };
    if (type === "space") spaces.push(String(settings["name"] ?? ""));
    else if (type === "active") files.push(...filesOf(space, settings, problems));
    else problems.push(unknownType(space, type));
  }
  return { spaces, files, isOther: isTable(venv) && spaces.length === 1 };
}

/** Requirement and lock files of an active environment. */
function filesOf(
  space: SpaceConfig,
  settings: { readonly [key: string]: Json },
  problems: Problem[],
): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (key === "reqs" || key === "lock") return pathsOf(space, key, value, problems);
    problems.push(badValue(space, `unknown key "${key}"`));
    return [];
  });
}

/** Requirement files alone mean the one venv plugin that is configured, else the active environment. */
function defaultType({ plugins }: VenvConfig): string {
  const types = plugins.map(({ source }) => PLUGIN_TYPES.get(source)).filter((type) => type);
  return types.length === 1 ? types[0]! : "active";
}

function pathsOf(space: SpaceConfig, key: string, value: Json, problems: Problem[]): string[] {
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

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value as readonly Json[] : [value];
}

function isTable(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function badValue(space: SpaceConfig, what: string): Problem {
  const message = `Cannot use the venv of the space "${space.name}": ${what}`;
  return { code: "config-bad-value", message, place: space.place };
}

function cycle(names: readonly string[], { place }: SpaceConfig): Problem {
  const message = `Cannot inherit a venv in a circle: ${names.join(" -> ")}`;
  return { code: "space-cycle", message, place };
}

function unknownSpace(space: SpaceConfig, name: string, { spaces }: VenvConfig): Problem {
  const near = nearest(name, spaces.map((other) => other.name)).map((other) => `"${other}"`);
  return {
    code: "space-unknown",
    message: `Cannot inherit the venv of the space "${space.name}": no space is named "${name}"`,
    ...(near.length === 0 ? {} : { hint: `Did you mean ${near.join(", ")}?` }),
    place: space.place,
  };
}

function unknownType(space: SpaceConfig, type: Json | undefined): Problem {
  const what = `Cannot use the venv type ${
    JSON.stringify(type ?? null)
  } of the space "${space.name}"`;
  const plugin = [...PLUGIN_TYPES].find(([, brought]) => brought === type)?.[0];
  if (plugin !== undefined) {
    return {
      code: "venv-unknown",
      message: `${what}: the plugin "${plugin}" is not built in yet`,
      hint: `Activate the environment yourself and write venv = {type = "active", reqs = […]}`,
      place: space.place,
    };
  }
  const near = nearest(String(type), ["active", "space", ...PLUGIN_TYPES.values()])[0];
  return {
    code: "venv-unknown",
    message: what,
    ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
    place: space.place,
  };
}
