/**
 * A part of an address without its percent signs; as it is where one of them begins no code.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { percentDecoded } from "./percent.ts";
 * assert.equal(percentDecoded("my%20lib"), "my lib");
 * assert.equal(percentDecoded("100%"), "100%");
 * ```
 */
export function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
