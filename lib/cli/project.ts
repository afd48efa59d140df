import { QikError } from "../base/problems.ts";
import type { Secrets } from "../base/secrets.ts";
import { VERSION } from "../base/version.ts";
import { cacheNames } from "../config/cache_names.ts";
import { ctxValues } from "../config/ctx.ts";
import type { Config } from "../config/types.ts";
import { discover } from "../config/discover.ts";
import { loadConfig } from "../config/load.ts";
import { buildPlan } from "../plan/build.ts";
import { select, type Selection, type SelectionRequest, withNeeds } from "../plan/select.ts";
import type { DepType, Plan, Task } from "../plan/types.ts";
import type { Plugin } from "../plugin/api.ts";
import { loadPlugins } from "../plugin/loader.ts";
import { madeCommands, type ProjectView } from "../plugin/made.ts";
import type { BuiltVenvs } from "../plugin/venvs.ts";
import { type Registry, registryOf } from "../plugin/registry.ts";
import { spaceOf } from "../space/space_of.ts";
import { spaceRootProblems } from "../space/space_roots.ts";
import { errorCode, type Files, type Sys } from "../sys/sys.ts";
import type { AppParts } from "./parts.ts";
import type { Invocation } from "./args.ts";
import { fillerOf, type RunFiller } from "./filler.ts";
import { remoteSecrets } from "./remote_secrets.ts";
import { withLines } from "./lines.ts";
import { absolutePath, type WorkPaths, workPaths } from "./paths.ts";
import { type RunSettings, runSettings } from "./settings.ts";

/** A repository's configuration, its plan, and what this command line selects of it. */
export interface Project {
  /** Absolute directory that qik was started in, or told to start in. */
  readonly start: string;
  readonly paths: WorkPaths;
  /** Files of the configuration, those included that would be read if they were there; relative to the root. */
  readonly sources: readonly string[];
  readonly registry: Registry;
  /** What plugins are told about it. */
  readonly view: ProjectView;
  /** The environments that plugins build. */
  readonly venvs: BuiltVenvs;
  readonly plan: Plan;
  readonly filler: RunFiller;
  readonly settings: RunSettings;
  /** What runs in it, qik runs for an answer of its own: nobody asked for that run, and it is not the last one. */
  readonly aside?: boolean;
  readonly selection: Selection;
  /** What is masked in everything that leaves qik. */
  readonly secrets: Secrets;
  /** The space that the working directory stands for, where the command line says none. */
  readonly impliedSpace?: string;
  /** What runs for some of the chosen tasks. */
  narrowed(chosen: readonly number[]): readonly number[];
  /**
   * The plan of the same command line where the configuration's files are others.
   *
   * @throws {QikError} With everything that is wrong, at once.
   */
  planFrom(files: Pick<Files, "read" | "stat" | "lstat">): Promise<Plan>;
}

/**
 * Finds and reads the configuration and plans its tasks. Executes nothing from the repository.
 *
 * @throws {QikError} With everything that is wrong, at once.
 */
export async function openProject(parts: AppParts, invocation: Invocation): Promise<Project> {
  const { sys, secrets } = parts;
  const settings = runSettings(invocation, sys);
  const read = await readConfig(parts, invocation);
  secrets.alsoNamed(read.config.defaults.secrets ?? [], sys.env);
  const known = remoteSecrets(read.config, sys.env);
  if (known.length > 0) secrets.follow(() => known);
  try {
    const problems = spaceRootProblems(sys.files, read.root, read.config.spaces);
    if (problems.length > 0) throw new QikError(problems);
    const project = await planned(sys, invocation, settings, read);
    for (const url of project.venvs.urls) secrets.learn({ "index-url": url });
    return { ...project, secrets };
  } catch (error) {
    throw error instanceof QikError ? await withLines(error, sys, read.root) : error;
  }
}

type Read = Awaited<ReturnType<typeof readConfig>>;

type Planned = Pick<Project, "plan" | "filler" | "view" | "venvs">;

/** The plan of a configuration, and what fills its templates. */
async function planIn(
  sys: Sys,
  invocation: Invocation,
  settings: RunSettings,
  { root, config: written, registry, plugins }: Read,
): Promise<Planned> {
  const config = withDefaultCache(written, sys.env.QIK__CACHE);
  const ctx = ctxValues({
    variables: config.ctx,
    env: sys.env,
    runtime: new Map([
      ["root", root],
      ["cache_status", invocation.cacheStatus],
      ["since", settings.since],
    ]),
    given: new Map([
      ["cache", config.defaults.cache],
      ["arch", settings.arch],
      ["workers", `${settings.workers}`],
      ["isolated", `${settings.isolated}`],
      ["force", `${!settings.mode.read}`],
      ["verbosity", `${settings.verbosity}`],
      ["ls", `${invocation.ls}`],
      ["watch", `${invocation.watch}`],
      ["fail", `${invocation.fail}`],
    ]),
  });
  const filler = fillerOf(ctx);
  const { depTypes } = registry;
  const view: ProjectView = { root, config, plugins, fill: filler.fillSpace };
  const venvs = await venvsOf(view);
  const plan = buildPlan({
    config,
    root,
    depTypes,
    pluginOf: entryOf(view, registry),
    made: new Map([...madeCommands(view), ...venvs.commands]),
    spaceDeps: venvs.deps,
    filler,
    args: invocation.args ?? [],
  });
  return { plan, filler, view, venvs };
}

/** Where no plugin builds environments, nothing that plans them is loaded. */
async function venvsOf(view: ProjectView): Promise<BuiltVenvs> {
  const isBuilt = [...view.plugins.values()].some(({ venv }) => venv !== undefined);
  if (!isBuilt) return { commands: new Map(), of: () => undefined, deps: () => [], urls: [] };
  return (await import("../plugin/venvs.ts")).builtVenvs(view);
}

async function planned(
  sys: Sys,
  invocation: Invocation,
  settings: RunSettings,
  read: Read,
): Promise<Omit<Project, "secrets">> {
  const { root, start, registry } = read;
  const { plan, filler, view, venvs } = await planIn(sys, invocation, settings, read);
  const impliedSpace = spaceHere(plan.config, invocation, start.slice(root.length + 1));
  const selection = select(plan, selectionRequest(invocation, settings, impliedSpace));
  checkArgs(selection.chosen.map((index) => plan.tasks[index]!), invocation);
  const selected = new Set(selection.selected);
  return {
    start,
    paths: workPaths(root, sys),
    sources: [...read.sources.files.map(({ path }) => path), ...read.sources.absent],
    registry,
    view,
    venvs,
    plan,
    filler,
    settings,
    selection,
    ...(impliedSpace === undefined ? {} : { impliedSpace }),
    narrowed: (chosen) =>
      withNeeds(
        plan,
        chosen,
        ({ isolated }) => isolated === undefined ? !settings.isolated : !isolated,
        // What the command line left out stays left out.
        ({ index }) => !selected.has(index),
      ),
    async planFrom(files) {
      const { value: config } = await read.readFrom({ ...sys.files, ...files }, false);
      return (await planIn(sys, invocation, settings, { ...read, config })).plan;
    },
  };
}

/** The entry of `[plugins]` behind a dependency type. */
function entryOf({ config, plugins }: ProjectView, { owners }: Registry) {
  const sources = new Map<Plugin, string>([...plugins].map(([source, plugin]) => [plugin, source]));
  const entries = new Map(config.plugins.map((entry) => [entry.source, entry]));
  return (type: DepType) => {
    const owner = owners.get(type);
    return owner && entries.get(sources.get(owner)!);
  };
}

async function readConfig({ sys, builtIn }: AppParts, { directory }: Invocation) {
  const { files, machine } = sys;
  const start = directory === undefined ? machine.cwd : resolveDirectory(sys, directory);
  const found = await discover(files, start);
  if (!found.found) throw new QikError(found.problem);
  const { root, file } = found;
  const { plugins, broken, fingerprint } = await loadPlugins({
    builtIn,
    files,
    modules: sys.modules,
    root,
    file,
  });
  const registry = registryOf([...plugins.values()]);
  const readFrom = async (files: Files, useMemo: boolean) => {
    const loaded = await loadConfig({
      files,
      root,
      file,
      version: VERSION + fingerprint,
      kinds: registry.depKinds,
      cacheKinds: registry.cacheKinds,
      venvKinds: registry.venvKinds,
      plugins,
      builtIn: new Set(Object.keys(builtIn)),
      broken,
      useMemo: useMemo && broken.size === 0,
    });
    if (loaded.problems.length > 0) throw new QikError(loaded.problems);
    return loaded;
  };
  const { value: config, sources } = await readFrom(files, true);
  return { root, start, config, sources, registry, plugins, readFrom };
}

function resolveDirectory({ files, machine }: Sys, directory: string): string {
  const path = absolutePath(directory, machine.cwd);
  let why = "it is not a directory";
  try {
    // An empty word is a variable that was not set.
    if (directory !== "" && files.stat(path)?.kind === "directory") return files.realPath(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    why = code;
  }
  throw new QikError({
    code: "usage",
    message: `Cannot start in "${directory}": ${why}`,
    hint: "Write an existing directory after -C",
  });
}

/** `QIK__CACHE` takes the place of `[defaults] cache`. */
function withDefaultCache(config: Config, cache: string | undefined): Config {
  if (cache === undefined || cache === "") return config;
  if (!cacheNames(config).includes(cache)) {
    const message = `Cannot use the cache "${cache}" of QIK__CACHE: no such cache`;
    throw new QikError({ code: "cache-unknown", message });
  }
  return { ...config, defaults: { ...config.defaults, cache } };
}

/** Text after `--` that no chosen command takes is a mistake, not something to pass over. */
function checkArgs(chosen: readonly Task[], { args, names }: Invocation): void {
  // `qik lint -- "$@"` in a script may well pass nothing.
  if (args === undefined || args.length === 0) return;
  if (chosen.some(({ command }) => command.args)) return;
  throw new QikError({
    code: "usage",
    message: `Cannot pass "${args.join(" ")}" to ${names.join(", ") || "any command"}`,
    hint: "Set args = true for the command that takes them",
  });
}

/** Below the root of a space that space is meant, unless the command line says a space. */
function spaceHere(
  config: Config,
  { spaces, names }: Invocation,
  cwd: string,
): string | undefined {
  if (spaces.length > 0 || names.some((name) => name.includes("@"))) return undefined;
  const here = spaceOf(config.spaces, cwd).name;
  return here === "default" ? undefined : here;
}

function selectionRequest(
  { names, exclude, modules, spaces, tags, caches }: Invocation,
  { isolated }: RunSettings,
  impliedSpace: string | undefined,
): SelectionRequest {
  const meant = impliedSpace === undefined ? spaces : [impliedSpace];
  return { names, exclude, modules, spaces: meant, tags, caches, isolated };
}
