import type {
  CacheWhen,
  CommandConfig,
  Config,
  ModuleConfig,
  SpaceConfig,
} from "../config/types.ts";
import type { StandardSchema } from "../config/standard_schema.ts";
import type { Problem } from "../base/problems.ts";

export type { StandardIssue, StandardResult, StandardSchema } from "../config/standard_schema.ts";

/** A command for one space and module with its arguments: the unit that is keyed, run and stored. */
export interface Task {
  /** Its place in `Plan.tasks`. Tasks refer to each other by it. */
  readonly index: number;
  /** `cmd`, `cmd@space`, `cmd@space#module`: shown and accepted everywhere. */
  readonly name: string;
  readonly command: CommandConfig;
  readonly space: SpaceConfig;
  readonly module?: ModuleConfig;
  /** All templates filled in from here on. */
  readonly exec: string | readonly string[];
  readonly shell: string;
  /** Relative to the root, `""` for the root itself. */
  readonly dir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly artifacts: readonly string[];
  readonly ignore: readonly string[];
  readonly deps: readonly PlannedDep[];
  readonly needs: readonly Need[];
  readonly args: readonly string[];
  readonly cache: string;
  readonly cacheWhen: CacheWhen;
  /** It has deps, a cache other than `none`, and is not interactive. */
  readonly cacheable: boolean;
  /** Variables without a value: the task cannot take part in a run. Never empty. */
  readonly unfilled?: readonly Problem[];
}

/** That one task waits for another, and what of the other's result counts. */
export interface Need {
  readonly task: number;
  /** Nothing of the upstream result enters the key. */
  readonly orderOnly: boolean;
  /** Changes that select the upstream task select this one too. */
  readonly strict: boolean;
  /** true: not selected with this task; false: selected even under `--isolated`. */
  readonly isolated?: boolean;
}

/** All tasks of a configuration and how they hang together; frozen, in the order of the configuration. */
export interface Plan {
  readonly config: Config;
  /** Absolute. */
  readonly root: string;
  readonly tasks: readonly Task[];
  readonly byName: ReadonlyMap<string, Task>;
  /** Order in which every task comes after all that it needs. */
  readonly order: readonly number[];
  readonly problems: readonly Problem[];
}

/** What a dependency comes to, whatever its kind: the core sees only this. */
export interface PlannedDep {
  readonly kind: string;
  /** Pathspecs relative to the root. */
  readonly globs?: readonly string[];
  readonly facts?: readonly Fact[];
  readonly needs?: readonly NeedRequest[];
  /** Asked when everything that the task needs has ended: globs and facts that another command writes. */
  readonly late?: (world: DepWorld) => Promise<LateDep>;
}

export interface LateDep {
  readonly globs: readonly string[];
  readonly facts: readonly Fact[];
}

/** One named value in the key that is not a file. */
export interface Fact {
  /** Shown in explanations, such as `env CI` or `tool ruff`; unique within a task. */
  readonly label: string;
  /** The value never appears anywhere, only a keyed digest of it. */
  readonly secret?: boolean;
  /** Text that enters the key; `undefined` means "not there", which differs from `""`. */
  read(world: DepWorld): string | undefined | Promise<string | undefined>;
}

export interface NeedRequest {
  readonly command: string;
  readonly strict: boolean;
  readonly orderOnly: boolean;
  readonly isolated?: boolean;
}

/** What dependencies may ask of the world, answered once per run and question. */
export interface DepWorld {
  /** The variable as the task's process would see it. */
  env(name: string): string | undefined;
  /** Bytes of a file of the repository, as it is now. */
  file(path: string): Uint8Array | undefined;
  /** Standard output of a version command, remembered under the program's path and stat. */
  toolVersion(argv: readonly string[]): Promise<string>;
  /** Installed or locked version of a Python distribution in the task's space. */
  pydist(name: string): string | undefined | Promise<string | undefined>;
}

/** A dependency type: core's own (glob, const, …) and those of plugins are made of the same value. */
export interface DepType<Settings = never> {
  readonly kind: string;
  readonly aliases?: readonly string[];
  /** Any Standard Schema; checks the table without `type` before templates are filled in. Asked only when a
   * configuration is read anew, so that a warm run loads no schema library. */
  readonly schema: () => Promise<StandardSchema<Settings>>;
  /** Settings that `plan` cannot do without, although their templates may come to nothing. */
  readonly needed?: readonly string[];
  /** Called with templates filled in. */
  plan(settings: Settings): PlannedDep;
}
