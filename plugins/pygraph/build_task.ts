/** The work of `pygraph.build`: the whole graph, written for those who need it. */
import { sha256, type TaskCall } from "../../mod.ts";
import { buildGraph, type Part, type SourceFile } from "./graph/build.ts";
import { decodeGraph, encodeGraph, filesOf, type GraphFlaw, placeOf } from "./graph/graph.ts";
import {
  type Changed,
  changedSince,
  entryOf,
  type LastBuild,
  readLastBuild,
  writeLastBuild,
} from "./graph/last_build.ts";
import { type Sources, sourcesOf } from "./graph/linked.ts";
import { moduleOf } from "./graph/modules.ts";
import { patchGraph } from "./graph/patch.ts";
import { Scans } from "./graph/scans.ts";

/** What was learned about files stays here between runs. */
const MEMORY = "._qik/state/pygraph-scans";
const LAST = "._qik/state/pygraph-build";
/** With more files than these changed, making the graph anew takes no longer. */
const MOST_PATCHED = 200;

/** What is known of a graph without reading it. */
type Facts = Pick<LastBuild, "graph" | "modules"> & { readonly flaws: readonly GraphFlaw[] };

/**
 * Makes the graph and writes it to `file`, relative to the root. Files that are not Python are told and do not fail
 * it: whoever runs them finds out, and mending them changes them.
 */
export async function runBuild(call: TaskCall, pythonPath: string, file: string): Promise<number> {
  const build = new Build(call, pythonPath, file, await sourcesOf(call.world, pythonPath));
  const { modules, flaws } = build.patched() ?? build.whole();
  for (const { path, line, message } of flaws) call.write("err", `${path}:${line}: ${message}\n`);
  call.write("out", `${modules} modules, ${build.scans.scanned} files read\n`);
  return 0;
}

class Build {
  readonly scans: Scans;
  readonly #call: TaskCall;
  readonly #pythonPath: string;
  readonly #graphPath: string;
  readonly #inputs: readonly SourceFile[];
  readonly #links: readonly string[];
  readonly #entries: readonly string[];
  /** Some file did not hold what its digest says: what came of it is nothing to go on from. */
  #isBlurred = false;

  constructor(call: TaskCall, pythonPath: string, file: string, { files, links }: Sources) {
    this.#call = call;
    this.#pythonPath = pythonPath;
    this.#graphPath = `${call.root}/${file}`;
    this.#inputs = files;
    this.#links = links;
    this.#entries = files.map(entryOf);
    this.scans = new Scans(call.files, call.root, `${call.root}/${MEMORY}`);
  }

  /** From nothing but what is remembered of each file. */
  whole(): Facts {
    const graph = buildGraph(this.#pythonPath, this.#inputs, (input) => this.#importsOf(input));
    const links = this.#links.length === 0 ? {} : { links: this.#links };
    return this.#keep({ ...graph, ...links }, true);
  }

  /** From the last graph; nothing where that is gone, or where files came or went. */
  patched(): Facts | undefined {
    const { files } = this.#call;
    const last = readLastBuild(files, `${this.#call.root}/${LAST}`);
    if (last === undefined || last.pythonPath !== this.#pythonPath) return undefined;
    if ((last.links ?? []).join("\0") !== this.#links.join("\0")) return undefined;
    const changed = changedSince(last, this.#inputs, this.#entries);
    if (changed === undefined || changed.length > MOST_PATCHED) return undefined;
    const bytes = files.read(this.#graphPath);
    if (bytes === undefined || sha256(bytes) !== last.graph) return undefined;
    const others = changed.filter((one) => !this.#importsTheSame(one));
    // Most edits change no import: then the graph is what it was.
    if (others.length === 0) return this.#note(last, false);
    const graph = decodeGraph(bytes);
    const inputs = new Map(this.#inputs.map((input) => [input.path, input]));
    const parts = new Map<string, readonly Part[]>();
    for (const { file } of others) {
      const name = moduleOf(file.path, this.#pythonPath)?.name;
      if (name === undefined) continue;
      const paths = filesOf(graph, placeOf(graph.modules, name));
      parts.set(name, paths.map((path) => this.#partOf(inputs.get(path)!)));
    }
    return this.#keep(patchGraph(graph, parts), false);
  }

  #importsTheSame({ file, digestBefore }: Changed): boolean {
    if (file.kind === "link" || moduleOf(file.path, this.#pythonPath) === undefined) return false;
    const before = this.scans.textOf(digestBefore);
    this.#importsOf(file);
    return before !== undefined && before === this.scans.textOf(file.digest);
  }

  #importsOf(input: SourceFile): Part["imports"] {
    this.#call.stop.throwIfAborted();
    return this.scans.of(input, (path) => {
      this.#isBlurred = true;
      this.#call.changed(path);
    });
  }

  #partOf(input: SourceFile): Part {
    const { kind } = moduleOf(input.path, this.#pythonPath)!;
    return { path: input.path, kind, imports: this.#importsOf(input) };
  }

  #keep(graph: ReturnType<typeof buildGraph>, all: boolean): Facts {
    const bytes = encodeGraph(graph);
    this.#call.files.writeAtomic(this.#graphPath, bytes);
    const { modules: { length: modules }, flaws } = graph;
    return this.#note({ graph: sha256(bytes), modules, flaws }, all);
  }

  #note({ graph, modules, flaws }: Facts, all: boolean): Facts {
    const { files, root } = this.#call;
    this.scans.save(all);
    const links = this.#links.length === 0 ? {} : { links: this.#links };
    const facts = { pythonPath: this.#pythonPath, graph, modules, flaws, ...links };
    if (!this.#isBlurred) {
      writeLastBuild(files, `${root}/${LAST}`, { ...facts, files: this.#entries });
    }
    return facts;
  }
}
