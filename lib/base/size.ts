const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  KiB: 1024,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
  TB: 1000 ** 4,
  TiB: 1024 ** 4,
};

/**
 * Reads a size such as `"10GB"` or `"1.5 GiB"`.
 *
 * @returns Whole bytes, or `undefined` where the text is not a size above zero.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSize } from "./size.ts";
 * assert.equal(parseSize("10GB"), 10_000_000_000);
 * assert.equal(parseSize("ten"), undefined);
 * ```
 */
export function parseSize(text: string): number | undefined {
  const found = /^(\d{1,15}(?:\.\d{1,6})?) ?([kKMGT]?i?B)$/.exec(text);
  const unit = UNITS[found?.[2] ?? ""];
  if (found === null || unit === undefined) return undefined;
  const bytes = Math.round(Number(found[1]) * unit);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Writes a size for people, with at most three digits: `0 B`, `999 B`, `1.2 kB`, `34 MB`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatSize } from "./size.ts";
 * assert.equal(formatSize(1_234), "1.2 kB");
 * assert.equal(formatSize(9_999), "10 kB");
 * assert.equal(formatSize(34_000_000), "34 MB");
 * ```
 */
export function formatSize(bytes: number): string {
  let amount = bytes;
  for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
    if (unit === "B" ? amount < 1000 : amount < 999.5) {
      return `${unit === "B" || amount >= 9.95 ? Math.round(amount) : amount.toFixed(1)} ${unit}`;
    }
    amount /= 1000;
  }
  return `${Math.round(amount)} PB`;
}
