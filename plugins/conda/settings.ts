/** Keys that only conda has. Loaded only when a configuration is read anew. */
import { either, list, oneOf, optional, tableOf, text } from "../../mod.ts";
import { TOOLS } from "./venv.ts";

export const settingsSchema = tableOf({
  tool: optional(oneOf(...TOOLS)),
  platforms: optional(either({ string: text, array: list(text, 1) })),
});
