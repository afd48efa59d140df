import type { Picture } from "../../plugin/picture.ts";

/** Targets of each node, in the order of the nodes. */
export function targetsOf({ nodes, edges }: Picture): readonly (readonly number[])[] {
  const targets: number[][] = nodes.map(() => []);
  for (const [from, to] of edges) targets[from]!.push(to);
  for (const list of targets) list.sort((a, b) => a - b);
  return targets;
}

/**
 * A shortest way between two nodes, both included; `undefined` where there is none. Of several the one whose nodes
 * come first. Linear in the edges.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { shortestWay } from "./walk.ts";
 * const picture = { nodes: ["a", "b", "c"], edges: [[0, 1], [1, 2], [0, 2]] } as const;
 * assert.deepEqual(shortestWay(picture, 0, 2), [0, 2]);
 * assert.equal(shortestWay(picture, 2, 0), undefined);
 * ```
 */
export function shortestWay(picture: Picture, from: number, to: number): number[] | undefined {
  const targets = targetsOf(picture);
  const before = new Map<number, number>();
  const waiting = [from];
  // The list grows while it is walked.
  for (const node of waiting) {
    for (const next of targets[node]!) {
      if (before.has(next)) continue;
      before.set(next, node);
      if (next === to) return wayBack(before, from, to);
      waiting.push(next);
    }
  }
  return undefined;
}

/** The first node of some that is reached from one, which may be that one itself; the nearest, in order of nodes. */
export function nearestOf(
  picture: Picture,
  from: number,
  wanted: readonly number[],
): number | undefined {
  const targets = targetsOf(picture);
  const goals = new Set(wanted);
  const seen = new Set([from]);
  for (const node of seen) {
    if (goals.has(node)) return node;
    for (const next of targets[node]!) seen.add(next);
  }
  return undefined;
}

function wayBack(before: ReadonlyMap<number, number>, from: number, to: number): number[] {
  const way = [to];
  let at = to;
  do way.push(at = before.get(at)!); while (at !== from);
  return way.reverse();
}
