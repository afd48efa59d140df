/** Keys that only uv has. Loaded only when a configuration is read anew. */
import { boolean, optional, tableOf } from "../../mod.ts";

export const settingsSchema = tableOf({
  universal: optional(boolean),
  hashes: optional(boolean),
});
