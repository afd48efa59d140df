/** The plugin's own table, and the tables of its dependency. Loaded only when a configuration is read anew. */
import { boolean, list, nonempty, optional, such, tableOf, where } from "../../mod.ts";

/** Where files lie depends on it, so it must be known without filling in templates. */
const cache = such(
  (value) => /^[^{}]+$/.test(value),
  "expected the name of a cache, without templates",
  { pattern: "^[^{}]+$" },
);
const link = tableOf({ from: nonempty, to: nonempty });

export const settingsSchema = tableOf({
  "ignore-type-checking": optional(boolean),
  "ignore-pydists": optional(boolean),
  cache: optional(cache),
  "build-cache": optional(cache),
  "lock-cache": optional(cache),
  "check-cache": optional(cache),
  links: optional(tableOf({
    add: optional(list(link)),
    remove: optional(list(link)),
  })),
});

export const depSchema = where(
  tableOf({ pyimport: optional(nonempty), name: optional(nonempty) }),
  (table) => (table.pyimport === undefined) !== (table.name === undefined),
  'expected "pyimport" (a dotted module) or "name" (of a module of the project), one of the two',
);
