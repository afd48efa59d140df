import type { Cache } from "./cache.ts";

/** The cache of commands that are never cached: it knows nothing and keeps nothing. */
export const noCache: Cache = {
  name: "none",
  get: () => Promise.resolve({ found: false, reason: "absent" }),
  put: () => {
    const detail = 'The cache "none" keeps nothing';
    return Promise.resolve({ stored: false, reason: "unwritable", detail });
  },
};

/** A cache in which results are stored and none is looked for; `detail` is what is told as the reason. */
export function unread(cache: Cache, detail: string): Cache {
  return {
    name: cache.name,
    get: () => Promise.resolve({ found: false, reason: "absent", detail }),
    put: (result) => cache.put(result),
    ...(cache.disown && { disown: (wrong) => cache.disown!(wrong) }),
  };
}
