import { boolean, list, nonempty, optional, tableOf, text } from "../config/schema_parts.ts";

/** Schemas of the core's own dependency tables. Loaded only when a configuration is read anew. */

const flag = optional(boolean);

export const globSchema = tableOf({ pattern: text });
export const constSchema = tableOf({ val: text });
export const envSchema = tableOf({ name: nonempty, default: optional(text) });
export const commandSchema = tableOf({
  name: nonempty,
  strict: flag,
  isolated: flag,
  "order-only": flag,
});
export const pydistSchema = tableOf({ name: nonempty });
export const toolSchema = tableOf({ name: nonempty, version: optional(list(text, 1)) });
export const loadSchema = tableOf({ path: nonempty, default: optional(list(text)) });
export const valSchema = tableOf({ file: nonempty, key: nonempty });
