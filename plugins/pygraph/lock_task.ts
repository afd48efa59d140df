/** The work of `pygraph.lock`: what one module needs, in one space. */
import { nearest, type PluginHost, type Problem, type TaskCall } from "../../mod.ts";
import { Distributions } from "./distributions.ts";
import { familyOf, filesOf, type ImportGraph, placeOf } from "./graph/graph.ts";
import { type ExternalUse, reachOf } from "./graph/reach.ts";
import type { GraphReader } from "./graph_reader.ts";
import { BYTE_CODE, literal, lockFile, type Project } from "./names.ts";
import { Places } from "./places.ts";

/** What a lock file holds: the form that the `load` dependency reads, too. */
export interface Lock {
  /** Pathspecs. */
  readonly globs: readonly string[];
  readonly pydists: readonly string[];
}

/** So many unknown imports are told at most. */
const MOST_TOLD = 20;

/** Writes the lock file of `call.args.pyimport`. @throws {QikError} `pyimport-unknown`, `import-unknown`. */
export async function runLock(
  call: TaskCall,
  project: Project,
  { host, reader }: { readonly host: PluginHost; readonly reader: GraphReader },
): Promise<number> {
  const pyimport = call.args["pyimport"] ?? "";
  const graph = reader.read(call.world, project);
  const family = familyOf(graph, pyimport);
  if (family.length === 0) throw reader.unknownModule(graph, pyimport);
  const ignoreTypeChecking = project.settings["ignore-type-checking"] ?? false;
  const { modules, externals } = reachOf(graph, family, { ignoreTypeChecking });
  const lock: Lock = {
    globs: globsOf(graph, family, modules),
    pydists: project.settings["ignore-pydists"]
      ? []
      : await pydistsOf(call, project, graph, externals, host),
  };
  const text = new TextEncoder().encode(`${JSON.stringify(lock, null, 1)}\n`);
  call.files.writeAtomic(`${call.root}/${lockFile(project, call.space.name, pyimport)}`, text);
  call.write("out", `${modules.length} modules, ${lock.pydists.length} distributions\n`);
  return 0;
}

/** The module's files, everything below its directory but byte code, and the files of what it imports. */
function globsOf(
  graph: ImportGraph,
  family: readonly number[],
  modules: readonly number[],
): string[] {
  const path = graph.modules[family[0]!]!.replaceAll(".", "/");
  const directory = graph.pythonPath === "" ? path : `${graph.pythonPath}/${path}`;
  // What lies behind a link is an input where the link is; no pathspec of git's looks behind one.
  const behind = (file: string) => graph.links?.find((link) => file.startsWith(`${link}/`)) ?? file;
  const files = [
    ...new Set(modules.flatMap((module) => filesOf(graph, module).map(behind))),
  ];
  const below = files.some((file) => file.startsWith(`${directory}/`));
  const others = files.filter((file) => !below || !file.startsWith(`${directory}/`));
  const globs = [...below ? [`${directory}/**`] : [], ...others].map(literal).sort();
  return below ? [...globs, BYTE_CODE] : globs;
}

async function pydistsOf(
  call: TaskCall,
  project: Project,
  graph: ImportGraph,
  externals: readonly ExternalUse[],
  host: PluginHost,
): Promise<string[]> {
  const { pydist } = project.config;
  const distributions = new Distributions(call.world, pydist);
  const found = new Set<string>();
  const unknown: ExternalUse[] = [];
  for (const use of externals) {
    const origin = await distributions.origin(graph.externals[use.external]!);
    if (origin.kind === "known") origin.dists.forEach((dist) => found.add(dist));
    else if (origin.kind === "unknown" && !use.optional) unknown.push(use);
  }
  if (unknown.length > 0 && !pydist.ignoreMissingModules) {
    throw host.problem(unknownImports(call, graph, unknown));
  }
  return [...found].sort();
}

/** One problem for each top-level name, at the first line that imports it. */
function unknownImports(
  call: TaskCall,
  graph: ImportGraph,
  unknown: readonly ExternalUse[],
): Problem[] {
  const places = new Places(graph, call.world);
  const known = [
    ...graph.modules.filter((name) => !name.includes(".")),
    ...call.world.packages()?.names() ?? [],
  ];
  const firsts = new Map<string, ExternalUse>();
  for (const use of unknown) {
    const top = graph.externals[use.external]!.split(".", 1)[0]!;
    if (!firsts.has(top)) firsts.set(top, use);
  }
  return [...firsts].slice(0, MOST_TOLD).map(([top, { external, module }]) => {
    const name = graph.externals[external]!;
    const [place] = places.of(module, { outside: name });
    // A directory of the repository may have that name, and not what is imported from it.
    const isHere = placeOf(graph.modules, top) >= 0;
    const near = isHere ? nearest(name, graph.modules) : nearest(top, known);
    const where = place === undefined ? graph.modules[module]! : `${place.path}:${place.line}`;
    return {
      code: "import-unknown",
      message:
        `Cannot find the module "${
          isHere ? name : top
        }" that ${where} imports: the repository does not ` +
        `have it, nor the environment of space "${call.space.name}"`,
      hint: near.length > 0
        ? `Did you mean ${near.map((other) => `"${other}"`).join(", ")}?`
        : `Install it, or name its distribution: [pydist] modules = {${top} = "…"}, "" for none`,
    };
  });
}
