import * as z from "zod/mini";

/** `[caches.NAME]` with `type = "s3"`; all texts may hold templates. */
export const settings = z.strictObject({
  bucket: z.string(),
  prefix: z.optional(z.string()),
  "region-name": z.optional(z.string()),
  "endpoint-url": z.optional(z.string()),
  "aws-access-key-id": z.optional(z.string()),
  "aws-secret-access-key": z.optional(z.string()),
  "aws-session-token": z.optional(z.string()),
  "path-style": z.optional(z.boolean()),
});

export type S3Settings = z.infer<typeof settings>;
