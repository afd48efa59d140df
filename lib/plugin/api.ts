import type { Cache } from "../cache/cache.ts";
import type { ObjectStore } from "../cache/remote/store.ts";
import type { Clock, Files, Net } from "../sys/sys.ts";
import type { DepType, StandardSchema } from "../plan/types.ts";

/** A cache type that `[caches.NAME] type = "…"` can name. */
export interface CacheType<Settings = never> {
  readonly kind: string;
  /** Any Standard Schema for the table without `type`; asked only when the configuration is read anew. */
  readonly schema: () => Promise<StandardSchema<Settings>>;
  /** Opens the cache of that name. Must not wait for a network: the first `get` does. */
  open(request: CacheRequest<Settings>): Cache;
}

export interface CacheRequest<Settings> {
  /** Name in `[caches]`. */
  readonly name: string;
  /** Templates are filled in. */
  readonly settings: Settings;
  /** The local store, for a remote cache to keep what it fetched. */
  readonly local: Cache;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A type of remote cache: a store of objects that machines share. qik makes the cache of it (what is stored and
 * verified, time limits, trust), so the plugin brings a protocol and credentials only.
 */
export interface RemoteType<Settings = never> {
  readonly kind: string;
  /** Any Standard Schema for the type's own keys; those that all remotes take (`mode`, `scope`, …) are qik's. */
  readonly schema: () => Promise<StandardSchema<Settings>>;
  /** Opens the store, before the first call to it. Must not wait for a network: its calls do. */
  open(request: StoreRequest<Settings>): Promise<ObjectStore>;
}

export interface StoreRequest<Settings> {
  /** Name in `[caches]`. */
  readonly name: string;
  /** Templates are filled in; a text may be empty where a secret of CI is not there. */
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string>>;
  readonly net: Net;
  readonly clock: Pick<Clock, "now">;
  /** For files that hold credentials. */
  readonly files: Pick<Files, "read">;
}

/** What a plugin adds; a value without behaviour of its own at load time. */
export interface Plugin {
  /** Its word in messages; the user's word for it stands in `[plugins]`. */
  readonly name: string;
  /** Schema of the plugin's own table, without `plugin` and `pyimport`. */
  readonly settings?: () => Promise<StandardSchema<unknown>>;
  readonly deps?: readonly DepType[];
  readonly caches?: readonly CacheType[];
  readonly remotes?: readonly RemoteType[];
}

/**
 * What qik hands to a plugin. A plugin file needs no import at run time (only `import type`), so that it works
 * in the compiled executable too.
 */
export interface PluginHost {
  readonly version: string;
  /** Keeps a dependency type's settings typed inside the plugin. */
  depType<Settings>(spec: DepType<Settings>): DepType;
  /** Keeps a cache type's settings typed inside the plugin. */
  cacheType<Settings>(spec: CacheType<Settings>): CacheType;
  /** Keeps a remote type's settings typed inside the plugin. */
  remoteType<Settings>(spec: RemoteType<Settings>): RemoteType;
}

/** The default export of a plugin file. */
export type PluginFactory = (host: PluginHost) => Plugin;

/**
 * Marks a function as a plugin and checks its type; does nothing else.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { definePlugin } from "./api.ts";
 * const plugin = definePlugin(() => ({ name: "example" }));
 * assert.equal(plugin({ version: "1.0.0" } as never).name, "example");
 * ```
 */
export function definePlugin(factory: PluginFactory): PluginFactory {
  return factory;
}
