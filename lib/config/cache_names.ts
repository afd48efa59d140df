import type { Config } from "./types.ts";

/** The caches that every project has; their names are their types. */
export const CORE_CACHES: readonly string[] = ["local", "repo", "none"];

/** All names that commands may use for a cache. */
export function cacheNames({ caches }: Pick<Config, "caches">): readonly string[] {
  return [...CORE_CACHES, ...caches.map(({ name }) => name)];
}

/**
 * The type of the cache with this name; a name that stands for none is given back.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cacheTypeOf } from "./cache_names.ts";
 * const place = { file: "qik.toml" };
 * const caches = [{ name: "team", type: "s3", settings: {}, place }];
 * assert.equal(cacheTypeOf({ caches }, "team"), "s3");
 * assert.equal(cacheTypeOf({ caches }, "repo"), "repo");
 * ```
 */
export function cacheTypeOf({ caches }: Pick<Config, "caches">, name: string): string {
  return caches.find((cache) => cache.name === name)?.type ?? name;
}
