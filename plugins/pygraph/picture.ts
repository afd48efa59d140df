/** The import graph for `qik :graph imports`: modules of the repository and what they import of it. */
import { type Beyond, byCodeUnit, type EdgePlace, type MetaCall, type Picture } from "../../mod.ts";
import { EDGE, type ImportGraph } from "./graph/graph.ts";
import type { GraphReader } from "./graph_reader.ts";
import type { Settings } from "./names.ts";
import { Places, type SourcePlace } from "./places.ts";
import { stdlibModules } from "./stdlib.ts";

/** Builds the graph where it is not up to date. @returns The exit code where it cannot be built. */
export async function importPicture(
  call: MetaCall<Settings>,
  reader: GraphReader,
): Promise<Picture | number> {
  const { project } = call;
  const code = await call.runTasks([`${project.plugin.name}.build`]);
  if (code !== 0) return code;
  const world = call.world(project.config.spaces[0]!);
  const graph = reader.read(world, project);
  const places = new Places(graph, world);
  return {
    nodes: graph.modules,
    edges: graph.inside.flatMap((targets, from) =>
      [...new Set(targets.map((edge) => Math.floor(edge / EDGE)))].map((to) => [from, to] as const)
    ),
    places: (from, to) => distinct(places.of(from, { inside: to })),
    beyond: (name) => beyond(graph, places, name),
  };
}

/** What lies outside of the repository: Python's own modules and those of distributions. */
function beyond(graph: ImportGraph, places: Places, name: string): Beyond | undefined {
  const top = name.split(".", 1)[0]!;
  const isOwn = stdlibModules().has(top);
  // Of modules that every Python has no more than the top is remembered.
  const known = (external: string) =>
    external === name || external.startsWith(`${name}.`) || (isOwn && external === top);
  const found = new Map(
    graph.externals.flatMap((external, at) => known(external) ? [[at, external] as const] : []),
  );
  if (found.size === 0 && !isOwn) return undefined;
  const importedBy = (module: number) =>
    graph.outside[module]!.flatMap((edge) => found.get(Math.floor(edge / EDGE)) ?? []);
  const from = graph.modules.flatMap((_, at) => importedBy(at).length > 0 ? [at] : []);
  return {
    from,
    places: (module) =>
      distinct(importedBy(module).flatMap((outside) => places.of(module, { outside }))),
    what: isOwn
      ? `"${top}" is Python's own; the graph holds the repository's modules, and ways may end outside`
      : `"${name}" lies outside of the repository; ways may end there, but not begin`,
  };
}

/** In order, each once: `from x import y, z` leads to `x.y` and `x.z`. */
function distinct(places: readonly SourcePlace[]): EdgePlace[] {
  return places.map(({ path, line }) => ({ path, line }))
    .sort((a, b) => byCodeUnit(a.path, b.path) || a.line - b.line)
    .filter(({ path, line }, at, all) => all[at - 1]?.path !== path || all[at - 1]?.line !== line);
}
