/** Python files that are found behind links to directories, under the names that imports have for them. */
import { byCodeUnit, type DepWorld, type LinkedDirectory } from "../../../mod.ts";
import { sourceGlobs } from "../names.ts";
import type { SourceFile } from "./build.ts";

/** Links in linked directories double what is found with each other; nobody means so many. */
const MOST_PLACES = 1000;

/** Files that may be modules, and the links that some of them lie behind. */
export interface Sources {
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  /** Relative to the root, in order; none of them lies behind another one. */
  readonly links: readonly string[];
}

/** A place where a directory is found, too. */
export interface Place {
  readonly at: string;
  readonly target: string;
}

/** The places below `pythonPath`, in an order that is always the same. */
export async function linkedPlaces(
  world: Pick<DepWorld, "linkedDirectories">,
  pythonPath: string,
): Promise<readonly Place[]> {
  const links = await world.linkedDirectories(pythonPath, sourceGlobs(pythonPath));
  if (links.length === 0) return [];
  return placesOf(links, pythonPath === "" ? links : await world.linkedDirectories(""));
}

/** All files that imports may find below `pythonPath`. */
export async function sourcesOf(
  world: Pick<DepWorld, "inputs" | "linkedDirectories">,
  pythonPath: string,
): Promise<Sources> {
  const files = await world.inputs(sourceGlobs(pythonPath));
  const places = await linkedPlaces(world, pythonPath);
  if (places.length === 0) return { files, links: [] };
  const byPath = new Map(files.map((file) => [file.path, file]));
  for (const { at, target } of places) {
    for (const file of await world.inputs(sourceGlobs(target))) {
      const path = at + file.path.slice(target.length);
      if (!byPath.has(path)) byPath.set(path, { ...file, path });
    }
  }
  const all = places.map(({ at }) => at).sort(byCodeUnit);
  return {
    files: [...byPath.values()].sort((a, b) => byCodeUnit(a.path, b.path)),
    links: all.filter((one) => !all.some((other) => one.startsWith(`${other}/`))),
  };
}

/** A place, and the directories whose links led there. */
interface Found extends Place {
  readonly through: readonly string[];
}

/** Where linked directories are found, those that are linked in them included; circles are not followed. */
function placesOf(links: readonly LinkedDirectory[], all: readonly LinkedDirectory[]): Found[] {
  const places: Found[] = links.map(({ path, target }) => ({ at: path, target, through: [] }));
  // The list grows while it is walked.
  for (const { at, target, through } of places) {
    for (const { path, target: next } of all) {
      if (!path.startsWith(`${target}/`) || places.length >= MOST_PLACES) continue;
      const met = [...through, target];
      if (met.some((one) => `${one}/`.startsWith(`${next}/`))) continue;
      places.push({ at: at + path.slice(target.length), target: next, through: met });
    }
  }
  return places;
}
