import type { Place } from "../base/problems.ts";

/**
 * The validated configuration of a repository: plain data (JSON keeps it whole), so that it can be remembered
 * under the digest of the files it was read from. Templates are not filled in yet; paths are as written.
 */
export interface Config {
  /** The project file, relative to the root: `qik.toml` or `pyproject.toml`. */
  readonly file: string;
  readonly ctx: readonly CtxVariable[];
  /** Added to the dependencies of every command. */
  readonly baseDeps: readonly DepConfig[];
  readonly defaults: Defaults;
  /** In the order of the file, the project file first, then modules, then plugins. */
  readonly commands: readonly CommandConfig[];
  /** `default` is always there and always first. */
  readonly spaces: readonly SpaceConfig[];
  readonly caches: readonly CacheConfig[];
  readonly plugins: readonly PluginConfig[];
  readonly pydist: PydistConfig;
  readonly pools: readonly { readonly name: string; readonly limit: number }[];
  readonly hooks: readonly { readonly name: string; readonly commands: readonly string[] }[];
}

/** JSON as TOML can say it (dates arrive as strings). */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A variable of `ctx`. */
export interface CtxVariable {
  readonly name: string;
  readonly type: "str" | "int" | "bool";
  readonly default?: string | number | boolean;
  readonly required: boolean;
}

/** Which results are stored and replayed: those with exit code 0, with any other, or all. */
export type CacheWhen = "success" | "failed" | "finished";

/** `[defaults]`, with what holds where nothing is said. */
export interface Defaults {
  /** Name of a cache; `local` where nothing is said. */
  readonly cache: string;
  readonly cacheWhen: CacheWhen;
  readonly venv?: Json;
  readonly dotenv: readonly string[];
  readonly pythonPath: string;
  readonly untracked: boolean;
  readonly strictEnv: boolean;
  /** Names of variables whose values are masked; `*` stands for any text. */
  readonly secrets?: readonly string[];
  /** Whether commands share the run's slots through `MAKEFLAGS`; unset: where no old make would break. */
  readonly jobserver?: boolean;
  readonly shell?: string;
}

/** One dependency as written: a glob string is `{ type: "glob", pattern }`. */
export interface DepConfig {
  /** A kind known to the registry; aliases are resolved. */
  readonly type: string;
  /** The table's other keys, as the kind's schema left them. */
  readonly settings: { readonly [key: string]: Json };
  readonly place: Place;
}

/** One command, with `{…}` in its texts still to be filled in for each of its tasks. */
export interface CommandConfig {
  /** `lint`, `<module>/<command>` or `<plugin>.<command>`. */
  readonly name: string;
  /** A shell string, or an argument list run without a shell. */
  readonly exec: string | readonly string[];
  readonly deps: readonly DepConfig[];
  /** Whether the file gave `deps` at all: a command without is never cached. */
  readonly hasDeps: boolean;
  readonly artifacts: readonly string[];
  readonly ignore: readonly string[];
  readonly cache?: string;
  readonly cacheWhen?: CacheWhen;
  readonly space?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly hidden: boolean;
  readonly portable: boolean;
  readonly dir?: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly passEnv: readonly string[];
  readonly timeoutMs?: number;
  readonly retries: number;
  readonly pool?: string;
  readonly weight: number;
  readonly interactive: boolean;
  readonly shell?: string;
  /** Text after `--` is part of the command. */
  readonly args: boolean;
  /** Where the command's table or line begins. */
  readonly place: Place;
}

/** A part of a space that commands are run for, one task each. */
export interface ModuleConfig {
  readonly name: string;
  /** Directory relative to the root. */
  readonly dir: string;
  /** Dotted, relative to the Python path. */
  readonly pyimport: string;
  readonly place: Place;
}

/** A part of the repository with an environment of its own. */
export interface SpaceConfig {
  readonly name: string;
  /** Directory relative to the root. */
  readonly root?: string;
  /** As written: string, list, or table with `type`; the venv types read it. */
  readonly venv?: Json;
  /** Paths of dotenv files, relative to the root; later ones win. */
  readonly dotenv: readonly string[];
  readonly modules: readonly ModuleConfig[];
  /** `true`: the modules alone; else paths and spaces that imports may reach. */
  readonly fence?: true | readonly FenceItem[];
  readonly place: Place;
}

/** What a fence lets in: a path relative to the root, or what another space encloses. */
export type FenceItem =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "space"; readonly name: string };

/** One table of `[caches]`. */
export interface CacheConfig {
  readonly name: string;
  readonly type: string;
  readonly settings: { readonly [key: string]: Json };
  readonly place: Place;
}

/** One entry of `[plugins]`. */
export interface PluginConfig {
  /** The word used in the file, which prefixes its commands. */
  readonly name: string;
  /** `qik.pygraph`, `./tools/plugin.ts`, `npm:pkg`, … */
  readonly source: string;
  readonly settings: { readonly [key: string]: Json };
  readonly place: Place;
}

/** `[pydist]`: what is said of Python distributions by hand. */
export interface PydistConfig {
  readonly ignoreMissing: boolean;
  readonly ignoreMissingModules: boolean;
  readonly versions: readonly { readonly name: string; readonly version: string }[];
  /** Import name to distribution; an empty distribution ignores the import. */
  readonly modules: readonly { readonly pyimport: string; readonly dist: string }[];
}
