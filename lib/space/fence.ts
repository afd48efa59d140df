import { nearest } from "../base/nearest.ts";
import { byCodeUnit } from "../base/order.ts";
import { isWithin, rootedPath } from "../base/paths.ts";
import { type Problem, QikError } from "../base/problems.ts";
import { circles } from "../config/circles.ts";
import type { SpaceConfig } from "../config/types.ts";
import type { FillSpace } from "./venv_plan.ts";

/** What the modules of a space may import from this repository. */
export interface Fence {
  readonly space: string;
  /** What the space encloses itself, its modules and the paths that it lists: files whose imports the fence limits. */
  readonly own: readonly string[];
  /**
   * Directories and files relative to the root, in code-unit order, none inside of another: a path that is one of
   * them, or lies below one, is inside the fence. `[""]` is the whole repository, `[]` nothing at all.
   */
  readonly paths: readonly string[];
}

/**
 * The fences of all spaces that have one, by the space's name: its modules, the paths that it lists, and for each
 * space that it lists that space's modules and whatever its own fence adds.
 *
 * @param fill Fills the templates in fences; by default they are taken as they are.
 * @throws {QikError} `space-unknown`, `space-cycle`, `config-bad-value`, all at once. The configuration told them
 *   already, except where a template hid them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openFences } from "./fence.ts";
 * const place = { file: "qik.toml" };
 * const fences = openFences([
 *   { name: "default", dotenv: [], modules: [], place },
 *   { name: "app", dotenv: [], modules: [], fence: [{ kind: "path", path: "app/" }], place },
 * ]);
 * assert.deepEqual([...fences], [["app", { space: "app", own: ["app"], paths: ["app"] }]]);
 * ```
 */
export function openFences(
  spaces: readonly SpaceConfig[],
  fill: FillSpace = (text) => text,
): ReadonlyMap<string, Fence> {
  const problems: Problem[] = [];
  const parts = new Map(spaces.map((space) => [space.name, partsOf(space, fill, problems)]));
  for (const [name, { reached }] of parts) {
    for (const target of reached) {
      if (!parts.has(target)) problems.push(unknownSpace(name, target, spaces));
    }
  }
  for (const way of circles(new Map([...parts].map(([name, { reached }]) => [name, reached])))) {
    problems.push(circle(way, spaces));
  }
  if (problems.length > 0) throw new QikError(problems);
  const fenced = spaces.filter(({ fence }) => fence !== undefined);
  return new Map(fenced.map(({ name }) => {
    const own = outermost(parts.get(name)!.paths);
    return [name, { space: name, own, paths: pathsOf(name, parts) }];
  }));
}

/** Whether a fence lets the modules of its space import what stands at a path relative to the root. */
export function isInside({ paths }: Fence, path: string): boolean {
  return paths.some((allowed) => isWithin(path, allowed));
}

/** Whether the fence is about what stands at a path: whether the imports there are limited. */
export function isFenced({ own }: Fence, path: string): boolean {
  return own.some((one) => isWithin(path, one));
}

/** What the fence of one space comes to by itself. */
interface Parts {
  readonly paths: readonly string[];
  readonly reached: readonly string[];
}

function partsOf(space: SpaceConfig, fill: FillSpace, problems: Problem[]): Parts {
  const paths = space.modules.map(({ dir }) => rootedPath(dir) ?? dir);
  const reached: string[] = [];
  const items = space.fence === undefined || space.fence === true ? [] : space.fence;
  for (const item of items) {
    const filled = fill(item.kind === "path" ? item.path : item.name, space);
    if (filled === undefined) continue;
    if (item.kind === "space") {
      reached.push(filled);
      continue;
    }
    const path = rootedPath(filled);
    if (path !== undefined) paths.push(path);
    else problems.push(outside(space, filled));
  }
  return { paths, reached };
}

/** All paths on the way from a space. */
function pathsOf(name: string, parts: ReadonlyMap<string, Parts>): string[] {
  const reached = new Set([name]);
  const paths: string[] = [];
  for (const at of reached) {
    const part = parts.get(at)!;
    paths.push(...part.paths);
    part.reached.forEach((target) => reached.add(target));
  }
  return outermost(paths);
}

/** Paths in code-unit order, each once, without those that lie in another one of them. */
function outermost(paths: readonly string[]): string[] {
  let last: string | undefined;
  // With a slash behind it every directory stands right before all that lies in it.
  const kept = [...new Set(paths)].sort((a, b) => byCodeUnit(`${a}/`, `${b}/`)).filter((path) => {
    if (last !== undefined && isWithin(path, last)) return false;
    last = path;
    return true;
  });
  return kept.sort(byCodeUnit);
}

function outside({ name, place }: SpaceConfig, path: string): Problem {
  const message = `Cannot use "${path}" in the fence of the space "${name}"`;
  return { code: "config-bad-value", message, hint: "Write a path inside the repository", place };
}

function unknownSpace(name: string, target: string, spaces: readonly SpaceConfig[]): Problem {
  const near = nearest(target, spaces.map((space) => space.name));
  const { place } = spaces.find((space) => space.name === name)!;
  return {
    code: "space-unknown",
    message: `Cannot follow the fence of the space "${name}": no space is named "${target}"`,
    ...(near.length === 0 ? {} : { hint: `Did you mean "${near.join('" or "')}"?` }),
    place,
  };
}

function circle(way: readonly string[], spaces: readonly SpaceConfig[]): Problem {
  const message = `Cannot follow the fence of the space "${way[0]}": ${way.join(" -> ")}`;
  const { place } = spaces.find(({ name }) => name === way[0])!;
  return { code: "space-cycle", message, hint: "Remove one of these from the fences", place };
}
