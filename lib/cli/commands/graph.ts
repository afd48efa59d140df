import { nearest } from "../../base/nearest.ts";
import { QikError } from "../../base/problems.ts";
import type { Plan } from "../../plan/types.ts";
import type { PluginGraph } from "../../plugin/api.ts";
import type { EdgePlace, Picture } from "../../plugin/picture.ts";
import { type Format, renderPicture } from "../graph/render.ts";
import { nearestOf, shortestWay } from "../graph/walk.ts";
import type { MetaCall } from "../meta_spec.ts";
import type { AppParts, Exit } from "../parts.ts";
import { callPlugin } from "../plugin_metas.ts";
import { openProject, type Project } from "../project.ts";

/**
 * `qik :graph [tasks|imports]`: a graph as a whole, or with `--why A B` the shortest way from A to B. Exits with 1
 * where there is no way.
 */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const project = await openProject(parts, call.invocation);
  const why = call.options["why"] === true;
  const [first, ...rest] = call.words;
  const named = first !== undefined && (!why || call.words.length === 3);
  const name = named ? first : "tasks";
  const ends = named ? rest : call.words;
  if (why ? ends.length !== 2 : ends.length > 0) {
    throw usage(why ? "--why takes two names" : `Cannot use "${ends[0]}" without --why`);
  }
  const tasks = taskPicture(project.plan);
  if (why && !named) refuseOneName(project, tasks, ends);
  if (name === "tasks") return { code: show(parts, call, tasks, ends) };
  return await showPlugins(parts, call, project, name, ends);
}

/** `--why imports A` is about the graph of imports, and lacks a name. */
function refuseOneName(
  project: Project,
  { nodes }: Picture,
  [first, second]: readonly string[],
): void {
  const graphs = ["tasks", ...pluginGraphs(project).map(({ graph }) => graph.name)];
  if (!graphs.includes(first!) || nodes.includes(first!)) return;
  throw usage(
    `--why takes two names, and "${first}" is the name of a graph`,
    `Say from where to where: qik :graph ${first} --why ${second} OTHER`,
  );
}

function pluginGraphs({ view: { config, plugins } }: Project) {
  return config.plugins.flatMap((entry) =>
    (plugins.get(entry.source)?.graphs ?? []).map((graph) => ({ entry, graph }))
  );
}

async function showPlugins(
  parts: AppParts,
  call: MetaCall,
  project: Project,
  name: string,
  ends: readonly string[],
): Promise<Exit> {
  const graphs = pluginGraphs(project);
  const found = graphs.find(({ graph }) => graph.name === name);
  if (found === undefined) throw unknownGraph(name, graphs.map(({ graph }) => graph));
  return await callPlugin(found.entry, project, parts, call, async (handed) => {
    const picture = await found.graph.load(handed as never);
    return typeof picture === "number" ? picture : show(parts, call, picture, ends);
  });
}

/** Tasks, and those that each waits for. */
function taskPicture({ tasks }: Plan): Picture {
  return {
    nodes: tasks.map(({ name }) => name),
    edges: tasks.flatMap(({ index, needs }) => needs.map(({ task }) => [index, task] as const)),
  };
}

function show(
  { sys }: AppParts,
  { options, json }: MetaCall,
  picture: Picture,
  ends: readonly string[],
): number {
  const write = (text: string) => sys.terminal.write("out", new TextEncoder().encode(text));
  const format = (json ? "json" : options["format"] ?? "text") as Format;
  if (ends.length === 0) {
    write(renderPicture(picture, format));
    return 0;
  }
  const steps = stepsBetween(picture, ends as [string, string]);
  if (format === "json") write(`${JSON.stringify({ way: steps }, null, 2)}\n`);
  else if (steps.length === 0) write(`${ends[0]} does not lead to ${ends[1]}\n`);
  for (const step of format === "json" ? [] : steps) {
    const places = step.at.map(({ path, line }) => ` ${path}:${line}`).join("");
    write(`${step.from} -> ${step.to}${places}\n`);
  }
  return steps.length === 0 ? 1 : 0;
}

/** One edge of a way. */
interface Step {
  readonly from: string;
  readonly to: string;
  readonly at: readonly EdgePlace[];
}

/** The shortest way; none where there is no way. The end may be something outside that the picture knows. */
function stepsBetween(picture: Picture, [start, end]: readonly [string, string]): Step[] {
  const { nodes } = picture;
  const from = nodeOf(picture, start);
  const inside = nodes.indexOf(end);
  if (inside >= 0) return stepsOf(picture, shortestWay(picture, from, inside) ?? []);
  const beyond = picture.beyond?.(end);
  if (beyond === undefined || beyond.from.length === 0) nodeOf(picture, end);
  const last = nearestOf(picture, from, beyond!.from);
  if (last === undefined) return [];
  const way = last === from ? [from] : shortestWay(picture, from, last)!;
  const at = beyond!.places(last);
  return [...stepsOf(picture, way), { from: nodes[last]!, to: end, at }];
}

function stepsOf({ nodes, places }: Picture, way: readonly number[]): Step[] {
  return way.slice(1).map((node, at) => ({
    from: nodes[way[at]!]!,
    to: nodes[node]!,
    at: places?.(way[at]!, node) ?? [],
  }));
}

function nodeOf({ nodes, beyond }: Picture, name: string): number {
  const at = nodes.indexOf(name);
  if (at >= 0) return at;
  const near = nearest(name, nodes).map((other) => `"${other}"`).join(", ");
  throw usage(
    `Cannot find "${name}" in the graph`,
    beyond?.(name)?.what ?? (near === "" ? undefined : `Did you mean ${near}?`),
  );
}

function unknownGraph(name: string, graphs: readonly Pick<PluginGraph, "name">[]): QikError {
  const known = ["tasks", ...graphs.map((graph) => graph.name)];
  const [near] = nearest(name, known);
  const hint = name === "imports" && graphs.length === 0
    ? 'It comes with a plugin: add pygraph = "qik.pygraph" to [plugins]'
    : near === undefined
    ? `There are ${known.join(", ")}`
    : `Did you mean "${near}"?`;
  return usage(`Cannot find the graph "${name}"`, hint);
}

function usage(message: string, hint = "See: qik :graph --help"): QikError {
  return new QikError({ code: "usage", message, hint });
}
