/** Keys that only Poetry has. Loaded only when a configuration is read anew. */
import { boolean, either, list, optional, tableOf, text } from "../../mod.ts";

const names = optional(either({ string: text, array: list(text) }));

export const settingsSchema = tableOf({
  with: names,
  without: names,
  only: names,
  extras: names,
  "install-project": optional(boolean),
});
