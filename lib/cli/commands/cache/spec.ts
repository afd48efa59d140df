import type { MetaSpec } from "../../meta_spec.ts";

const CACHE = { flags: "--cache <name>", text: "local (default), repo, or a remote in S3 or GCS" };

const WHICH = `A stored result is named by the start of its key (at least four digits), or by
its task (lint, lint@space#module, 'lint*'): then all of that task's results.`;

/** `qik :cache`. */
export const CACHE_SPEC: MetaSpec = {
  name: "cache",
  text: "look at and look after stored results",
  actions: [
    {
      name: "ls",
      text: "list results, the last used first",
      words: ["[result...]"],
      options: [CACHE],
      details: WHICH,
      load: () => import("./ls.ts"),
    },
    {
      name: "show",
      text: "tell all about a result: artifacts, log, time, size",
      words: ["<result>"],
      options: [CACHE],
      details: `${WHICH}\nOf several the last one stored is shown.`,
      load: () => import("./show.ts"),
    },
    {
      name: "stats",
      text: "sizes, and what the cache has saved",
      options: [CACHE],
      load: () => import("./stats.ts"),
    },
    {
      name: "rm",
      text: "remove results",
      words: ["<result...>"],
      options: [CACHE],
      details: `${WHICH}
Contents that no other result names go with a collection, an hour after they
were last used.`,
      load: () => import("./rm.ts"),
    },
    {
      name: "gc",
      text: "remove what is too old or too much now",
      options: [
        CACHE,
        { flags: "--max-size <size>", text: 'keep at most so much, such as "500MB"' },
        { flags: "--max-age <age>", text: 'keep what was used within it, such as "7d"' },
      ],
      details: `A run does this by itself once a day. Without options the limits of
[caches.local] hold. What was used within the last hour is always kept, so
that no running qik loses what it has found. A remote has no limits of its own:
without options only contents that no result names are removed, a day old.`,
      load: () => import("./gc.ts"),
    },
    {
      name: "purge",
      text: "remove all results of a remote's scope or key, or since a time",
      options: [
        { flags: "--cache <name>", text: "a remote in S3 or GCS" },
        { flags: "--scope <scope>", text: "of this scope; pr/* means all below pr" },
        {
          flags: "--keyid <id>",
          text:
            'signed by this key, named by its id or as it stands in accept-keys; "none" means not signed',
        },
        {
          flags: "--since <time>",
          text: "stored since then: 2027-01-31, 2027-01-31T12:00:00Z, or an age such as 12h",
        },
        { flags: "--dry-run", text: "only say how many" },
      ],
      details: `For after a key or a machine fell into wrong hands: what is given must all be
true of a result. Whatever the records hold does not matter, only where they
stand and when the server stored them. Contents that no other result names go
with the next collection. Take the key out of accept-keys first: local stores
then do not use its results either.`,
      load: () => import("./purge.ts"),
    },
    {
      name: "verify",
      text: "read everything and remove what is damaged",
      options: [CACHE, { flags: "--remove", text: "remove what is damaged in a remote, too" }],
      details: `Exits with 1 if anything was damaged. Of the repo cache nothing is removed:
its files are yours. Of a remote nothing is removed without --remove, which
also removes results that name damaged contents: they are made anew.`,
      load: () => import("./verify.ts"),
    },
    {
      name: "keygen",
      text: "make a pair of keys for signing entries of remotes",
      details: `Prints both and keeps neither. The secret key belongs to CI's secrets, the
public one under accept-keys of the cache, or into QIK_TRUST.`,
      load: () => import("./keygen.ts"),
    },
  ],
};
