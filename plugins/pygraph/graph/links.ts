/** Edges that people add and take away. */
import type { Link } from "../names.ts";
import { EDGE, type ImportGraph, placeOf } from "./graph.ts";

/**
 * The graph with links added and removed.
 *
 * @param unknown Is told the first name of a link that is no module: the importing one, or one below a package of the
 *   repository. Its answer is thrown.
 */
export function withLinks(
  graph: ImportGraph,
  { add = [], remove = [] }: { readonly add?: readonly Link[]; readonly remove?: readonly Link[] },
  unknown: (name: string) => Error,
): ImportGraph {
  if (add.length === 0 && remove.length === 0) return graph;
  const placed = (name: string) => {
    const place = placeOf(graph.modules, name);
    if (place < 0) throw unknown(name);
    return place;
  };
  const inside = [...graph.inside];
  const outside = [...graph.outside];
  const externals = [...graph.externals];
  for (const { from, to } of remove) {
    const [importer, imported, external] = [
      placed(from),
      placeOf(graph.modules, to),
      placeOf(graph.externals, to),
    ];
    inside[importer] = inside[importer]!.filter((edge) => Math.floor(edge / EDGE) !== imported);
    outside[importer] = outside[importer]!.filter((edge) => Math.floor(edge / EDGE) !== external);
  }
  for (const { from, to } of add) {
    const [importer, imported] = [placed(from), placeOf(graph.modules, to)];
    if (imported < 0 && isBelowPackage(graph, to)) throw unknown(to);
    if (imported >= 0) {
      inside[importer] = [...inside[importer]!, imported * EDGE].sort((a, b) => a - b);
    } else {
      // A name at the end breaks the order of `externals`, which only looking up by name needs.
      outside[importer] = [...outside[importer]!, externals.length * EDGE];
      externals.push(to);
    }
  }
  return { ...graph, inside, outside, externals };
}

/** Whether the repository has the package that a name begins with: then nobody else has what is below it. */
function isBelowPackage({ modules, kinds }: ImportGraph, name: string): boolean {
  const place = placeOf(modules, name.split(".", 1)[0]!);
  return place >= 0 && kinds[place] !== 0;
}
