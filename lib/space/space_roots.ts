import { nearest } from "../base/nearest.ts";
import type { Problem } from "../base/problems.ts";
import type { SpaceConfig } from "../config/types.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { isDirectory } from "./ports.ts";

/**
 * What is wrong with the roots of spaces: one that is no directory selects its space nowhere. Costs one stat for each root.
 *
 * @param root Absolute, of the repository.
 */
export function spaceRootProblems(
  files: Files,
  root: string,
  spaces: readonly SpaceConfig[],
): readonly Problem[] {
  return spaces.flatMap(({ name, root: written, place }): Problem[] => {
    if (written === undefined || isDirectory(files, `${root}/${written}`)) return [];
    const near = nearestDirectory(files, root, written);
    const message = `Cannot use "${written}" for the root of the space "${name}": ` +
      "it is not a directory";
    const hint = near === undefined
      ? "Create the directory, or name one that is there"
      : `Did you mean "${near}"?`;
    const path = place.path === undefined ? {} : { path: `${place.path}.root` };
    return [{ code: "config-bad-value", message, hint, place: { ...place, ...path } }];
  });
}

/** The directory beside the one that is missing whose name is most like its. */
function nearestDirectory(files: Files, root: string, missing: string): string | undefined {
  const above = missing.slice(0, missing.lastIndexOf("/") + 1);
  const entries = unlessClosed(() => files.list(`${root}/${above}`)) ?? [];
  const names = entries.filter(({ kind }) => kind === "directory").map(({ name }) => name);
  const [near] = nearest(missing.slice(above.length), new Set(names));
  return near === undefined ? undefined : above + near;
}
