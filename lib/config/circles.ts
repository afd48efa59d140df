/**
 * Circles in a graph of names, each with its way: `["a", "b", "a"]`. Every name is part of at most one
 * answered circle that it was first found in. Iterative; linear in names and edges.
 *
 * @param edges Names that each name leads to; unknown names lead nowhere.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { circles } from "./circles.ts";
 * assert.deepEqual(circles(new Map([["a", ["b"]], ["b", ["a"]]])), [["a", "b", "a"]]);
 * ```
 */
export function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  for (const start of edges.keys()) {
    if (!done.has(start)) walkFrom(start, edges, done, found);
  }
  return found;
}

function walkFrom(
  start: string,
  edges: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  found: string[][],
): void {
  const way: { readonly name: string; next: number }[] = [{ name: start, next: 0 }];
  const depth = new Map([[start, 0]]);
  for (let at = way.at(-1); at !== undefined; at = way.at(-1)) {
    const to = edges.get(at.name)?.[at.next++];
    if (to === undefined) {
      way.pop();
      depth.delete(at.name);
      done.add(at.name);
    } else if (depth.has(to)) {
      found.push([...way.slice(depth.get(to)!).map(({ name }) => name), to]);
    } else if (!done.has(to)) {
      depth.set(to, way.length);
      way.push({ name: to, next: 0 });
    }
  }
}
