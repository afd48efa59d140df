/**
 * Whether a text can name a command, module, space, cache, tag or pool: such names are typed in shells, stand
 * in task names (`cmd@space#module?arg`) and become file names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isName } from "./names.ts";
 * assert.equal(isName("lint:fix"), true);
 * assert.equal(isName("lint@app"), false);
 * ```
 */
export function isName(text: string): boolean {
  if (
    text.length > 200 ||
    !/^[^\s@#?*[\]{}\\"'`$;&|<>()!:\-/][^\s@#?*[\]{}\\"'`$;&|<>()!]*$/.test(text)
  ) {
    return false;
  }
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return false;
  return text.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** What {@link isName} asks for, as the end of a message. */
export const NAME_RULE =
  'a name is at most 200 characters without spaces, quotes, brackets and @ # ? * $ and does not begin with "-" or ":"';

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
 * import { parseSize } from "./names.ts";
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
