/** Import linting: what the files in a fence import from outside of it. */
import { type DepWorld, type Fence, isFenced, isInside } from "../../mod.ts";
import { Distributions } from "./distributions.ts";
import { EDGE, filesOf, type ImportGraph, TYPE_CHECKING } from "./graph/graph.ts";
import { moduleOf } from "./graph/modules.ts";
import { Places, type SourcePlace } from "./places.ts";
import type { Project } from "./names.ts";

/** One import that is not allowed, or a file that cannot be read. */
export interface Violation {
  readonly path: string;
  /** 0 for an edge that the settings add. */
  readonly line: number;
  readonly kind: "internal" | "external" | "syntax";
  /** The importing module. */
  readonly module: string;
  /** What it imports: a module, or a name outside of the repository; `""` for a broken file. */
  readonly imports: string;
  readonly message: string;
}

/** What is checked. */
export interface CheckRequest {
  readonly project: Project;
  readonly graph: ImportGraph;
  readonly fence: Fence;
  readonly world: DepWorld;
}

/** @returns In the order of paths and lines. */
export async function violationsOf(request: CheckRequest): Promise<Violation[]> {
  const { graph, fence, world } = request;
  const found: Violation[] = [];
  const checked = graph.modules.map((_, module) => module)
    .filter((module) => filesOf(graph, module).some((path) => isFenced(fence, path)));
  const places = new Places(graph, world);
  for (const module of checked) internal(request, places, module, found);
  await external(request, places, checked, found);
  for (const { path, line, message } of graph.flaws) {
    if (!isFenced(fence, path)) continue;
    const module = moduleOf(path, graph.pythonPath)?.name ?? "";
    found.push({ path, line, kind: "syntax", module, imports: "", message });
  }
  return distinct(found).sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line
  );
}

function counts({ project }: CheckRequest, edge: number): boolean {
  return !project.settings["ignore-type-checking"] || (edge & TYPE_CHECKING) === 0;
}

function internal(
  request: CheckRequest,
  places: Places,
  module: number,
  found: Violation[],
): void {
  const { graph, fence } = request;
  for (const edge of graph.inside[module]!) {
    const target = Math.floor(edge / EDGE);
    const files = filesOf(graph, target);
    if (
      !counts(request, edge) || files.length === 0 || files.some((path) => isInside(fence, path))
    ) {
      continue;
    }
    const imports = graph.modules[target]!;
    const message =
      `imports "${imports}" (${files[0]}), which lies outside of the fence of space ` +
      `"${fence.space}"`;
    for (const place of placesOrFile(graph, module, places.of(module, { inside: target }))) {
      add(request, module, place, found, { kind: "internal", imports, message });
    }
  }
}

async function external(
  request: CheckRequest,
  places: Places,
  checked: readonly number[],
  found: Violation[],
): Promise<void> {
  const { graph, project, fence, world } = request;
  const distributions = new Distributions(world, project.config.pydist);
  for (const module of checked) {
    for (const edge of graph.outside[module]!) {
      // One that may fail is allowed to.
      if (edge % EDGE !== 0) continue;
      const name = graph.externals[Math.floor(edge / EDGE)]!;
      const origin = await distributions.origin(name);
      if (origin.kind !== "unknown" && origin.kind !== "gone") continue;
      const lacks = `which the environment of space "${fence.space}" does not have`;
      const why = origin.kind === "gone"
        ? `which Python has up to 3.${origin.last} and 3.${origin.now} lacks`
        : lacks;
      for (const place of placesOrFile(graph, module, places.of(module, { outside: name }))) {
        const imports = await namedThere(distributions, place, name);
        add(request, module, place, found, {
          kind: "external",
          imports,
          message: `imports "${imports}", ${why}`,
        });
      }
    }
  }
}

/**
 * What is said to be missing: the module as the statement names it, for `requests` and not `requests.get` is what
 * somebody installs. Where the environment has something of that module, the whole name.
 */
async function namedThere(
  distributions: Distributions,
  { module }: SourcePlace,
  name: string,
): Promise<string> {
  if (module === "") return name;
  const { kind } = await distributions.origin(module);
  return kind === "unknown" || kind === "gone" ? module : name;
}

/** The file alone for an edge that the settings add. */
function placesOrFile(
  graph: ImportGraph,
  module: number,
  places: readonly SourcePlace[],
): readonly SourcePlace[] {
  const path = filesOf(graph, module)[0] ?? graph.modules[module]!;
  return places.length > 0 ? places : [{ path, line: 0, module: "" }];
}

function add(
  { graph }: CheckRequest,
  module: number,
  { path, line }: SourcePlace,
  found: Violation[],
  what: Pick<Violation, "kind" | "imports" | "message">,
): void {
  found.push({ path, line, ...what, module: graph.modules[module]! });
}

/** One statement may import several names of one module: it is told once. */
function distinct(violations: readonly Violation[]): Violation[] {
  return [
    ...new Map(violations.map((one) => [`${one.path}\0${one.line}\0${one.message}`, one])).values(),
  ];
}
