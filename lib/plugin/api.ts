import type { Problem, QikError } from "../base/problems.ts";
import type { Cache } from "../cache/cache.ts";
import type { ObjectStore } from "../cache/remote/store.ts";
import type { Config, PluginConfig, SpaceConfig } from "../config/types.ts";
import type { TaskCall, TaskSpec, ToolOptions } from "../plan/made.ts";
import type { Picture } from "./picture.ts";
import type { DepType, DepWorld, PlannedDep, StandardSchema } from "../plan/types.ts";
import type { Clock, Files, Net } from "../sys/sys.ts";

/** A cache type that `[caches.NAME] type = "…"` can name. */
export interface CacheType<Settings = never> {
  readonly kind: string;
  /** Any Standard Schema for the table without `type`; asked only when the configuration is read anew. */
  readonly schema: () => Promise<StandardSchema<Settings>>;
  /** Opens the cache of that name. Must not wait for a network: the first `get` does. */
  open(request: CacheRequest<Settings>): Cache;
}

/** What a cache is opened with. */
export interface CacheRequest<Settings> {
  /** Name in `[caches]`. */
  readonly name: string;
  /** Templates are filled in. */
  readonly settings: Settings;
  /** The local store, for a remote cache to keep what it fetched. */
  readonly local: Cache;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A type of remote cache: a store of objects that machines share. qik makes the cache of it (what is stored and
 * verified, time limits, trust), so the plugin brings a protocol and credentials only.
 */
export interface RemoteType<Settings = never> {
  readonly kind: string;
  /** Any Standard Schema for the type's own keys; those that all remotes take (`mode`, `scope`, …) are qik's. */
  readonly schema: () => Promise<StandardSchema<Settings>>;
  /** Opens the store, before the first call to it. Must not wait for a network: its calls do. */
  open(request: StoreRequest<Settings>): Promise<ObjectStore>;
}

/** What a store is opened with. */
export interface StoreRequest<Settings> {
  /** Name in `[caches]`. */
  readonly name: string;
  /** Templates are filled in; a text may be empty where a secret of CI is not there. */
  readonly settings: Settings;
  /**
   * The error to throw for a setting that cannot be used, which says where it stands. `why` goes on from "Cannot use the
   * KEY of the remote cache …:"; it tells the value only where that is no secret.
   */
  readonly bad: (key: string, why: string, hint?: string) => QikError;
  readonly env: Readonly<Record<string, string>>;
  readonly net: Net;
  readonly clock: Pick<Clock, "now">;
  /** For files that hold credentials. */
  readonly files: Pick<Files, "read">;
}

/**
 * A type of environment that qik builds for a space: `venv = {type = "…"}`. The plugin brings what its tool does; qik
 * makes of it the hidden commands `<plugin>.lock` and `<plugin>.install`, which run before the commands of the space.
 *
 * qik sees to: the keys that all of them have (`BuiltVenvSettings`), where lock and environment lie, what depends on
 * what, that only what was installed wholly counts as installed, and what commands find in their environment.
 */
export interface VenvType<Settings = never> {
  readonly kind: string;
  /** Any Standard Schema for the keys that only this type has; none where it is missing. */
  readonly schema?: () => Promise<StandardSchema<Settings>>;
  /** Where programs and packages lie in the environment. */
  readonly layout: "virtualenv" | "conda";
  /** The program that locks and installs, and how to get it: told where it is missing. */
  readonly tool: { readonly name: string; readonly hint: string };
  /** `index-url` may be a word of the tool's, as conda's channels are; else an address or a path is expected. */
  readonly channels?: boolean;
  /** Used where no requirements are named, such as `pyproject.toml`. */
  readonly defaultReqs?: string;
  /** Name of a lock file that has no path of its own. */
  lockName(space: string): string;
  /** Where a lock lies that has no path of its own, for a tool that takes it from one place only; relative to the root. */
  lockPath?(reqs: readonly string[]): string;
  /** Makes the lock, whose directory is there. Called with each plan: must be quick and read nothing. */
  lock(at: VenvAt<Settings>): VenvStep<VenvCall>;
  /** Makes the environment be what the lock says. Called with each plan: must be quick and read nothing. */
  install(at: VenvAt<Settings>): VenvStep<InstallCall>;
}

/** Keys of every venv that a plugin builds: the space's own, else those of `[plugins.NAME]`. */
export interface BuiltVenvSettings {
  readonly python?: string;
  /** May hold credentials. Hand it to a tool through its environment, never in its arguments. */
  readonly "index-url"?: string;
  readonly "extra-index-url"?: string | readonly string[];
}

/** Which environment of a project is built. All paths are relative to the root. */
export interface VenvAt<Settings = unknown> {
  readonly project: PluginProject<unknown>;
  /** The space that defines it; others may inherit it. */
  readonly space: SpaceConfig;
  /** Templates are filled in. */
  readonly settings: Settings & BuiltVenvSettings;
  /** Never empty. */
  readonly reqs: readonly string[];
  readonly lock: string;
  /** Files that the lock keeps to: `constraint`, or the lock of the space that it names. */
  readonly constraints: readonly string[];
  readonly directory: string;
}

/** One of the two tasks of an environment. */
export interface VenvStep<Call> {
  /** Part of the key: changes whenever the step would do something else with the same inputs. */
  readonly version: string;
  /**
   * What decides about it beyond qik's own: requirement files with what they include, constraints, lock, and all
   * settings (userinfo of URLs left out) are dependencies already.
   */
  readonly deps?: readonly PlannedDep[];
  /** @returns The exit code of the tool that failed, else 0. */
  run(call: Call): Promise<number>;
}

/** What a step is handed. Its environment is the user's: no environment that qik built is active in it. */
export interface VenvCall extends Omit<TaskCall, "tool"> {
  /**
   * Runs a program; its output is the task's.
   *
   * @returns Its exit code.
   * @throws {QikError} `tool-missing` where it cannot be started, with the type's hint where it is the type's tool.
   */
  tool(argv: readonly string[], options?: ToolOptions): Promise<number>;
}

/** What an installation is handed. */
export interface InstallCall extends VenvCall {
  /**
   * Nothing stands at the directory: what was there was no whole installation, or another Python. Otherwise what
   * stands there is a whole one of an earlier lock.
   */
  readonly fresh: boolean;
}

/** A project as a plugin sees it when tasks are planned. */
export interface PluginProject<Settings> {
  /** Absolute. */
  readonly root: string;
  readonly config: Config;
  /** The plugin's entry in `[plugins]`: its `name` is the user's word, which all its commands begin with. */
  readonly plugin: PluginConfig;
  /** The entry's settings as its schema left them, templates filled in. */
  readonly settings: Settings;
  /** Fills the templates of text that belongs to a space. */
  fill(text: string, space: SpaceConfig): string | undefined;
}

/** A command of a plugin; its tasks are made by code. `qik.toml` text makes the others (`Plugin.toml`). */
export interface PluginCommand<Settings = never> {
  /** Its word: the whole name is `<plugin>.<word>`. */
  readonly name: string;
  readonly description: string;
  /** Left out where nothing is selected by name; runs where a task needs it. */
  readonly hidden?: boolean;
  /**
   * Tasks that are there by themselves; none where it is missing. Others are made when a dependency asks, with
   * `needs: [{ command: "<plugin>.<word>", args, … }]`, in the space of the task that asks.
   */
  readonly tasks?: (project: PluginProject<Settings>) => readonly PluginTaskAt[];
  /** What one task is. Called once for each whenever a plan is built: must be quick and read nothing. */
  task(at: PluginTaskAt, project: PluginProject<Settings>): TaskSpec;
}

/** Which task of a plugin's command. */
export interface PluginTaskAt {
  readonly space: SpaceConfig;
  /** Become the end of its name: `?key=value&…`. */
  readonly args: Readonly<Record<string, string>>;
}

/** `qik :NAME` of a plugin. */
export interface PluginMeta<Settings = never> {
  readonly name: string;
  /** One line, for its help. */
  readonly description: string;
  /** Its words in the form `<task>`, `[name...]`; any number of them where unset. */
  readonly words?: readonly string[];
  /** Options beside those that every meta command has, such as `--why <module>`. */
  readonly options?: readonly MetaOption[];
  /** @returns The exit code. */
  run(call: MetaCall<Settings>): Promise<number>;
}

/** An option of a plugin's meta command. */
export interface MetaOption {
  /** As in the help: `--format <name>`, `-x, --exclude <name>`. */
  readonly flags: string;
  readonly text: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** All values that it takes. */
  readonly choices?: readonly string[];
}

/** What a plugin's meta command is handed. */
export interface MetaCall<Settings> {
  readonly project: PluginProject<Settings>;
  /** What stands behind `:NAME`, without options. */
  readonly words: readonly string[];
  readonly json: boolean;
  /** By the long name of the option: `options["format"]`. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly files: Files;
  world(space: SpaceConfig): DepWorld;
  /** Runs tasks as `qik NAME…` would, quietly; what fails is shown. @returns The exit code. */
  runTasks(names: readonly string[]): Promise<number>;
  write(stream: "out" | "err", text: string): void;
}

/** A graph that `qik :graph NAME` shows. */
export interface PluginGraph<Settings = never> {
  readonly name: string;
  /** @returns The graph; or the exit code of what could not be made. */
  load(call: MetaCall<Settings>): Promise<Picture | number>;
}

/** What a plugin adds; a value without behaviour of its own at load time. */
export interface Plugin {
  /** Its word in messages; the user's word for it stands in `[plugins]`. */
  readonly name: string;
  /** Schema of the plugin's own table, without `plugin` and `pyimport`. */
  readonly settings?: () => Promise<StandardSchema<unknown>>;
  readonly deps?: readonly DepType[];
  readonly caches?: readonly CacheType[];
  readonly remotes?: readonly RemoteType[];
  /** At most one: its commands are `<plugin>.lock` and `<plugin>.install`. */
  readonly venv?: VenvType;
  readonly commands?: readonly PluginCommand[];
  /** Further commands as a `qik.toml` that holds nothing else; they are named `<plugin>.<word>`, too. */
  readonly toml?: string;
  readonly meta?: readonly PluginMeta[];
  readonly graphs?: readonly PluginGraph[];
}

/**
 * What qik hands to a plugin. A plugin file needs no import at run time (only `import type`), so that it works
 * in the compiled executable too.
 */
export interface PluginHost {
  readonly version: string;
  /** Keeps a dependency type's settings typed inside the plugin. */
  depType<Settings>(spec: DepType<Settings>): DepType;
  /** Keeps a cache type's settings typed inside the plugin. */
  cacheType<Settings>(spec: CacheType<Settings>): CacheType;
  /** Keeps a remote type's settings typed inside the plugin. */
  remoteType<Settings>(spec: RemoteType<Settings>): RemoteType;
  /** Keeps a venv type's settings typed inside the plugin. */
  venvType<Settings>(spec: VenvType<Settings>): VenvType;
  /** Keeps the plugin's settings typed inside a command. */
  command<Settings>(spec: PluginCommand<Settings>): PluginCommand;
  /** Keeps the plugin's settings typed inside a meta command. */
  meta<Settings>(spec: PluginMeta<Settings>): PluginMeta;
  /** An error that the user can mend: told without a stack, with the exit code of its row in the table. */
  problem(problem: Problem | readonly Problem[]): Error;
}

/** The default export of a plugin file. */
export type PluginFactory = (host: PluginHost) => Plugin;

/**
 * Marks a function as a plugin and checks its type; does nothing else.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { definePlugin } from "./api.ts";
 * const plugin = definePlugin(() => ({ name: "example" }));
 * assert.equal(plugin({ version: "1.0.0" } as never).name, "example");
 * ```
 */
export function definePlugin(factory: PluginFactory): PluginFactory {
  return factory;
}
