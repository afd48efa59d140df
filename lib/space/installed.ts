/** Names and places of installed distributions. */

/** Where the metadata of one distribution stands. */
export interface Installed {
  /** Normalised. */
  readonly name: string;
  /** Directory on `sys.path` that holds it. */
  readonly site: string;
  /** Absolute path of its `.dist-info` or `.egg-info` (a directory, or a single file). */
  readonly info: string;
}

/**
 * The one spelling of a distribution's name that PEP 503 gives all its spellings.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { normalName } from "./installed.ts";
 * assert.equal(normalName("Foo._Bar"), "foo-bar");
 * ```
 */
export function normalName(name: string): string {
  return name.trim().replace(/[-_.]+/g, "-").toLowerCase();
}

/**
 * Directories that the lines of a `.pth` file name. Lines that Python would execute are passed over.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pthDirectories } from "./installed.ts";
 * const text = "# mine\n../src\n/opt/lib\nimport os; os.abort()\n";
 * assert.deepEqual(pthDirectories("/venv/site", text), ["/venv/src", "/opt/lib"]);
 * ```
 */
export function pthDirectories(site: string, text: string): string[] {
  const found: string[] = [];
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const path = line.trimEnd();
    if (path === "" || path.startsWith("#") || /^import[ \t]/.test(path)) continue;
    if (path.includes("\0")) continue;
    const rooted = /^([A-Za-z]:)?[\\/]/.test(path);
    found.push(withoutDots(rooted ? path : `${site}/${path}`));
  }
  return found;
}

/** An absolute path without `.`, `..` and doubled or final separators. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const part of path.split(/^[A-Za-z]:/.test(path) ? /[/\\]/ : "/")) {
    if (part === "..") {
      if (kept.length > 1) kept.pop();
    } else if (part !== "." && (part !== "" || kept.length === 0)) kept.push(part);
  }
  return kept.join("/");
}
