/**
 * The Python import graph: dependencies on what a module imports, and import linting.
 *
 * `pygraph.build` writes the whole graph, `pygraph.lock` what one module needs, `pygraph.check` lints. Only the plan
 * of these is made here; what they do is loaded when it is done, so that a warm run reads lock files and no more.
 *
 * @module
 */
import {
  definePlugin,
  type DepPlace,
  type DepWorld,
  type Fact,
  type LateDep,
  type NeedRequest,
  type PlannedDep,
  type PluginHost,
  type SpaceConfig,
  type TaskSpec,
} from "../../mod.ts";
import type { GraphReader } from "./graph_reader.ts";
import { cacheOf, graphFile, lockFile, type Project, type Settings, sourceGlobs } from "./names.ts";

/** Changes with the meaning of what the tasks write. */
const VERSION = "3";

interface DepSettings {
  readonly pyimport?: string | undefined;
  readonly name?: string | undefined;
}

export default definePlugin((host) => {
  const reader = lazyReader(host);
  return {
    name: "pygraph",
    settings: async () => (await import("./settings.ts")).settingsSchema,
    deps: [
      host.depType<DepSettings>({
        kind: "pygraph",
        aliases: ["module"],
        schema: async () => (await import("./settings.ts")).depSchema,
        plan: (settings, place) => planDep(host, settings, place),
      }),
    ],
    commands: [
      host.command<Settings>({
        name: "build",
        description: "The import graph of all Python files",
        hidden: true,
        tasks: ({ config }) => [{ space: config.spaces[0]!, args: {} }],
        task: (_, project) => buildTask(project),
      }),
      host.command<Settings>({
        name: "lock",
        description: "The files and distributions that a Python module needs",
        hidden: true,
        task: ({ space, args }, project) => lockTask(host, reader, project, space, args),
      }),
      host.command<Settings>({
        name: "check",
        description: "Lints the imports of every space with a fence",
        tasks: ({ config }) =>
          config.spaces.filter(({ fence }) => fence !== undefined)
            .map((space) => ({ space, args: {} })),
        task: ({ space }, project) => checkTask(reader, project, space),
      }),
    ],
    graphs: [{
      name: "imports",
      load: async (call) => (await import("./picture.ts")).importPicture(call, await reader()),
    }],
    meta: [
      host.meta<Settings>({
        name: "pygraph",
        description: "Prints the imports that leave their fence, as `pygraph.check` finds them",
        words: ["<check>"],
        options: [{
          flags: "-s, --space <name>",
          text: "of this space; of every space with a fence where it is not given",
          many: true,
        }],
        run: async (call) =>
          (await import("./check_meta.ts")).runCheckMeta(call, host, await reader()),
      }),
    ],
  };
});

type Reader = () => Promise<GraphReader>;

function lazyReader(host: PluginHost): Reader {
  let reader: GraphReader | undefined;
  return async () => {
    const { GraphReader } = await import("./graph_reader.ts");
    return reader ??= new GraphReader(host);
  };
}

function buildTask(project: Project): TaskSpec {
  const { pythonPath } = project.config.defaults;
  const file = graphFile(project);
  return {
    exec: {
      version: VERSION,
      sealed: true,
      run: async (call) => (await import("./build_task.ts")).runBuild(call, pythonPath, file),
    },
    deps: [
      { kind: "pygraph", globs: sourceGlobs(pythonPath), unwritten: true },
      { kind: "pygraph", facts: [{ label: "python-path", read: () => pythonPath }] },
      { kind: "pygraph", unwritten: true, late: (world) => linkedDep(world, pythonPath) },
    ],
    artifacts: [file],
    // The graph is the same whatever is installed, and need not wait until it is.
    outsideVenv: true,
    cache: cacheOf(project, "build"),
  };
}

/** Where directories are found through links, and the Python files in them that are no inputs anyway. */
async function linkedDep(world: DepWorld, pythonPath: string): Promise<LateDep> {
  const links = await world.linkedDirectories(pythonPath, sourceGlobs(pythonPath));
  if (links.length === 0) return { globs: [], facts: [] };
  const { linkedPlaces } = await import("./graph/linked.ts");
  const places = await linkedPlaces(world, pythonPath);
  const isBelow = (path: string) => pythonPath === "" || `${path}/`.startsWith(`${pythonPath}/`);
  const others = new Set(places.map(({ target }) => target).filter((path) => !isBelow(path)));
  const text = JSON.stringify(places.map(({ at, target }) => [at, target]));
  return {
    globs: [...others].flatMap(sourceGlobs),
    facts: [{ label: "linked directories", read: () => text }],
  };
}

function lockTask(
  host: PluginHost,
  reader: Reader,
  project: Project,
  space: SpaceConfig,
  args: Readonly<Record<string, string>>,
): TaskSpec {
  return {
    exec: {
      version: VERSION,
      sealed: true,
      run: async (call) => {
        const { runLock } = await import("./lock_task.ts");
        return runLock(call, project, { host, reader: await reader() });
      },
    },
    deps: [graphDep(project), settingsDep(project), environmentDep(project)],
    artifacts: [lockFile(project, space.name, args["pyimport"] ?? "")],
    cache: cacheOf(project, "lock"),
  };
}

function checkTask(reader: Reader, project: Project, space: SpaceConfig): TaskSpec {
  return {
    exec: {
      version: VERSION,
      run: async (call) => {
        const { runCheck } = await import("./check_task.ts");
        return runCheck(call, project, await reader());
      },
    },
    deps: [
      graphDep(project),
      settingsDep(project),
      environmentDep(project),
      {
        kind: "pygraph",
        late: async () => (await import("./check_task.ts")).fenceDep(project, space),
      },
      {
        kind: "pygraph",
        facts: [{ label: "env GITHUB_ACTIONS", read: (world) => world.env("GITHUB_ACTIONS") }],
      },
    ],
    cache: cacheOf(project, "check"),
  };
}

function graphDep({ plugin }: Project): PlannedDep {
  const build: NeedRequest = { command: `${plugin.name}.build`, strict: false, orderOnly: false };
  return { kind: "pygraph", needs: [build] };
}

/** Settings that decide what is made of the graph. */
function settingsDep({ settings }: Project): PlannedDep {
  const { links, "ignore-type-checking": typing, "ignore-pydists": pydists } = settings;
  const text = JSON.stringify([links ?? {}, typing ?? false, pydists ?? false]);
  return { kind: "pygraph", facts: [{ label: "pygraph settings", read: () => text }] };
}

/** What is installed, where distributions are looked up at all. */
function environmentDep({ settings, config: { pydist } }: Project): PlannedDep {
  if (settings["ignore-pydists"]) return { kind: "pygraph" };
  const read: Fact["read"] = async (world) =>
    (await import("./distributions.ts")).environmentText(world, pydist);
  return { kind: "pygraph", facts: [{ label: "python environment", read }] };
}

function planDep(host: PluginHost, settings: DepSettings, place: DepPlace): PlannedDep {
  const { plugin, space, config } = place;
  const pyimport = settings.pyimport ?? pyimportOf(settings.name!, place);
  const located = { plugin: plugin!, config, settings: plugin!.settings as Settings };
  const file = lockFile(located, space.name, pyimport);
  return {
    kind: "pygraph",
    needs: [{
      command: `${plugin!.name}.lock`,
      args: { pyimport },
      strict: false,
      orderOnly: false,
    }],
    // deno-lint-ignore require-await -- other kinds' late parts do wait
    late: async (world) => locked(host, file, world.file(file)),
  };
}

/** `name`, the old form: a module of the project, else a dotted name. */
function pyimportOf(name: string, { config: { spaces } }: DepPlace): string {
  const modules = spaces.flatMap(({ modules }) => modules);
  return modules.find((module) => module.name === name)?.pyimport ?? name.replaceAll("/", ".");
}

function locked(host: PluginHost, file: string, bytes: Uint8Array | undefined): LateDep {
  try {
    const { globs, pydists } = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly globs: readonly string[];
      readonly pydists: readonly string[];
    };
    return { globs, facts: pydists.map(pydistFact) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw host.problem({
      code: "dep-unreadable",
      message: `Cannot read what a Python module needs from "${file}": ` +
        (bytes === undefined ? "there is no such file" : error.message),
      hint: "Run without --isolated, so that it is written anew",
    });
  }
}

function pydistFact(name: string): Fact {
  return { label: `pydist ${name}`, read: (world) => world.pydist(name) };
}
