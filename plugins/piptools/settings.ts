/** Keys that only pip-tools has. Loaded only when a configuration is read anew. */
import { boolean, either, list, optional, tableOf, text } from "../../mod.ts";

export const settingsSchema = tableOf({
  hashes: optional(boolean),
  extras: optional(either({ string: text, array: list(text) })),
});
