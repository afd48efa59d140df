import { boolean, type Of, optional, tableOf, text } from "../../mod.ts";

/** `[caches.NAME]` with `type = "s3"`; all texts may hold templates. */
export const settings = tableOf({
  bucket: text,
  prefix: optional(text),
  "region-name": optional(text),
  "endpoint-url": optional(text),
  "aws-access-key-id": optional(text),
  "aws-secret-access-key": optional(text),
  "aws-session-token": optional(text),
  "path-style": optional(boolean),
});

export type S3Settings = Of<typeof settings>;
