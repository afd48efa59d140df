import { parentPath } from "../base/paths.ts";
import type { Artifact, RestorePlace } from "./cache.ts";
import { Conflict, isRight, type RestoreView } from "./restore_plan.ts";
import { join } from "./walk.ts";

/**
 * Checks that nothing is lost with files that are about to be overwritten or removed: git has to ignore each,
 * or it has to be what a result of the task had put there. Costs nothing where there are no such files.
 *
 * Of the mode only the exec bit counts: git keeps no more, and a checkout under another umask is nobody's work.
 *
 * @param displaced Paths relative to the root.
 * @param recorded Artifacts of the task's results; asked for one after the other until all files are known.
 * @throws {Conflict} For the first file that nobody recorded as it is; the system's error where one cannot be
 * read.
 */
export async function checkPrecious(
  view: RestoreView,
  place: RestorePlace,
  displaced: readonly string[],
  recorded: Iterable<readonly Artifact[]>,
): Promise<void> {
  const unknown = new Set<string>();
  for (const path of displaced) {
    if (await isShown(place, path)) unknown.add(path);
  }
  if (unknown.size === 0) return;
  const exact = { ...view, execBitOnly: true };
  for (const artifacts of recorded) {
    for (const artifact of artifacts) {
      if (!unknown.has(artifact.path)) continue;
      const stat = view.files.lstat(join(place.root, artifact.path));
      if (stat === undefined || isRight(exact, place.root, artifact, stat)) {
        unknown.delete(artifact.path);
      }
    }
    if (unknown.size === 0) return;
  }
  for (const path of unknown) throw new Conflict(path);
}

/** Whether git shows a file, or a repository inside this one in which it lies. */
async function isShown({ isTracked, isListed }: RestorePlace, path: string): Promise<boolean> {
  for (let at = path; at !== ""; at = parentPath(at)) {
    if (isTracked(at) || await isListed(at)) return true;
  }
  return false;
}
