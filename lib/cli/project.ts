import { QikError } from "../base/problems.ts";
import { VERSION } from "../base/version.ts";
import { ctxValues } from "../config/ctx.ts";
import type { Config } from "../config/types.ts";
import { discover } from "../config/discover.ts";
import { loadConfig } from "../config/load.ts";
import { buildPlan } from "../plan/build.ts";
import { select, type Selection, type SelectionRequest, withNeeds } from "../plan/select.ts";
import type { Plan } from "../plan/types.ts";
import { type Registry, registryOf } from "../plugin/registry.ts";
import { spaceOf } from "../space/space_of.ts";
import type { Sys } from "../sys/sys.ts";
import type { AppParts } from "./parts.ts";
import type { Invocation } from "./args.ts";
import { fillerOf, type RunFiller } from "./filler.ts";
import { type WorkPaths, workPaths } from "./paths.ts";
import { type RunSettings, runSettings } from "./settings.ts";

/** A repository's configuration, its plan, and what this command line selects of it. */
export interface Project {
  readonly paths: WorkPaths;
  readonly registry: Registry;
  readonly plan: Plan;
  readonly filler: RunFiller;
  readonly settings: RunSettings;
  readonly selection: Selection;
  /** What runs for some of the chosen tasks. */
  narrowed(chosen: readonly number[]): readonly number[];
}

/**
 * Finds and reads the configuration and plans its tasks. Executes nothing from the repository.
 *
 * @throws {QikError} With everything that is wrong, at once.
 */
export async function openProject({ sys }: AppParts, invocation: Invocation): Promise<Project> {
  const settings = runSettings(invocation, sys);
  const { root, start, config, registry } = await readConfig(sys, invocation);
  const ctx = ctxValues({
    variables: config.ctx,
    env: sys.env,
    runtime: new Map([["cache", config.defaults.cache], ["root", root]]),
    given: new Map([
      ["arch", settings.arch],
      ["workers", `${settings.workers}`],
      ["isolated", `${settings.isolated}`],
      ["force", `${!settings.mode.read}`],
      ["verbosity", `${settings.verbosity}`],
      ["ls", `${invocation.ls}`],
      ["fail", `${invocation.fail}`],
    ]),
  });
  const filler = fillerOf(ctx);
  const { depTypes } = registry;
  const plan = buildPlan({ config, root, depTypes, filler, args: invocation.args ?? [] });
  checkArgs(config, invocation);
  const request = selectionRequest(config, invocation, settings, start.slice(root.length + 1));
  return {
    paths: workPaths(root, sys),
    registry,
    plan,
    filler,
    settings,
    selection: select(plan, request),
    narrowed: (chosen) =>
      withNeeds(
        plan,
        chosen,
        ({ isolated }) => isolated === undefined ? !settings.isolated : !isolated,
      ),
  };
}

async function readConfig(sys: Sys, { directory }: Invocation) {
  const { files, machine } = sys;
  const start = directory === undefined ? machine.cwd : resolveDirectory(sys, directory);
  const found = await discover(files, start);
  if (!found.found) throw new QikError(found.problem);
  const registry = registryOf([]);
  const loaded = await loadConfig({
    files,
    root: found.root,
    file: found.file,
    version: VERSION,
    kinds: registry.depKinds,
    useMemo: true,
  });
  if (loaded.problems.length > 0) throw new QikError(loaded.problems);
  return { root: found.root, start, config: loaded.value, registry };
}

function resolveDirectory({ files, machine }: Sys, directory: string): string {
  const absolute = /^([a-zA-Z]:)?[\\/]/.test(directory) ? directory : `${machine.cwd}/${directory}`;
  if (files.stat(absolute)?.kind === "directory") return files.realPath(absolute);
  throw new QikError({
    code: "usage",
    message: `Cannot start in "${directory}": it is not a directory`,
    hint: "Write an existing directory after -C",
  });
}

/** Text after `--` that no command takes is a mistake, not something to pass over. */
function checkArgs(config: Config, { args, names }: Invocation): void {
  if (args === undefined || config.commands.some((command) => command.args)) return;
  throw new QikError({
    code: "usage",
    message: `Cannot pass "${args.join(" ")}" to ${names.join(", ") || "any command"}`,
    hint: "Set args = true for the command that takes them",
  });
}

/** Below the root of a space that space is meant, unless the command line says a space. */
function selectionRequest(
  config: Config,
  invocation: Invocation,
  { isolated }: RunSettings,
  cwd: string,
): SelectionRequest {
  const { names, exclude, modules, tags, caches } = invocation;
  const here = spaceOf(config.spaces, cwd).name;
  const saysSpace = invocation.spaces.length > 0 || names.some((name) => name.includes("@"));
  const spaces = saysSpace || here === "default" ? invocation.spaces : [here];
  return { names, exclude, modules, spaces, tags, caches, isolated };
}
