import { errorCode } from "../sys/sys.ts";

/**
 * Asks about a file of git's that may be closed to this user, lead in a circle, or lie where nothing can be looked at:
 * a directory of `PATH` or a home that is another user's, say. git passes over most of these and refuses the others in
 * its own words, so that no such file ends a run here.
 *
 * @param otherwise The answer where the system refuses one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { unlessClosed } from "./closed.ts";
 * const closed = () => {
 *   throw Object.assign(new Error("no"), { code: "EACCES" });
 * };
 * assert.equal(unlessClosed(closed, 1), 1);
 * assert.equal(unlessClosed(() => 2, 1), 2);
 * ```
 */
export function unlessClosed<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return otherwise;
  }
}
