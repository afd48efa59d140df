import type { Files } from "./sys.ts";

/** Files that may be asked what they are before they are read: a named pipe would be waited for without an end. */
export type Readable = Pick<Files, "read"> & Partial<Pick<Files, "stat">>;

/**
 * What a regular file holds, symlinks followed; `undefined` where nothing or something else stands at the path.
 *
 * @throws The system's error where it may not be read.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openSys } from "./open.ts";
 * import { readRegular } from "./read_regular.ts";
 * assert.equal(readRegular(openSys().files, "/"), undefined);
 * ```
 */
export function readRegular(files: Readable, path: string): Uint8Array | undefined {
  return (files.stat?.(path)?.kind ?? "file") === "file" ? files.read(path) : undefined;
}
