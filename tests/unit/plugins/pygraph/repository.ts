/** Python files of a repository that is on paper, and the graph of them. */
import { createHash } from "node:crypto";
import {
  buildGraph,
  type FileImports,
  type SourceFile,
} from "../../../../plugins/pygraph/graph/build.ts";
import { EDGE, type ImportGraph } from "../../../../plugins/pygraph/graph/graph.ts";
import { scanImports } from "../../../../plugins/pygraph/scan/scanner.ts";

export type Sources = Readonly<Record<string, string>>;

/** As the tree of inputs tells a file. */
export function fileOf(path: string, text: string): SourceFile {
  const bytes = new TextEncoder().encode(text);
  const hex = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  return { path, kind: "file", digest: `sha1:${hex}` };
}

export function importsOf(text: string): FileImports {
  return scanImports(new TextEncoder().encode(text));
}

/** @param pythonPath As in `[defaults]`. */
export function graphOf(sources: Sources, pythonPath = ""): ImportGraph {
  const files = Object.entries(sources).map(([path, text]) => fileOf(path, text));
  return buildGraph(pythonPath, files, ({ path }) => importsOf(sources[path]!));
}

const MARKS = ["", " T", " ?", " T?"];

/** `importer -> imported`, with `T` for type checkers' edges and `?` for those that may fail. */
export function edgesIn({ modules, inside, externals, outside }: ImportGraph): string[] {
  return modules.flatMap((name, at) => [
    ...inside[at]!.map((edge) =>
      `${name} -> ${modules[Math.floor(edge / EDGE)]}${MARKS[edge % EDGE]}`
    ),
    ...outside[at]!.map((edge) =>
      `${name} -> (${externals[Math.floor(edge / EDGE)]})${MARKS[edge % EDGE]}`
    ),
  ]);
}
