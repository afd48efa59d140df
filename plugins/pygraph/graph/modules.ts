/** Which modules a list of files makes: Python's rules of names, packages and namespace packages. */

/** Bits that say which files a module has; 0 is a namespace package, a directory without a file of its own. */
export const SOURCE = 1;
export const PACKAGE = 2;
export const STUB = 4;
export const STUB_PACKAGE = 8;

/** The end of a module's file by its bit. */
export const ENDINGS: readonly (readonly [bit: number, ending: string])[] = [
  [SOURCE, ".py"],
  [PACKAGE, "/__init__.py"],
  [STUB, ".pyi"],
  [STUB_PACKAGE, "/__init__.pyi"],
];

const IDENTIFIER = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u;
const PLAIN_IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** One file as a module. */
export interface ModuleFile {
  readonly name: string;
  /** One of the bits above. */
  readonly kind: number;
}

/**
 * The module that a file is, or `undefined` where nothing can import it: a directory on the way is no identifier,
 * or the file has further dots in its name.
 *
 * Python compares names in NFKC and looks for files of those very names. The file's own name need not be an identifier: `0001_initial.py` is found by `importlib`.
 *
 * @param path Relative to the root.
 * @param pythonPath Directory that imports begin at, `""` for the root.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { moduleOf, PACKAGE, SOURCE } from "./modules.ts";
 * assert.deepEqual(moduleOf("src/a/b.py", "src"), { name: "a.b", kind: SOURCE });
 * assert.deepEqual(moduleOf("a/__init__.py", ""), { name: "a", kind: PACKAGE });
 * assert.equal(moduleOf("a-b/c.py", ""), undefined);
 * assert.equal(moduleOf("lib/a.py", "src"), undefined);
 * ```
 */
export function moduleOf(path: string, pythonPath: string): ModuleFile | undefined {
  const from = pythonPath === "" ? 0 : pythonPath.length + 1;
  if (from > 0 && !path.startsWith(`${pythonPath}/`)) return undefined;
  const dot = path.lastIndexOf(".");
  const stub = path.endsWith(".pyi");
  if (!stub && !path.endsWith(".py")) return undefined;
  const parts = path.slice(from, dot).split("/");
  const stem = parts.pop()!;
  if (stem === "" || stem.includes(".") || !parts.every(isIdentifier)) return undefined;
  if (stem !== "__init__") {
    return { name: [...parts, stem].join("."), kind: stub ? STUB : SOURCE };
  }
  if (parts.length === 0) return undefined;
  return { name: parts.join("."), kind: stub ? STUB_PACKAGE : PACKAGE };
}

function isIdentifier(name: string): boolean {
  return PLAIN_IDENTIFIER.test(name) || IDENTIFIER.test(name);
}

/** The name of the package around a module; `undefined` for one at the top. */
export function parentOf(name: string): string | undefined {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? undefined : name.slice(0, dot);
}
