import * as z from "zod/mini";

/** Schemas of the core's own dependency tables. Loaded only when a configuration is read anew. */

const flag = z.optional(z.boolean());

export const globSchema = z.strictObject({ pattern: z.string() });
export const constSchema = z.strictObject({ val: z.string() });
export const envSchema = z.strictObject({
  name: z.string().check(z.minLength(1)),
  default: z.optional(z.string()),
});
export const commandSchema = z.strictObject({
  name: z.string().check(z.minLength(1)),
  strict: flag,
  isolated: flag,
  "order-only": flag,
});
export const pydistSchema = z.strictObject({ name: z.string().check(z.minLength(1)) });
export const toolSchema = z.strictObject({
  name: z.string().check(z.minLength(1)),
  version: z.optional(z.array(z.string()).check(z.minLength(1))),
});
export const loadSchema = z.strictObject({
  path: z.string().check(z.minLength(1)),
  default: z.optional(z.array(z.string())),
});
export const valSchema = z.strictObject({
  file: z.string().check(z.minLength(1)),
  key: z.string().check(z.minLength(1)),
});
