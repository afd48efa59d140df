import { messageOf } from "../base/message_of.ts";
import { type Problem, QikError } from "../base/problems.ts";
import { CORE_DEP_TYPES, depType } from "../plan/dep_types.ts";
import type { DepType } from "../plan/types.ts";
import { VERSION } from "../base/version.ts";
import type { SchemaSource } from "../config/kinds.ts";
import { remoteSchemaSource } from "../config/remote_schema.ts";
import { venvSchemaSource } from "../config/venv_schema.ts";
import type {
  CacheType,
  Plugin,
  PluginCommand,
  PluginFactory,
  PluginHost,
  PluginMeta,
  RemoteType,
  VenvType,
} from "./api.ts";

/** Everything that plugins and the core offer under a name; a value, passed down from the command line. */
export interface Registry {
  /** By name and by alias. */
  readonly depTypes: ReadonlyMap<string, DepType>;
  /** The same by name alone: what a configuration is checked with. */
  readonly depKinds: ReadonlyMap<string, DepType>;
  readonly cacheTypes: ReadonlyMap<string, CacheType>;
  readonly remoteTypes: ReadonlyMap<string, RemoteType>;
  /** Schemas of both: what `[caches]` is checked with. */
  readonly cacheKinds: ReadonlyMap<string, SchemaSource>;
  /** Schemas of the venv types that plugins bring. */
  readonly venvKinds: ReadonlyMap<string, SchemaSource>;
  /** The plugin that brings a dependency type; the core's types have none. */
  readonly owners: ReadonlyMap<DepType, Plugin>;
}

const HOST: PluginHost = Object.freeze({
  version: VERSION,
  depType,
  cacheType: <Settings>(spec: CacheType<Settings>) => spec as CacheType,
  remoteType: <Settings>(spec: RemoteType<Settings>) => spec as RemoteType,
  venvType: <Settings>(spec: VenvType<Settings>) => spec as unknown as VenvType,
  command: <Settings>(spec: PluginCommand<Settings>) => spec as PluginCommand,
  meta: <Settings>(spec: PluginMeta<Settings>) => spec as PluginMeta,
  problem: (problem: Problem | readonly Problem[]) => new QikError(problem),
});

/** Makes the plugin that a file exports; whatever the file throws names it. */
export function makePlugin(source: string, factory: PluginFactory): Plugin {
  try {
    const plugin = factory(HOST);
    // A venv's keys may stand in the plugin's own table, too: there they are for all spaces.
    return plugin.venv === undefined || plugin.settings !== undefined
      ? plugin
      : { ...plugin, settings: venvSchemaSource(plugin.venv) };
  } catch (error) {
    throw new QikError({
      code: "plugin-unknown",
      message: `Cannot load the plugin "${source}": ${messageOf(error)}`,
      hint: "Mend the plugin, or remove it from [plugins]",
    }, { cause: error });
  }
}

/**
 * Joins the core's types and those of plugins.
 *
 * @throws {QikError} `plugin-unknown` where two of them offer the same name.
 */
export function registryOf(plugins: readonly Plugin[]): Registry {
  const problems: Problem[] = [];
  const depTypes = new Map<string, DepType>();
  const cacheTypes = new Map<string, CacheType>();
  const remoteTypes = new Map<string, RemoteType>();
  const cacheKinds = new Map<string, SchemaSource>();
  const venvKinds = new Map<string, SchemaSource>();
  const add = <T>(map: Map<string, T>, owner: string, kind: string, type: T) => {
    if (map.has(kind)) {
      problems.push({
        code: "plugin-unknown",
        message: `Cannot add "${kind}" of plugin "${owner}" twice`,
        hint: "Two plugins offer the same name: remove one from [plugins]",
      });
    } else map.set(kind, type);
  };
  const core: Plugin = { name: "qik", deps: CORE_DEP_TYPES };
  for (const { name, deps = [], caches = [], remotes = [], venv } of [core, ...plugins]) {
    if (venv !== undefined) add(venvKinds, name, venv.kind, venvSchemaSource(venv));
    for (const dep of deps) {
      for (const kind of [dep.kind, ...dep.aliases ?? []]) add(depTypes, name, kind, dep);
    }
    for (const cache of caches) {
      add(cacheTypes, name, cache.kind, cache);
      add(cacheKinds, name, cache.kind, cache.schema);
    }
    for (const remote of remotes) {
      add(remoteTypes, name, remote.kind, remote);
      add(cacheKinds, name, remote.kind, remoteSchemaSource(remote.schema));
    }
  }
  if (problems.length > 0) throw new QikError(problems);
  const depKinds = new Map([...depTypes.values()].map((type) => [type.kind, type]));
  const owners = new Map(
    plugins.flatMap((plugin) => (plugin.deps ?? []).map((type) => [type, plugin] as const)),
  );
  return Object.freeze({
    depTypes,
    depKinds,
    cacheTypes,
    remoteTypes,
    cacheKinds,
    venvKinds,
    owners,
  });
}
