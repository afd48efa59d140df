/** `qik :pygraph check`: the violations of fences as values for other programs. */
import {
  type MetaCall,
  nearest,
  openFences,
  type PluginHost,
  type SpaceConfig,
} from "../../mod.ts";
import { type Violation, violationsOf } from "./check.ts";
import { line } from "./check_task.ts";
import type { GraphReader } from "./graph_reader.ts";
import type { Settings } from "./names.ts";

/** @throws {QikError} `usage`, `space-unknown`. @returns 1 where anything is not allowed. */
export async function runCheckMeta(
  call: MetaCall<Settings>,
  host: PluginHost,
  reader: GraphReader,
): Promise<number> {
  const { project, words: [word] } = call;
  if (word !== "check") {
    const message = `Cannot find "${word}" among the actions of ":pygraph"`;
    throw host.problem({ code: "usage", message, hint: "There is check" });
  }
  const spaces = spacesOf(call, host);
  const code = await call.runTasks([`${project.plugin.name}.build`]);
  if (code !== 0) return code;
  const all: (Violation & { readonly space: string })[] = [];
  const fences = openFences(project.config.spaces, project.fill);
  for (const space of spaces) {
    const fence = fences.get(space.name);
    if (fence === undefined) continue;
    const world = call.world(space);
    const graph = reader.read(world, project);
    const found = await violationsOf({ project, graph, fence, world });
    all.push(...found.map((one) => ({ space: space.name, ...one })));
  }
  if (call.json) call.write("out", `${JSON.stringify(all, null, 2)}\n`);
  else for (const violation of all) call.write("out", line(violation));
  return all.length === 0 ? 0 : 1;
}

function spacesOf({ project, options }: MetaCall<Settings>, host: PluginHost): SpaceConfig[] {
  const { spaces } = project.config;
  const given = options["space"];
  if (!Array.isArray(given) || given.length === 0) return [...spaces];
  return given.map((name: string) => {
    const space = spaces.find((one) => one.name === name);
    if (space !== undefined) return space;
    const near = nearest(name, spaces.map((one) => one.name)).map((other) => `"${other}"`);
    throw host.problem({
      code: "space-unknown",
      message: `Cannot find the space "${name}"`,
      ...(near.length > 0 && { hint: `Did you mean ${near.join(", ")}?` }),
    });
  });
}
