/** The graph as `pygraph.build` wrote it, with the links of the settings. */
import { type DepWorld, nearest, type PluginHost } from "../../mod.ts";
import { decodeGraph, type ImportGraph } from "./graph/graph.ts";
import { withLinks } from "./graph/links.ts";
import { stdlibModules } from "./stdlib.ts";
import { graphFile, type Project } from "./names.ts";

/** Reads graphs. One that was read a moment ago is not parsed again: a run may write hundreds of locks. */
export class GraphReader {
  readonly #host: PluginHost;
  #last:
    | { readonly bytes: Uint8Array; readonly links: string; readonly graph: ImportGraph }
    | undefined;

  constructor(host: PluginHost) {
    this.#host = host;
  }

  /** @throws {QikError} `dep-unreadable`; `pyimport-unknown` for a link that names no module. */
  read(world: Pick<DepWorld, "file">, project: Project): ImportGraph {
    const file = graphFile(project);
    const bytes = world.file(file);
    if (bytes === undefined) throw this.#unreadable(file, "there is no such file");
    const links = JSON.stringify(project.settings.links ?? {});
    if (this.#last?.links === links && equalBytes(this.#last.bytes, bytes)) return this.#last.graph;
    const plain = this.#decode(file, bytes);
    const graph = withLinks(
      plain,
      project.settings.links ?? {},
      (name) => this.unknownModule(plain, name),
    );
    this.#last = { bytes, links, graph };
    return graph;
  }

  /** The error for a name that is no module of the graph, with the nearest ones. */
  unknownModule(graph: ImportGraph, name: string): Error {
    const near = nearest(name, graph.modules).map((other) => `"${other}"`).join(", ");
    const hint = near === "" ? outsideHint(graph, name) : { hint: `Did you mean ${near}?` };
    const below = graph.pythonPath === "" ? "" : ` below "${graph.pythonPath}"`;
    const message = `Cannot find the Python module "${name}"${below}`;
    return this.#host.problem({ code: "pyimport-unknown", message, ...hint });
  }

  #decode(file: string, bytes: Uint8Array): ImportGraph {
    try {
      return decodeGraph(bytes);
    } catch (error) {
      throw this.#unreadable(file, error instanceof Error ? error.message : String(error));
    }
  }

  #unreadable(file: string, why: string): Error {
    return this.#host.problem({
      code: "dep-unreadable",
      message: `Cannot read the import graph in "${file}": ${why}`,
      hint: "Remove the file and run again",
    });
  }
}

/** Names that are modules, but nobody's files. */
function outsideHint({ externals }: ImportGraph, name: string): { readonly hint?: string } {
  const top = name.split(".", 1)[0]!;
  if (stdlibModules().has(top)) {
    return { hint: `"${top}" is Python's own: name a module of the repository` };
  }
  const isImported = externals.some((one) => one === top || one.startsWith(`${top}.`));
  if (!isImported) return {};
  return { hint: `The repository has no file of it: depend on {type = "pydist", name = "${top}"}` };
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
