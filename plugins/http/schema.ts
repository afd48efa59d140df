import { boolean, type Of, optional, recordOf, such, tableOf, text, where } from "../../mod.ts";

/** What HTTP takes as the name of a header. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const headerName = such((value) => HEADER_NAME.test(value), "it cannot name a header", {
  pattern: HEADER_NAME.source,
});

/** `[caches.NAME]` with `type = "http"`; all texts may hold templates. */
export const settings = where(
  tableOf({
    url: text,
    /** Sent as `Authorization: Bearer …`. */
    token: optional(text),
    /** Sent as `Authorization: Basic …`, where both have a value. */
    user: optional(text),
    password: optional(text),
    /** Sent with every request. */
    headers: optional(recordOf(headerName, text)),
    /** Lets credentials travel without TLS. */
    insecure: optional(boolean),
  }),
  ({ user, password }) => (user === undefined) === (password === undefined),
  'user and password need each other; a token alone is written as "token"',
);

export type HttpSettings = Of<typeof settings>;
