/** Locks that hold no path of the checkout that they were made in. */
import { percentDecoded } from "../base/percent.ts";
import { pathBelow } from "./asked_paths.ts";

/** `-e` or `name[extra] @`, an address, an extra, a fragment, and what follows. */
const ADDRESS = new RegExp(
  "^(-e\\s+|[A-Za-z0-9][\\w.-]*\\s*(\\[[^\\]]*\\])?\\s*@\\s*)?file://(?:localhost)?" +
    "(/[^\\s#;[]*)(\\[[^\\]]*\\])?(#\\S*)?([^]*)$",
);

/** `-e`, a path as uv repeats it, and what follows. */
const PATH = /^(-e\s+)?(\/[^[;#]*?)((?:\[[^\]]*\])?(?:\s+(?:;|\\|--|#)[^]*|\s*))$/;

/** What needs no quotes and means nothing else in requirements. */
const PLAIN = /^[\w.+/-]+$/;

/**
 * A requirement file in which everything below the root is named relative to it, where pip and uv run. Tools resolve what
 * requirements say, and a lock is restored in other directories than that of the checkout where it was made.
 *
 * Wheels and directories with `-e` become plain paths, which pip records best. All others keep the name that pip needs before
 * it looks inside; addresses also hold what plain paths cannot.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { relativeLock } from "./checkout_paths.ts";
 * const lock = "-e file:///here/lib\na @ file:///here/dist/a-1-py3-none-any.whl \\\n    --hash=sha256:00\n" +
 *   "b @ file:///here/dist/b-1.zip\nc @ file:///else/c-1.zip\n    # via -r /here/more.in\n";
 * assert.equal(
 *   relativeLock(lock, ["/here"]),
 *   "-e ./lib\n./dist/a-1-py3-none-any.whl \\\n    --hash=sha256:00\n" +
 *     "b @ file:./dist/b-1.zip\nc @ file:///else/c-1.zip\n    # via -r more.in\n",
 * );
 * ```
 *
 * @param roots All names of the root.
 */
export function relativeLock(text: string, roots: readonly string[]): string {
  const inside = (path: string): string | undefined => {
    if (roots.includes(path.replace(/\/$/, ""))) return "";
    return roots.map((root) => pathBelow(root, "", path)).find((below) => below !== undefined);
  };
  return text.split("\n").map((line) => {
    if (/^\s*#/.test(line)) return relativeComment(line, inside);
    return relativeAddress(line, inside) ?? relativePath(line, inside) ?? line;
  }).join("\n");
}

type Inside = (path: string) => string | undefined;

function relativeAddress(line: string, inside: Inside): string | undefined {
  const [, before = "", nameExtra = "", path, extra = "", fragment = "", rest = ""] =
    ADDRESS.exec(line) ?? [];
  const below = path === undefined ? undefined : inside(percentDecoded(path));
  if (below === undefined) return undefined;
  const isEditable = before.startsWith("-e");
  const written = below === "" ? "." : `./${below}`;
  const isPlain = fragment === "" && PLAIN.test(written);
  if (isPlain && isEditable) return `${before}${written}${extra}${rest}`;
  if (isPlain && below.endsWith(".whl")) return `${written}${nameExtra || extra}${rest}`;
  const encoded = written.split("/").map(encodeURIComponent).join("/");
  return `${before}file:${encoded}${extra}${fragment}${rest}`;
}

function relativePath(line: string, inside: Inside): string | undefined {
  const [, before = "", path, rest = ""] = PATH.exec(line) ?? [];
  const below = path === undefined ? undefined : inside(path);
  if (below === undefined) return undefined;
  return `${before}${below === "" ? "." : `./${below}`}${rest}`;
}

function relativeComment(line: string, inside: Inside): string {
  return line.replace(
    /(?<=[\s("'=@])(file:\/\/(?:localhost)?)?(\/[^\s)"']*)/g,
    (whole, scheme: string | undefined, path: string) =>
      inside(scheme === undefined ? path : percentDecoded(path)) ?? whole,
  );
}

/**
 * A lock without the requirements that are paths. pip-compile takes a wheel there for a version that is locked already: it
 * would keep the digest that the wheel had, and it stumbles over a directory that is gone.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withoutPaths } from "./checkout_paths.ts";
 * const lock = "a==1 \\\n    --hash=sha256:00\n./b-1-py3-none-any.whl \\\n    --hash=sha256:00\n    # via c\n-e ./lib\n";
 * assert.equal(withoutPaths(lock), "a==1 \\\n    --hash=sha256:00\n    # via c\n");
 * ```
 */
export function withoutPaths(text: string): string {
  return text.replace(/^(?:-e\s|\.{0,2}\/)(?:[^\n]*\\\r?\n)*[^\n]*(?:\n|$)/gm, "");
}
