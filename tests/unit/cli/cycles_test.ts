import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cycle, cyclesIn } from "../../../lib/cli/graph/cycles.ts";

/** Nodes that are reached from one by one edge or more, with how many edges that takes at least. */
function reached(targets: readonly (readonly number[])[], from: number): Map<number, number> {
  const found = new Map<number, number>();
  let level = [from];
  for (let length = 1; level.length > 0; length++) {
    const next = level.flatMap((node) => targets[node]!).filter((node) => !found.has(node));
    for (const node of next) found.set(node, length);
    level = [...new Set(next)];
  }
  return found;
}

/** By definition: nodes that lead to each other, and the least number of edges that leads from one back to it. */
function expected(targets: readonly (readonly number[])[]): { nodes: number[]; edges: number }[] {
  const all = targets.map((_, node) => reached(targets, node));
  const groups = new Map<string, { nodes: number[]; edges: number }>();
  all.forEach((to, node) => {
    if (!to.has(node)) return;
    const nodes = [...to.keys()].filter((other) => all[other]!.has(node)).sort((a, b) => a - b);
    const edges = Math.min(to.get(node)!, groups.get(nodes.join())?.edges ?? Infinity);
    groups.set(nodes.join(), { nodes, edges });
  });
  return [...groups.values()].sort((a, b) => a.nodes[0]! - b.nodes[0]!);
}

function checkWay(targets: readonly (readonly number[])[], { nodes, way }: Cycle): void {
  assert.equal(way[0], way.at(-1));
  way.slice(1).forEach((node, at) => assert.ok(targets[way[at]!]!.includes(node)));
  assert.ok(way.every((node) => nodes.includes(node)));
}

Deno.test("circles are those of the definition, with the shortest way around", () => {
  const graphs = fc.integer({ min: 0, max: 9 }).chain((size) =>
    fc.array(fc.uniqueArray(fc.nat(Math.max(0, size - 1)), { maxLength: 3 }), {
      minLength: size,
      maxLength: size,
    })
  );
  fc.assert(
    fc.property(graphs, (targets) => {
      const found = cyclesIn(targets);
      found.forEach((cycle) => checkWay(targets, cycle));
      assert.deepEqual(
        found.map(({ nodes, way }) => ({ nodes: [...nodes], edges: way.length - 1 })),
        expected(targets),
      );
    }),
    { seed: 20_271, numRuns: 2000 },
  );
});

Deno.test("large circles are found in bounded time, however deep", () => {
  const size = 20_000;
  const ring = Array.from({ length: size }, (_, at) => [(at + 1) % size]);
  assert.deepEqual(cyclesIn(ring)[0]!.way.length, size + 1);
  const wide = ring.map(([next], at) => [next!, (at * 7 + 3) % size, (at * 13 + 5) % size]);
  const [cycle, ...others] = cyclesIn(wide);
  assert.deepEqual(others, []);
  assert.equal(cycle!.nodes.length, size);
  checkWay(wide.map((list) => list), { ...cycle!, nodes: cycle!.way });
});
