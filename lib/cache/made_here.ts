import type { Cache } from "./cache.ts";

/**
 * A cache without what a remote brought into it: whose results of a remote count is said by that remote's settings, and
 * whoever does not name the remote has none of them.
 */
export function madeHere(cache: Cache): Cache {
  return {
    name: cache.name,
    async get(key) {
      const found = await cache.get(key);
      const origin = found.found ? found.hit.manifest.origin : undefined;
      if (origin === undefined) return found;
      const detail =
        `its result is from the cache "${origin.remote}", which is not asked for it now`;
      return { found: false, reason: "absent", detail };
    },
    ...(cache.has && { has: (key) => cache.has!(key) }),
    put: (result) => cache.put(result),
    ...(cache.disown && { disown: (wrong) => cache.disown!(wrong) }),
  };
}
