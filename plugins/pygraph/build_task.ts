/** The work of `pygraph.build`: the whole graph, written for those who need it. */
import type { TaskCall } from "../../mod.ts";
import { buildGraph } from "./graph/build.ts";
import { encodeGraph } from "./graph/graph.ts";
import { Scans } from "./graph/scans.ts";
import { sourceGlobs } from "./names.ts";

/** What was learned about files stays here between runs. */
const MEMORY = "._qik/state/pygraph-scans";

/**
 * Builds the graph and writes it to `file`, relative to the root. Files that are not Python are told and do not fail
 * it: whoever runs them finds out, and mending them changes them.
 */
export async function runBuild(call: TaskCall, pythonPath: string, file: string): Promise<number> {
  const inputs = await call.world.inputs(sourceGlobs(pythonPath));
  const scans = new Scans(call.files, call.root, `${call.root}/${MEMORY}`);
  const graph = buildGraph(pythonPath, inputs, (input) => {
    call.stop.throwIfAborted();
    return scans.of(input, call.changed);
  });
  scans.save();
  call.files.writeAtomic(`${call.root}/${file}`, encodeGraph(graph));
  for (const { path, line, message } of graph.flaws) {
    call.write("err", `${path}:${line}: ${message}\n`);
  }
  call.write("out", `${graph.modules.length} modules, ${scans.scanned} files read\n`);
  return 0;
}
