/** Files to the import graph. */
import { byCodeUnit, type FileState } from "../../../mod.ts";
import type { SourceFlaw } from "../scan/scanner.ts";
import { EDGE, type GraphFlaw, type ImportGraph, OPTIONAL, TYPE_CHECKING } from "./graph.ts";
import { moduleOf, PACKAGE, parentOf, STUB, STUB_PACKAGE } from "./modules.ts";
import { type Imported, Resolver, type Target } from "./resolve.ts";

/** What a file's scan gave, without line numbers. */
export interface FileImports {
  readonly imports: readonly Imported[];
  readonly flaw?: SourceFlaw;
}

/** A file that may be a module. */
export type SourceFile = Pick<FileState, "path" | "kind" | "digest">;

/** A file that is a module. */
export interface Part {
  readonly path: string;
  readonly kind: number;
  readonly imports: FileImports;
}

/**
 * Builds the graph.
 *
 * @param files Those that may be modules; others are passed over.
 * @param importsOf What a file imports; asked once for each module.
 *
 * Cost: linear in the number of imports. Deterministic: the order of `files` does not matter.
 */
export function buildGraph(
  pythonPath: string,
  files: readonly SourceFile[],
  importsOf: (file: SourceFile) => FileImports,
): ImportGraph {
  const parts = partsByModule(pythonPath, files, importsOf);
  const modules = [...parts.keys()].sort(byCodeUnit);
  const kinds = modules.map((name) => parts.get(name)!.reduce((bits, { kind }) => bits | kind, 0));
  const resolver = new Resolver(modules, kinds);
  const edges = modules.map((name) => edgesOf(name, parts.get(name)!, resolver));
  const named = new Set<string>();
  for (const { outside } of edges) for (const name of outside.keys()) named.add(name);
  const externals = [...named].sort(byCodeUnit);
  const placeOfExternal = new Map(externals.map((name, at) => [name, at]));
  return {
    pythonPath,
    modules,
    kinds,
    inside: edges.map(({ inside }) => encoded(inside, (place) => place)),
    externals,
    outside: edges.map(({ outside }) => encoded(outside, (name) => placeOfExternal.get(name)!)),
    flaws: [...parts.values()].flatMap(flawsOf).sort((a, b) => byCodeUnit(a.path, b.path)),
  };
}

function partsByModule(
  pythonPath: string,
  files: readonly SourceFile[],
  importsOf: (file: SourceFile) => FileImports,
): Map<string, Part[]> {
  const parts = new Map<string, Part[]>();
  for (const file of files) {
    if (file.kind === "absent" || file.kind === "module") continue;
    const module = moduleOf(file.path, pythonPath);
    if (module === undefined) continue;
    const part = { path: file.path, kind: module.kind, imports: importsOf(file) };
    const others = parts.get(module.name);
    if (others === undefined) parts.set(module.name, [part]);
    else others.push(part);
    for (let at = parentOf(module.name); at !== undefined && !parts.has(at); at = parentOf(at)) {
      parts.set(at, []);
    }
  }
  return parts;
}

/** Bits of edges by target. */
export interface Edges {
  readonly inside: ReadonlyMap<number, number>;
  readonly outside: ReadonlyMap<string, number>;
}

/** Where the files of one module lead. */
export function edgesOf(name: string, parts: readonly Part[], resolver: Resolver): Edges {
  const inside = new Map<number, number>();
  const outside = new Map<string, number>();
  const targets: Target[] = [];
  for (const { kind, imports: { imports } } of parts) {
    const isPackage = kind === PACKAGE || kind === STUB_PACKAGE;
    const isStub = kind === STUB || kind === STUB_PACKAGE;
    for (const imported of imports) {
      targets.length = 0;
      resolver.targets(name, isPackage, imported, targets);
      for (const target of targets) {
        const optional = imported.optional || target.optional === true;
        const bits = (imported.typeChecking || isStub ? TYPE_CHECKING : 0) |
          (optional ? OPTIONAL : 0);
        // One import that always happens is enough.
        if (target.inside !== undefined) join(inside, target.inside, bits);
        if (target.outside !== undefined) join(outside, target.outside, bits);
      }
    }
  }
  return { inside, outside };
}

function join<Key>(edges: Map<Key, number>, target: Key, bits: number): void {
  const known = edges.get(target);
  edges.set(target, known === undefined ? bits : known & bits);
}

/** Edges as numbers, in order. */
export function encoded<Key>(
  edges: ReadonlyMap<Key, number>,
  place: (key: Key) => number,
): number[] {
  return [...edges].map(([key, bits]) => place(key) * EDGE + bits).sort((a, b) => a - b);
}

export function flawsOf(parts: readonly Part[]): GraphFlaw[] {
  return parts.flatMap(({ path, imports: { flaw } }) =>
    flaw === undefined ? [] : [{ path, line: flaw.line, message: flaw.message }]
  );
}
