/** The import graph for `qik :graph imports`: modules of the repository and what they import of it. */
import type { MetaCall, Picture } from "../../mod.ts";
import { EDGE } from "./graph/graph.ts";
import type { GraphReader } from "./graph_reader.ts";
import type { Settings } from "./names.ts";
import { Places } from "./places.ts";

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
    places: (from, to) => places.of(from, { inside: to }),
  };
}
