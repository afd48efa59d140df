/** What a module needs: the modules and distributions that it imports, one leading to the next. */
import { EDGE, type ImportGraph, placeOf, TYPE_CHECKING } from "./graph.ts";
import { parentOf } from "./modules.ts";

export interface Reach {
  /** Places of modules, in order. */
  readonly modules: readonly number[];
  /** Places of externals, in order; with the first module that imports each, and whether the import may fail. */
  readonly externals: readonly ExternalUse[];
}

export interface ExternalUse {
  readonly external: number;
  readonly module: number;
  /** Every import of it may fail, or is for type checkers. */
  readonly optional: boolean;
}

/**
 * Everything that running some modules may load: what they import, transitively, and with each module the packages
 * around it, whose `__init__.py` Python runs first. Cost: linear in the edges that are followed.
 */
export function reachOf(
  graph: ImportGraph,
  from: readonly number[],
  { ignoreTypeChecking }: { readonly ignoreTypeChecking: boolean },
): Reach {
  const seen = new Uint8Array(graph.modules.length);
  const waiting: number[] = [];
  const add = (module: number) => {
    for (let at = module; at >= 0 && seen[at] === 0; at = parentPlace(graph, at)) {
      seen[at] = 1;
      waiting.push(at);
    }
  };
  const counts = (edge: number) => !ignoreTypeChecking || (edge & TYPE_CHECKING) === 0;
  from.forEach(add);
  // The list grows while it is walked.
  for (let next = 0; next < waiting.length; next++) {
    for (const edge of graph.inside[waiting[next]!]!) {
      if (counts(edge)) add(Math.floor(edge / EDGE));
    }
  }
  const modules = waiting.sort((a, b) => a - b);
  return { modules, externals: usesOf(graph, modules, counts) };
}

function parentPlace(graph: ImportGraph, module: number): number {
  const parent = parentOf(graph.modules[module]!);
  return parent === undefined ? -1 : placeOf(graph.modules, parent);
}

function usesOf(
  graph: ImportGraph,
  modules: readonly number[],
  counts: (edge: number) => boolean,
): ExternalUse[] {
  const uses = new Map<number, ExternalUse>();
  for (const module of modules) {
    for (const edge of graph.outside[module]!) {
      if (!counts(edge)) continue;
      const external = Math.floor(edge / EDGE);
      const optional = edge % EDGE !== 0;
      const known = uses.get(external);
      // Where it must be there is told by the first import that needs it.
      if (known === undefined || (known.optional && !optional)) {
        uses.set(external, { external, module, optional });
      }
    }
  }
  return [...uses.values()].sort((a, b) => a.external - b.external);
}
