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
  readonly #known = new Map<number, readonly (readonly [Target, SourcePlace])[]>();

  constructor(graph: ImportGraph, world: Pick<DepWorld, "file">) {
    this.#graph = graph;
    this.#world = world;
    this.#resolver = new Resolver(graph.modules, graph.kinds);
  }

  /** Lines of a module that make the edge, in order; none for one that was added by hand. */
  of(module: number, target: EdgeTarget): SourcePlace[] {
    const found = this.#targets(module).filter(([one]) =>
      "inside" in target ? one.inside === target.inside : one.outside === target.outside
    );
    const places = found.map(([, place]) => place);
    return places.filter(({ path, line }, at) =>
      at === 0 || places[at - 1]!.path !== path || places[at - 1]!.line !== line
    );
  }

  #targets(module: number): readonly (readonly [Target, SourcePlace])[] {
    const known = this.#known.get(module);
    if (known !== undefined) return known;
    const found: (readonly [Target, SourcePlace])[] = [];
    const name = this.#graph.modules[module]!;
    for (const path of filesOf(this.#graph, module)) {
      const kind = moduleOf(path, this.#graph.pythonPath)?.kind;
      const isPackage = kind === PACKAGE || kind === STUB_PACKAGE;
      for (const imported of scan(this.#world.file(path) ?? new Uint8Array()).imports) {
        const targets: Target[] = [];
        this.#resolver.targets(name, isPackage, imported, targets);
        for (const target of targets) {
          found.push([target, { path, line: imported.line, module: imported.module }]);
        }
      }
    }
    this.#known.set(module, found);
    return found;
  }
}
