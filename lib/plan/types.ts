import type { Problem } from "../base/problems.ts";
import type {
  CacheWhen,
  CommandConfig,
  Config,
  ModuleConfig,
  SpaceConfig,
} from "../config/types.ts";
import type { PlannedDep } from "./dep.ts";
import type { TaskCode, TaskSpec } from "./made.ts";

export type { StandardIssue, StandardResult, StandardSchema } from "../config/standard_schema.ts";
export type { DepPlace, DepType, DepWorld, Fact, LateDep, NeedRequest, PlannedDep } from "./dep.ts";

/** A command for one space and module with its arguments: the unit that is keyed, run and stored. */
export interface Task {
  /** Its place in `Plan.tasks`. Tasks refer to each other by it. */
  readonly index: number;
  /** `cmd`, `cmd@space`, `cmd@space#module`, with `?key=value` for a plugin's: shown and accepted everywhere. */
  readonly name: string;
  readonly command: CommandConfig;
  readonly space: SpaceConfig;
  readonly module?: ModuleConfig;
  /** All templates filled in from here on. */
  readonly exec: string | readonly string[];
  /** Runs in place of `exec`, which then only says what enters the key. */
  readonly code?: TaskCode;
  /** Of a made command (`made.ts`): what the task was made with, and the same as the end of its name. */
  readonly madeWith?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** See {@link TaskSpec}. */
  readonly outsideVenv?: boolean;
  readonly stands?: TaskSpec["stands"];
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
}
