import { type Of, optional, tableOf, text } from "../../mod.ts";

/** `[caches.NAME]` with `type = "gcs"`; all texts may hold templates. */
export const settings = tableOf({
  bucket: text,
  prefix: optional(text),
  /** A credentials file of Google's, by its path or as its own text. */
  credentials: optional(text),
  "endpoint-url": optional(text),
});

export type GcsSettings = Of<typeof settings>;
