/** The import graph of a repository as a value, and its text. */
import { ENDINGS } from "./modules.ts";

/** Bits of an edge: that every import behind it is for type checkers, or may fail. */
export const TYPE_CHECKING = 1;
export const OPTIONAL = 2;
/** An edge is `target * EDGE + bits`. */
export const EDGE = 4;

/** A file that is no Python up to its last import. What was understood counts nevertheless. */
export interface GraphFlaw {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Who imports what. No line numbers: so the graph, and all that depends on it, stays the same when a file changes
 * and its imports do not. Lists that belong together have one entry for each module.
 */
export interface ImportGraph {
  /** Directory that imports begin at, relative to the root; `""` for the root. */
  readonly pythonPath: string;
  /** Dotted names in code-unit order, packages without a file included. */
  readonly modules: readonly string[];
  /** Which files each has, as bits of `modules.ts`. */
  readonly kinds: readonly number[];
  /** Edges to modules of the graph, in the order of `modules`, each at most once. */
  readonly inside: readonly (readonly number[])[];
  /** Dotted names that lead out of the repository, in code-unit order; `from x import y` is `x.y`. */
  readonly externals: readonly string[];
  /** Edges to `externals`. */
  readonly outside: readonly (readonly number[])[];
  readonly flaws: readonly GraphFlaw[];
  /** Links to directories that some of the files lie behind, relative to the root; unset where there are none. */
  readonly links?: readonly string[];
}

const FORMAT = 1;

/** @returns Deterministic text: equal graphs, equal bytes. */
export function encodeGraph(graph: ImportGraph): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ format: FORMAT, ...graph })}\n`);
}

/** @throws {Error} Where the bytes are no graph of this format. */
export function decodeGraph(bytes: Uint8Array): ImportGraph {
  const { format, ...graph } = JSON.parse(new TextDecoder().decode(bytes));
  if (format !== FORMAT) throw new Error(`format ${format} instead of ${FORMAT}`);
  return graph as ImportGraph;
}

/** Place of a name in a sorted list, or -1. */
export function placeOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name ? low : -1;
}

/** Files of a module, relative to the root; none for a namespace package. */
export function filesOf({ pythonPath, modules, kinds }: ImportGraph, module: number): string[] {
  const path = modules[module]!.replaceAll(".", "/");
  const base = pythonPath === "" ? path : `${pythonPath}/${path}`;
  return ENDINGS.filter(([bit]) => (kinds[module]! & bit) !== 0).map(([, end]) => base + end);
}

/** Places of a module and of everything below it; empty where there is no such module. */
export function familyOf(graph: ImportGraph, name: string): readonly number[] {
  const own = placeOf(graph.modules, name);
  const family = own < 0 ? [] : [own];
  // Everything below `a.b` begins with `a.b.` and stands together, though other names may come between it and `a.b`.
  const prefix = `${name}.`;
  let low = 0;
  let high = graph.modules.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (graph.modules[middle]! < prefix) low = middle + 1;
    else high = middle;
  }
  while (graph.modules[low]?.startsWith(prefix)) family.push(low++);
  return family;
}
