/** The graph after files changed that were there before: only what they import is resolved again. */
import { byCodeUnit } from "../../../mod.ts";
import { type Edges, edgesOf, encoded, flawsOf, type Part } from "./build.ts";
import { EDGE, type ImportGraph, placeOf } from "./graph.ts";
import { Resolver } from "./resolve.ts";

/**
 * The graph that `buildGraph` would make now.
 *
 * @param graph Of the same modules, with the same files.
 * @param changed By the name of a module: all of its files. Modules that are not named import what they did.
 *
 * Cost: what the changed modules import, and one look at each edge that leads outside.
 */
export function patchGraph(
  graph: ImportGraph,
  changed: ReadonlyMap<string, readonly Part[]>,
): ImportGraph {
  const resolver = new Resolver(graph.modules, graph.kinds);
  const inside = [...graph.inside];
  const edges = new Map<number, Edges>();
  for (const [name, parts] of changed) {
    const place = placeOf(graph.modules, name);
    const found = edgesOf(name, parts, resolver);
    edges.set(place, found);
    inside[place] = encoded(found.inside, (target) => target);
  }
  const paths = new Set([...changed.values()].flatMap((parts) => parts.map(({ path }) => path)));
  const flaws = graph.flaws.filter(({ path }) => !paths.has(path));
  for (const parts of changed.values()) flaws.push(...flawsOf(parts));
  flaws.sort((a, b) => byCodeUnit(a.path, b.path));
  return { ...graph, inside, ...outsideOf(graph, edges), flaws };
}

/** Names outside that nobody imports any more go, new ones come; all others move together. */
function outsideOf(
  graph: ImportGraph,
  edges: ReadonlyMap<number, Edges>,
): Pick<ImportGraph, "externals" | "outside"> {
  const used = new Uint8Array(graph.externals.length);
  graph.outside.forEach((targets, module) => {
    if (!edges.has(module)) { for (const edge of targets) used[Math.floor(edge / EDGE)] = 1; }
  });
  const names = new Set(graph.externals.filter((_, at) => used[at] === 1));
  for (const { outside } of edges.values()) for (const name of outside.keys()) names.add(name);
  const externals = [...names].sort(byCodeUnit);
  const places = new Map(externals.map((name, at) => [name, at]));
  const moved = graph.externals.map((name) => places.get(name) ?? -1);
  const stay = moved.every((place, at) => place === at);
  const outside = graph.outside.map((targets, module) => {
    const found = edges.get(module);
    if (found !== undefined) return encoded(found.outside, (name) => places.get(name)!);
    if (stay) return targets;
    return targets.map((edge) => moved[Math.floor(edge / EDGE)]! * EDGE + edge % EDGE);
  });
  return { externals, outside };
}
