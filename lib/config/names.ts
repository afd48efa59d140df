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
  'a name is at most 200 characters without spaces, quotes, brackets and @ # ? * $ ! ; & | < > \\ and does not begin with "-", ":" or "/"';
