import { isWithin, rootedPath } from "../base/paths.ts";
import type { SpaceConfig } from "../config/types.ts";

/**
 * The space that a working directory selects: the one whose `root` holds it, else `default`.
 *
 * @param spaces Not empty. Their roots do not nest (a rule of the configuration); if they do, the deepest wins.
 * @param directory Relative to the root of the repository.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { spaceOf } from "./space_of.ts";
 * const space = (name: string, root?: string) => ({
 *   name, dotenv: [], modules: [], place: { file: "qik.toml" }, ...(root === undefined ? {} : { root }),
 * });
 * const spaces = [space("default"), space("app", "app")];
 * assert.equal(spaceOf(spaces, "app/core").name, "app");
 * assert.equal(spaceOf(spaces, "apples").name, "default");
 * ```
 */
export function spaceOf(spaces: readonly SpaceConfig[], directory: string): SpaceConfig {
  let best: { readonly space: SpaceConfig; readonly depth: number } | undefined;
  for (const space of spaces) {
    const root = space.root === undefined ? undefined : rootedPath(space.root);
    if (root === undefined || !isWithin(directory, root)) continue;
    if (best === undefined || root.length > best.depth) best = { space, depth: root.length };
  }
  const found = best?.space ?? spaces.find(({ name }) => name === "default");
  if (found === undefined) throw new Error("No space is named default");
  return found;
}
