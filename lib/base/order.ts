/**
 * Orders two strings by UTF-16 code unit, the same on every machine, runtime and locale.
 *
 * `localeCompare` depends on locale data, so nothing that reaches a key or a stored file may use it.
 *
 * @returns A negative number, zero or a positive number, as `Array.prototype.sort` expects.
 *
 * @example Capitals come before small letters
 * ```ts
 * import assert from "node:assert/strict";
 * import { byCodeUnit } from "./order.ts";
 * assert.deepEqual(["b", "a", "B"].sort(byCodeUnit), ["B", "a", "b"]);
 * ```
 */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
