import * as z from "zod/mini";

/** `[caches.NAME]` with `type = "http"`; all of it may hold templates. */
export const settings = z.strictObject({
  url: z.string(),
  /** Sent as `Authorization: Bearer …`. */
  token: z.optional(z.string()),
  /** Sent as `Authorization: Basic …`. */
  user: z.optional(z.string()),
  password: z.optional(z.string()),
  /** Sent with every request. */
  headers: z.optional(z.record(z.string(), z.string())),
});

export type HttpSettings = z.infer<typeof settings>;
