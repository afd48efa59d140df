import { QikError } from "../base/problems.ts";
import type { RestorePlace } from "../cache/cache.ts";
import { changedArtifacts } from "../cache/changed_artifacts.ts";
import type { HandedOn } from "../hash/handed_on.ts";
import { Keyer, type KeyerPorts, type SpaceInputs } from "../hash/keyer.ts";
import { secretKey } from "../hash/secret_key.ts";
import { ToolVersions } from "../hash/tool_versions.ts";
import type { Tree } from "../git/tree.ts";
import { openTree } from "../git/open.ts";
import type { SpaceConfig } from "../config/types.ts";
import type { DepWorld, Task } from "../plan/types.ts";
import type { Witness } from "../proof/witness.ts";
import { venvTypesOf } from "../plugin/made.ts";
import { openSpaces, type Spaces } from "../space/spaces.ts";
import { type Caches, openCaches } from "./caches.ts";
import { Environments } from "./environments.ts";
import type { Project } from "./project.ts";
import { seenBy } from "./seen.ts";
import { errorCode, type Sys } from "../sys/sys.ts";

/** Everything that keys and runs are made from: opened once per process, for one project. */
export interface Session {
  readonly project: Project;
  /** Who saw what was asked about files that are no inputs; unset where nobody wants to know. */
  readonly witness: Witness | undefined;
  readonly tree: Tree;
  readonly keyer: Keyer;
  readonly caches: Caches;
  /** The whole environment of a task's process; `worker` 0 where none runs. */
  environment(task: Task, worker: number): Record<string, string>;
  /** Where and within which limits a hit of the task may write. */
  restorePlace(task: Task): RestorePlace;
  /** What a task's dependencies, and its code where it is made of code, may ask. */
  world(task: Task): DepWorld;
  /** The same where there is no task. */
  worldIn(space: SpaceConfig): DepWorld;
  readonly spaces: Spaces;
  /** See `TaskSpec.stands`; also of tasks that say nothing of it. */
  stands(task: Task): boolean;
  /** An environment was built: what was known of environments is not true any more. */
  rebuilt(): void;
  /** Writes what was learned for the next run; never fails. */
  save(): Promise<void>;
}

/**
 * Opens a session. The picture of the working tree begins to be taken here.
 *
 * @param earlier A session of the same project whose tree and spaces are used again, as they are.
 */
export async function openSession(
  outside: Sys,
  project: Project,
  witness?: Witness,
  earlier?: Pick<Session, "tree" | "spaces">,
): Promise<Session> {
  const { plan, paths: { root, stateDir } } = project;
  const { untracked } = plan.config.defaults;
  const sys = witness === undefined ? outside : seenBy(witness, outside);
  // Inputs are watched by the tree itself, and git's listing of new files by their directories.
  const tree = earlier?.tree ??
    await openTree({ sys: outside, root, stateDir, untracked, settings: sys.files });
  const spaces = earlier?.spaces ?? openSpacesOf(sys, project);
  const tools = new ToolVersions({
    files: sys.files,
    processes: sys.processes,
    root,
    stateDir,
    windows: sys.machine.platform === "windows",
    apple: sys.machine.platform === "darwin",
  });
  const environments = new Environments(sys, project, spaces);
  const environment = (task: Task, worker: number) => environments.of(task, worker);
  const caches = openCaches(outside, project, witness !== undefined);
  const worlds: WorldParts = { sys, project, spaces, tools, tree, witness };
  const world = (task: Task) => worldOf(worlds, task.space, () => environment(task, 0));
  let key: Uint8Array | undefined;
  const keyer = new Keyer({
    plan,
    tree,
    platform: sys.machine.arch,
    untracked,
    secretKey: () => key ??= secretKey(sys.files, stateDir),
    mask: (line) => project.secrets.text(line),
    spaceInputs: (task) => spaceInputsOf(spaces, task, environment),
    world,
    ...handedOnOf(outside, root, caches, witness),
  });
  return {
    project,
    witness,
    tree,
    keyer,
    caches,
    environment,
    restorePlace: (task) => restorePlaceOf(root, tree, task),
    world,
    worldIn: (space) => worldOf(worlds, space, () => environments.in(space)),
    spaces,
    stands: ({ stands }) => stands?.(sys.files) ?? true,
    rebuilt: () => forgetEnvironments(spaces, witness),
    async save() {
      for (const learned of [tree, tools, caches]) await learned.save();
    },
  };
}

function forgetEnvironments(spaces: Spaces, witness: Witness | undefined): void {
  spaces.invalidate();
  // What was asked before has another answer now.
  witness?.doubt();
}

/** How a keyer learns of artifacts that lie there, and that they are still what they were. */
function handedOnOf(
  { files, clock }: Sys,
  root: string,
  caches: Caches,
  witness: Witness | undefined,
): Pick<KeyerPorts, "artifactsOnDisk" | "changedArtifacts" | "now"> {
  return {
    artifactsOnDisk: (task): Promise<readonly HandedOn[]> => {
      witness?.doubt();
      return Promise.resolve(caches.artifactsOnDisk(task));
    },
    changedArtifacts: (artifacts, sinceMs) => changedArtifacts(files, root, artifacts, sinceMs),
    now: () => clock.now(),
  };
}

function restorePlaceOf(root: string, tree: Tree, { artifacts }: Task): RestorePlace {
  return {
    root,
    patterns: artifacts,
    isTracked: (path) => tree.isTracked(path),
    isListed: (path) => tree.isListed(path),
  };
}

function spaceInputsOf(
  spaces: Spaces,
  task: Task,
  environment: Session["environment"],
): SpaceInputs {
  if (task.outsideVenv) return { venvIdentity: "", inputs: [], variables: [] };
  const { venv, inputs, needed, dotenv } = spaces.open(task.space.name);
  const env = dotenv.length === 0 ? {} : environment(task, 0);
  const names = [...new Set(dotenv.map(({ name }) => name))];
  const variables = names.map((name) => [name, env[name]] as const);
  return { venvIdentity: venv.identity, inputs, needed, variables };
}

/** The spaces of a project, each opened when it is first asked for. */
export function openSpacesOf(sys: Sys, { plan, filler, paths, view, venvs }: Project): Spaces {
  const { files, env, clock, machine: { platform } } = sys;
  const ports = { files, env, clock, platform, root: paths.root };
  const config = { ...plan.config, venvTypes: venvTypesOf(view), built: venvs.of };
  return openSpaces(config, ports, (text, space) => filler.fillSpace(text, space));
}

interface WorldParts {
  readonly sys: Sys;
  readonly project: Project;
  readonly spaces: Spaces;
  readonly tools: ToolVersions;
  readonly tree: Tree;
  readonly witness: Witness | undefined;
}

/** Contents of a file that a dependency reads; a named pipe would be waited for without an end. */
function readInput(files: Sys["files"], root: string, path: string): Uint8Array | undefined {
  const unreadable = (why: string, hint: string) =>
    new QikError({ code: "dep-unreadable", message: `Cannot read "${path}": ${why}`, hint });
  try {
    const { kind } = files.stat(`${root}/${path}`) ?? {};
    if (kind === "file" || kind === undefined) return files.read(`${root}/${path}`);
  } catch (error) {
    const code = errorCode(error);
    throw code === undefined ? error : unreadable(code, "Make it readable, or name another file");
  }
  throw unreadable("it is no regular file", "Put a file in its place");
}

/** What dependencies may ask in a space; the environment is put together only when one of them does. */
function worldOf(
  { sys, project: { paths, plan }, spaces, tools, tree, witness }: WorldParts,
  space: SpaceConfig,
  environment: () => Record<string, string>,
): DepWorld {
  let made: Record<string, string> | undefined;
  const env = () => made ??= environment();
  const { untracked } = plan.config.defaults;
  return {
    env: (name) => Object.hasOwn(env(), name) ? env()[name] : undefined,
    file: (path) => readInput(sys.files, paths.root, path),
    toolVersion: (argv) => tools.version(argv, env()),
    pydist: (name) => spaces.open(space.name).venv.version(name),
    packages: () => spaces.open(space.name).venv.packages(),
    async inputs(globs) {
      // What the task itself selects is looked at again; this is not.
      witness?.doubt();
      return tree.states(await tree.select(globs, { untracked }));
    },
    linkedDirectories: (below, next) => tree.linkedDirectories(below, next),
  };
}
