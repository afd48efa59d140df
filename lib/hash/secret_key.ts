import type { Files } from "../sys/sys.ts";

const LENGTH = 32;

/**
 * The key under which this checkout's explanations show secrets, made when first asked for.
 *
 * Without a place to keep it (a read-only `._qik`) each run has another one: then every secret looks changed in
 * an explanation, and no result is affected.
 */
export function secretKey(files: Files, stateDir: string): Uint8Array {
  const file = `${stateDir}/secret-key`;
  try {
    const known = files.read(file);
    if (known?.length === LENGTH) return known;
    const fresh = madeUp();
    files.writeAtomic(file, fresh, 0o600);
    return fresh;
  } catch {
    return madeUp();
  }
}

/** Not from `node:crypto`, which takes 6 ms to load. */
function madeUp(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(LENGTH));
}
