import { QikError } from "../base/problems.ts";
import type { Changes } from "../git/changes.ts";
import type { Past } from "../git/past.ts";
import { besides } from "../git/pathspec.ts";
import { withStrictDependants } from "./strict.ts";
import type { DepWorld, Fact, LateDep, Plan, Task } from "./types.ts";

/** Why a change selects a task; at least one of these says something. */
export interface Reason {
  /** Changed files among its inputs, in code-unit order. */
  readonly files: readonly string[];
  /** What its command, space or variables come to differs, or there was no such task. */
  readonly definition: boolean;
  /** Labels of dependencies that are values of files, such as `val pyproject.toml project.version`. */
  readonly values: readonly string[];
  /** Tasks that it needs strictly and that are selected. */
  readonly upstream: readonly string[];
  /** Why it cannot be told whether it changed. */
  readonly unknown?: string;
}

/** What the affected tasks are found from. */
export interface AffectedPorts {
  readonly plan: Plan;
  readonly changes: Changes;
  /** Literal pathspecs of the files that every command of the task's space depends on. */
  readonly spaceInputs: (task: Task) => readonly string[];
  readonly world: (task: Task) => DepWorld;
  /** Pathspecs of what links lead to that these pathspecs select. */
  readonly behindLinks: (specs: readonly string[], exclude: readonly string[]) => Promise<
    readonly string[]
  >;
  /** Whether the task was defined differently then. */
  readonly redefined: (task: Task) => boolean | Promise<boolean>;
}

const NOTHING: Reason = { files: [], definition: false, values: [], upstream: [] };

/**
 * Tasks that a change selects, by index, and those that need one of them strictly.
 *
 * A command without `deps` has no inputs, so no change selects it. What cannot be told (a list of inputs that
 * another command has yet to write, say) selects. Values without a history (variables of the environment, installed
 * versions, versions of tools) are taken to be what they were.
 */
export async function affectedTasks(ports: AffectedPorts): Promise<ReadonlyMap<number, Reason>> {
  const found = new Map<number, Reason>();
  for (const task of ports.plan.tasks) {
    if (!task.command.hasDeps) continue;
    const reason = await reasonOf(ports, task);
    if (reason !== undefined) found.set(task.index, reason);
  }
  const all = withStrictDependants(ports.plan, [...found.keys()]);
  return new Map([...all].map(([index, upstream]) => {
    const names = upstream.map((need) => ports.plan.tasks[need]!.name);
    return [index, { ...(found.get(index) ?? NOTHING), upstream: names }];
  }));
}

async function reasonOf(ports: AffectedPorts, task: Task): Promise<Reason | undefined> {
  const definition = await ports.redefined(task);
  try {
    const { late, seen } = await lateOf(ports, task);
    const files = await changedFiles(ports, task, late);
    const values = [
      ...changedReads(ports.changes, seen.files).map((path) => `load ${path}`),
      ...await changedValues(ports, task, late),
    ];
    if (!definition && files.length === 0 && values.length === 0) return undefined;
    return { ...NOTHING, definition, files, values };
  } catch (error) {
    if (!(error instanceof QikError)) throw error;
    return { ...NOTHING, definition, unknown: error.message };
  }
}

/** What the dependencies find out, and the files that they read for it. */
async function lateOf({ changes: { staged }, world }: AffectedPorts, task: Task) {
  const ask = async (seen: Reads) => ({
    late: await Promise.all(task.deps.map((dep) => dep.late?.(seen.world))),
    seen,
  });
  const asked = await ask(new Reads(world(task)));
  if (staged === undefined || asked.seen.files.size === 0) return asked;
  return await ask(new Reads(world(task), await staged.read([...asked.seen.files])));
}

async function changedFiles(
  { changes, spaceInputs, behindLinks }: AffectedPorts,
  task: Task,
  late: readonly (LateDep | undefined)[],
): Promise<readonly string[]> {
  const globs = [
    ...task.deps.flatMap(({ globs = [] }) => globs),
    ...late.flatMap((dep) => dep?.globs ?? []),
  ];
  const specs = besides(globs, spaceInputs(task));
  const exclude = [...task.ignore, ...task.artifacts];
  return changes.select(besides(specs, await behindLinks(specs, exclude)), { exclude });
}

function changedReads({ paths }: Changes, read: ReadonlySet<string>): string[] {
  if (read.size === 0) return [];
  return paths.filter((path) => read.has(path));
}

/** Labels of the facts that were read from changed files and were something else then. */
async function changedValues(
  ports: AffectedPorts,
  task: Task,
  late: readonly (LateDep | undefined)[],
): Promise<readonly string[]> {
  const facts = [
    ...task.deps.flatMap((dep) => dep.facts ?? []),
    ...late.flatMap((dep) => dep?.facts ?? []),
  ];
  const changed: string[] = [];
  for (const fact of facts) {
    if (await differs(ports, task, fact)) changed.push(fact.label);
  }
  return changed;
}

async function differs({ changes, world }: AffectedPorts, task: Task, fact: Fact) {
  const seen = new Reads(world(task));
  const found = await fact.read(seen.world);
  const paths = changedReads(changes, seen.files);
  if (paths.length === 0) return false;
  const valueIn = async ({ read }: Past) => {
    const contents = await read(paths);
    const filled = new Map(paths.map((path) => [path, contents.get(path)]));
    return await fact.read(new Reads(world(task), filled).world);
  };
  try {
    const now = changes.staged === undefined ? found : await valueIn(changes.staged);
    return await valueIn(changes.past) !== now;
  } catch (error) {
    // It cannot be read on one side: the file was not there, or had no such key.
    if (error instanceof QikError) return true;
    throw error;
  }
}

/** A world in which only files are asked for, and remembered; everything else has no history anyway. */
class Reads {
  readonly files = new Set<string>();
  readonly world: DepWorld;

  /** @param contents Files that are something else than the world says; `undefined`: not there. */
  constructor(world: DepWorld, contents: ReadonlyMap<string, Uint8Array | undefined> = new Map()) {
    this.world = {
      ...world,
      file: (path) => {
        this.files.add(path);
        return contents.has(path) ? contents.get(path) : world.file(path);
      },
      toolVersion: () => Promise.resolve(""),
      pydist: () => undefined,
    };
  }
}
