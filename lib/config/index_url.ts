/** How an index of packages is written, in words that stand after the value. */
export const INDEX_RULE =
  "expected an address such as https://packages.example.com/simple, or a path such as ./packages";

/**
 * Whether a text can be an index of packages, as pip and uv take it: an address, which uv lets begin with a name, or a path
 * that says that it is one. Nothing at all stands for the tool's own.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isIndexUrl } from "./index_url.ts";
 * const good = ["https://me:word@x.test/simple", "torch=https://x.test", "file:///simple", "./simple", ""];
 * assert.deepEqual(good.filter((text) => !isIndexUrl(text)), []);
 * const bad = ["not a url", "pypi", "https//x.test/simple", "https:///simple", "ftp://x.test"];
 * assert.deepEqual(bad.filter(isIndexUrl), []);
 * ```
 */
export function isIndexUrl(text: string): boolean {
  if (text === "" || /^(?:\.{1,2}|[A-Za-z]:)?[/\\]/.test(text)) return true;
  const address = text.replace(/^[\w.-]+=/, "");
  return /^(?:https?:\/\/[^\s/]|file:\/\/)\S*$/i.test(address) && URL.canParse(address);
}
