/** Keys that only pip-tools has. Loaded only when a configuration is read anew. */
import * as z from "zod/mini";

export const settingsSchema = z.strictObject({
  hashes: z.optional(z.boolean()),
  extras: z.optional(z.union([z.string(), z.array(z.string())])),
});
