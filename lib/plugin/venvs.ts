/** The environments that plugins build: which there are, and what each space waits for. */
import { QikError } from "../base/problems.ts";
import type { PluginConfig, SpaceConfig } from "../config/types.ts";
import type { MadeCommand } from "../plan/made.ts";
import type { NeedRequest, PlannedDep } from "../plan/types.ts";
import type { BuiltVenv } from "../space/built_venv.ts";
import type { BuiltVenvSettings } from "./api.ts";
import { commandOf, type ProjectView } from "./made.ts";
import { lockTask, type PlannedVenv, VenvPlanning } from "./planned_venv.ts";
import { archivesDep, installSpec, lockSpec } from "./venv_tasks.ts";

/** All of a project. */
export interface BuiltVenvs {
  /** The hidden commands `<plugin>.lock` and `<plugin>.install`, by their whole names. */
  readonly commands: ReadonlyMap<string, MadeCommand>;
  /**
   * The environment of a space, its own or inherited; `undefined` where no plugin builds it.
   *
   * @throws {QikError} With what is wrong with its settings.
   */
  of(space: string): BuiltVenv | undefined;
  /** What every task of a space depends on: its lock counts, the installation is only waited for. */
  deps(space: SpaceConfig): readonly PlannedDep[];
  /** URLs of indexes, which may hold credentials. */
  readonly urls: readonly string[];
}

/**
 * Plans the environments of all spaces. Reads nothing.
 *
 * What is wrong with one of them is told when its space is used, as with everything else of a space.
 */
export function builtVenvs(view: ProjectView): BuiltVenvs {
  const planning = new VenvPlanning(view);
  const spaces = new Map(view.config.spaces.map((space) => [space.name, space]));
  const venvs = view.config.spaces.flatMap((space) => {
    const venv = planning.of(space);
    return venv === undefined || venv instanceof QikError || venv.at.space !== space ? [] : [venv];
  });
  checkLocks(venvs);
  const deps = new Map<string, readonly PlannedDep[]>();
  const commands = view.config.plugins.flatMap((entry) => {
    const venv = view.plugins.get(entry.source)?.venv;
    return venv === undefined ? [] : commandsOf(entry, venvs.filter((own) => own.entry === entry));
  });
  return {
    commands: new Map(commands.map((made) => [made.command.name, made])),
    of(space) {
      const planned = planning.of(spaces.get(space)!);
      if (planned instanceof QikError) throw planned;
      return planned?.built;
    },
    deps(space) {
      const planned = planning.of(space);
      if (planned === undefined || planned instanceof QikError) return [];
      const owner = planned.at.space.name;
      const known = deps.get(owner) ??
        [{ kind: "venv", needs: needsOf(planned) }, archivesDep(planned)];
      deps.set(owner, known);
      return known;
    },
    urls: venvs.flatMap(({ at }) => urlsOf(at.settings)),
  };
}

/**
 * Two tasks that write one file would undo each other's work in each run, unless the place follows from the requirements:
 * then both make the same of the same.
 */
function checkLocks(venvs: readonly PlannedVenv[]): void {
  const owners = new Map<string, SpaceConfig>();
  for (const { type, at: { space, lock } } of venvs) {
    const other = owners.get(lock);
    owners.set(lock, space);
    if (other === undefined || type.lockPath !== undefined) continue;
    throw new QikError({
      code: "config-bad-value",
      message:
        `Cannot lock the spaces "${other.name}" and "${space.name}" into the same file, "${lock}"`,
      hint: "Give each a lock of its own, or write {space.name} into its path",
      place: space.place,
    });
  }
}

function urlsOf(settings: BuiltVenvSettings): readonly string[] {
  return [settings["index-url"] ?? [], settings["extra-index-url"] ?? []].flat();
}

function needsOf({ entry, at: { space } }: PlannedVenv): readonly NeedRequest[] {
  const install = `${entry.name}.install@${space.name}`;
  return [
    lockTask(entry, space),
    { command: install, strict: false, orderOnly: true, isolated: false },
  ];
}

function commandsOf(entry: PluginConfig, venvs: readonly PlannedVenv[]): readonly MadeCommand[] {
  const bySpace = new Map(venvs.map((venv) => [venv.at.space.name, venv]));
  const tasks = () => venvs.map(({ at: { space } }) => ({ space, args: {} }));
  const describe = { hidden: true } as const;
  const lock = commandOf(entry, {
    ...describe,
    name: "lock",
    description: "The exact versions of everything in the environment of a space",
  });
  const install = commandOf(entry, {
    ...describe,
    name: "install",
    description: "Makes the environment of a space be what its lock says",
  });
  return [
    { command: lock, tasks, make: ({ space }) => lockSpec(bySpace.get(space.name)!) },
    { command: install, tasks, make: ({ space }) => installSpec(bySpace.get(space.name)!) },
  ];
}
