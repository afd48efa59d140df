/** Keys that only uv has. Loaded only when a configuration is read anew. */
import * as z from "zod/mini";

export const settingsSchema = z.strictObject({
  universal: z.optional(z.boolean()),
  hashes: z.optional(z.boolean()),
});
