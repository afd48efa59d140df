import { errorCode } from "./sys.ts";

/**
 * Asks about a file that may be closed to this user, lead in a circle, or lie where nothing can be looked at: a directory
 * of `PATH` or a home that is another user's, say. git, Python and shells pass over most of these, so that no such file
 * ends a run here.
 *
 * @param otherwise The answer where the system refuses one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { unlessClosed } from "./unless_closed.ts";
 * const closed = () => {
 *   throw Object.assign(new Error("no"), { code: "EACCES" });
 * };
 * assert.equal(unlessClosed(closed, 1), 1);
 * assert.equal(unlessClosed(() => 2, 1), 2);
 * assert.equal(unlessClosed(closed), undefined);
 * ```
 */
export function unlessClosed<T>(ask: () => T): T | undefined;
export function unlessClosed<T>(ask: () => T, otherwise: T): T;
export function unlessClosed<T>(ask: () => T, otherwise?: T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return otherwise;
  }
}
