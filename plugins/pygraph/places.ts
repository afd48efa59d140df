/** Where in the sources an edge of the graph comes from: the graph itself has no line numbers. */
import type { DepWorld } from "../../mod.ts";
import { filesOf, type ImportGraph } from "./graph/graph.ts";
import { moduleOf, PACKAGE, STUB_PACKAGE } from "./graph/modules.ts";
import { Resolver, type Target } from "./graph/resolve.ts";
import { scan } from "./scan/scanner.ts";

/** A line of a file. */
export interface SourcePlace {
  readonly path: string;
  readonly line: number;
  /** The module as the statement there names it. */
  readonly module: string;
}

/** An edge: to a module of the graph, or to a name outside. */
export type EdgeTarget = { readonly inside: number } | { readonly outside: string };

/** Finds lines by scanning the files in question again, each once. */
export class Places {
  readonly #graph: ImportGraph;
  readonly #world: Pick<DepWorld, "file">;
  readonly #resolver: Resolver;
  /** By module, and then by what the edge leads to. */
  readonly #known = new Map<number, ReadonlyMap<number | string, readonly SourcePlace[]>>();

  constructor(graph: ImportGraph, world: Pick<DepWorld, "file">) {
    this.#graph = graph;
    this.#world = world;
    this.#resolver = new Resolver(graph.modules, graph.kinds);
  }

  /** Lines of a module that make the edge, in order; none for one that was added by hand. */
  of(module: number, target: EdgeTarget): readonly SourcePlace[] {
    let known = this.#known.get(module);
    if (known === undefined) this.#known.set(module, known = this.#look(module));
    return known.get("inside" in target ? target.inside : target.outside) ?? [];
  }

  #look(module: number): Map<number | string, SourcePlace[]> {
    const found = new Map<number | string, SourcePlace[]>();
    const name = this.#graph.modules[module]!;
    for (const path of filesOf(this.#graph, module)) {
      const kind = moduleOf(path, this.#graph.pythonPath)?.kind;
      const isPackage = kind === PACKAGE || kind === STUB_PACKAGE;
      for (const imported of scan(this.#world.file(path) ?? new Uint8Array()).imports) {
        const targets: Target[] = [];
        this.#resolver.targets(name, isPackage, imported, targets);
        const place = { path, line: imported.line, module: imported.module };
        for (const { inside, outside } of targets) {
          if (inside !== undefined) add(found, inside, place);
          if (outside !== undefined) add(found, outside, place);
        }
      }
    }
    return found;
  }
}

/** Several names of one line lead to the same module. */
function add(
  found: Map<number | string, SourcePlace[]>,
  target: number | string,
  place: SourcePlace,
): void {
  const places = found.get(target);
  if (places === undefined) found.set(target, [place]);
  else if (places.at(-1)!.line !== place.line || places.at(-1)!.path !== place.path) {
    places.push(place);
  }
}
