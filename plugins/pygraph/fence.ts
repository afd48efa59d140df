/** Which files a space may import: its fence. */
import type { Config, SpaceConfig } from "../../mod.ts";

/** Pathspecs of a fence: what it encloses itself, and what it may import beside that. */
export interface Fence {
  /** The modules and paths of the space: these files are checked. */
  readonly own: readonly string[];
  /** The same of the spaces that it names, and of those that these name. */
  readonly others: readonly string[];
}

/** The fence of a space; `undefined` where it has none. */
export function fenceOf(config: Config, space: SpaceConfig): Fence | undefined {
  if (space.fence === undefined) return undefined;
  const own = pathsOf(space);
  const others: string[] = [];
  const seen = new Set([space.name]);
  // The list grows while it is walked.
  const waiting = spacesIn(space);
  for (let next = 0; next < waiting.length; next++) {
    const name = waiting[next]!;
    const other = config.spaces.find((one) => one.name === name);
    if (other === undefined || seen.has(name)) continue;
    seen.add(name);
    others.push(...pathsOf(other));
    waiting.push(...spacesIn(other));
  }
  return { own, others };
}

function pathsOf({ modules, fence }: SpaceConfig): string[] {
  const paths = modules.map(({ dir }) => dir);
  for (const item of fence === true ? [] : fence ?? []) {
    if (item.kind === "path") paths.push(item.path);
  }
  return [...new Set(paths)];
}

function spacesIn({ fence }: SpaceConfig): string[] {
  if (fence === true || fence === undefined) return [];
  return fence.flatMap((item) => item.kind === "space" ? [item.name] : []);
}
