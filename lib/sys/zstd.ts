import process from "node:process";

/** Loaded when first needed, which on a warm run is never. */
function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

type Done = (error: Error | null, result: Uint8Array) => void;

/** Compresses bytes with zstd, on a thread of the runtime's own. The result may differ between versions of zstd. */
export function compressZstd(bytes: Uint8Array): Promise<Uint8Array> {
  return promised((done) => zlib().zstdCompress(bytes, done as never));
}

/**
 * Turns back what {@link compressZstd} made.
 *
 * @param most No more bytes than these are made, however many the input promises.
 * @throws What the runtime says of input that is damaged or too large. Input that was cut off may give too few
 * bytes instead: the caller compares digests.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compressZstd, decompressZstd } from "./zstd.ts";
 * const small = await compressZstd(new Uint8Array(100_000));
 * assert.equal((await decompressZstd(small, 100_000)).length, 100_000);
 * await assert.rejects(decompressZstd(small, 99_999));
 * ```
 */
export function decompressZstd(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const options = { maxOutputLength: Math.max(1, most) };
  return promised((done) => zlib().zstdDecompress(bytes, options, done as never));
}

function promised(start: (done: Done) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    start((error, result) =>
      error === null || error === undefined ? resolve(result) : reject(error)
    )
  );
}
