import * as z from "zod/mini";

/** What HTTP takes as the name of a header. */
const headerName = z.string().check(
  z.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "it cannot name a header"),
);

/** `[caches.NAME]` with `type = "http"`; all texts may hold templates. */
export const settings = z.strictObject({
  url: z.string(),
  /** Sent as `Authorization: Bearer …`. */
  token: z.optional(z.string()),
  /** Sent as `Authorization: Basic …`, where both have a value. */
  user: z.optional(z.string()),
  password: z.optional(z.string()),
  /** Sent with every request. */
  headers: z.optional(z.record(headerName, z.string())),
  /** Lets credentials travel without TLS. */
  insecure: z.optional(z.boolean()),
}).check(
  z.refine(
    ({ user, password }) => (user === undefined) === (password === undefined),
    'user and password need each other; a token alone is written as "token"',
  ),
);

export type HttpSettings = z.infer<typeof settings>;
