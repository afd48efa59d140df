/** The plugin's own table, and the tables of its dependency. Loaded only when a configuration is read anew. */
import * as z from "zod/mini";

const name = z.string().check(z.minLength(1));
/** Where files lie depends on it, so it must be known without filling in templates. */
const cache = z.string().check(
  z.regex(/^[^{}]+$/, "expected the name of a cache, without templates"),
);
const link = z.strictObject({ from: name, to: name });

export const settingsSchema = z.strictObject({
  "ignore-type-checking": z.optional(z.boolean()),
  "ignore-pydists": z.optional(z.boolean()),
  cache: z.optional(cache),
  "build-cache": z.optional(cache),
  "lock-cache": z.optional(cache),
  "check-cache": z.optional(cache),
  links: z.optional(z.strictObject({
    add: z.optional(z.array(link)),
    remove: z.optional(z.array(link)),
  })),
});

export const depSchema = z.strictObject({ pyimport: z.optional(name), name: z.optional(name) })
  .check(
    z.refine(
      (table) => (table.pyimport === undefined) !== (table.name === undefined),
      'expected "pyimport" (a dotted module) or "name" (of a module of the project), one of the two',
    ),
  );
