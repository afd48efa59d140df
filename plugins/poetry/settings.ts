/** Keys that only Poetry has. Loaded only when a configuration is read anew. */
import * as z from "zod/mini";

const names = z.optional(z.union([z.string(), z.array(z.string())]));

export const settingsSchema = z.strictObject({
  with: names,
  without: names,
  only: names,
  extras: names,
  "install-project": z.optional(z.boolean()),
});
