import * as z from "zod/mini";

/** `[caches.NAME]` with `type = "gcs"`; all texts may hold templates. */
export const settings = z.strictObject({
  bucket: z.string(),
  prefix: z.optional(z.string()),
  /** A credentials file of Google's, by its path or as its own text. */
  credentials: z.optional(z.string()),
  "endpoint-url": z.optional(z.string()),
});

export type GcsSettings = z.infer<typeof settings>;
