import type { Config, ModuleConfig, PluginConfig, SpaceConfig } from "../config/types.ts";
import type { StandardSchema } from "../config/standard_schema.ts";
import type { LinkedDirectory } from "../git/linked_directories.ts";
import type { FileState } from "../git/tree.ts";
import type { Packages } from "../space/packages.ts";

/** What a dependency comes to, whatever its kind: the core sees only this. */
export interface PlannedDep {
  readonly kind: string;
  /** Pathspecs relative to the root. */
  readonly globs?: readonly string[];
  /** Whether nobody wrote these globs: then it is no mistake, and no warning, that one matches no file. */
  readonly unwritten?: boolean;
  readonly facts?: readonly Fact[];
  readonly needs?: readonly NeedRequest[];
  /** Asked when everything that the task needs has ended: globs and facts that another command writes. */
  readonly late?: (world: DepWorld) => Promise<LateDep>;
}

/** What a dependency comes to once all that the task needs has ended. */
export interface LateDep {
  /** Pathspecs relative to the root. */
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

/** Another command that has to end before the task begins. */
export interface NeedRequest {
  /** A command, or a task of it. */
  readonly command: string;
  /** Asks for the task of a plugin's command with these arguments, which is made if it is not there yet. */
  readonly args?: Readonly<Record<string, string>>;
  /** With `--since` and `--watch` this task is selected where the other one is. */
  readonly strict: boolean;
  /** The other one is only waited for: what it hands on is no part of the key. */
  readonly orderOnly: boolean;
  /** True: the other one is never selected because of this need; false: it is even under `--isolated`. */
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
  /** What is installed in the task's space; `undefined` where there is no Python. */
  packages(): Packages | undefined;
  /** Files that pathspecs select as inputs, in code-unit order, with the digests of their content. */
  inputs(globs: readonly string[]): Promise<readonly FileState[]>;
  /** Symlinks among the inputs below a directory that lead to a directory; see `Tree.linkedDirectories`. */
  linkedDirectories(
    below: string,
    next?: readonly string[],
  ): Promise<readonly LinkedDirectory[]>;
}

/** Where a dependency stands. */
export interface DepPlace {
  readonly config: Config;
  readonly space: SpaceConfig;
  readonly module?: ModuleConfig;
  /** The entry of `[plugins]` that the dependency's type came with; unset for qik's own types. */
  readonly plugin?: PluginConfig;
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
  /** Called with templates filled in. Must be quick and read nothing. */
  plan(settings: Settings, place: DepPlace): PlannedDep;
}
