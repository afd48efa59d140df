import { isWithin, rootedPath } from "../base/paths.ts";
import { placeIn, report, type Section } from "./draft.ts";
import { badValue } from "./flaws.ts";
import { isName, NAME_RULE } from "./names.ts";
import type { TomlPath } from "./paths.ts";
import type { RawModule } from "./schema.ts";
import type { ModuleConfig } from "./types.ts";

/**
 * The directory that a module's text means: a path where it holds `/`, else a dotted name.
 *
 * @returns Relative to the root, `undefined` where it leaves the root.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { moduleDir } from "./modules.ts";
 * assert.equal(moduleDir("my.module.a"), "my/module/a");
 * assert.equal(moduleDir("./v1.2"), "v1.2");
 * ```
 */
export function moduleDir(text: string): string | undefined {
  const isDotted = /^[^./]+(\.[^./]+)*$/.test(text);
  return rootedPath(isDotted ? text.replaceAll(".", "/") : text);
}

/** How Python imports what lies in `dir`. */
export function pyimportOf(dir: string, pythonPath: string): string {
  const isBelow = pythonPath !== "" && dir !== pythonPath && isWithin(dir, pythonPath);
  return (isBelow ? dir.slice(pythonPath.length + 1) : dir).replaceAll("/", ".");
}

/** Builds the modules of one list; wrong ones are reported and left out. */
export function buildModules(
  section: Section,
  modules: readonly RawModule[],
  path: TomlPath,
  pythonPath: string,
): ModuleConfig[] {
  return modules.flatMap((raw, at) => {
    const [name, text] = typeof raw === "string" ? [raw, raw] : [raw.name, raw.path];
    const where = [...path, at];
    const dir = moduleDir(text);
    if (dir === undefined) {
      report(section, badValue(where, text, "expected a directory inside the repository"));
    }
    if (dir === undefined || !isModuleName(section, name, where)) return [];
    return { name, dir, pyimport: pyimportOf(dir, pythonPath), place: placeIn(section, where) };
  });
}

/** A plain path as written is a name, too, so it may begin with `./`, but hold nothing else that names may not. */
function isModuleName(section: Section, name: string, path: TomlPath): boolean {
  const isAllowed = name === "." || isName(name.replace(/^(?:\.\/)+/, "").replace(/\/+$/, ""));
  if (!isAllowed) report(section, badValue(path, name, NAME_RULE));
  return isAllowed;
}
