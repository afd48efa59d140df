import type { CommandConfig, Config, PluginConfig, SpaceConfig } from "../config/types.ts";
import { fillJson } from "../plan/fill.ts";
import type { MadeCommand } from "../plan/made.ts";
import type { Plugin, PluginCommand, PluginProject } from "./api.ts";

/** What plugins are told about the project that they are used in. */
export interface ProjectView {
  /** Absolute. */
  readonly root: string;
  readonly config: Config;
  /** Plugins by source. */
  readonly plugins: ReadonlyMap<string, Plugin>;
  /** Fills text that belongs to a space; throws a `QikError` for what cannot be filled. */
  readonly fill: (text: string, space: SpaceConfig) => string | undefined;
}

/** The project as the plugin of one entry of `[plugins]` sees it. Templates are filled when settings are asked for. */
export function pluginProject(view: ProjectView, plugin: PluginConfig): PluginProject<unknown> {
  const { root, config, fill } = view;
  let settings: unknown;
  return {
    root,
    config,
    plugin,
    fill,
    get settings() {
      return settings ??= fillJson(plugin.settings, (text) => fill(text, config.spaces[0]!)) ?? {};
    },
  };
}

/** The kinds of environments that plugins bring, by the plugin's source. */
export function venvTypesOf(
  { plugins }: Pick<ProjectView, "plugins">,
): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const [source, { venv }] of plugins) if (venv !== undefined) types.set(source, venv.kind);
  return types;
}

/** The commands that the plugins of `[plugins]` make, under their whole names. */
export function madeCommands(view: ProjectView): ReadonlyMap<string, MadeCommand> {
  const made = new Map<string, MadeCommand>();
  for (const entry of view.config.plugins) {
    const project = pluginProject(view, entry);
    for (const spec of view.plugins.get(entry.source)?.commands ?? []) {
      const command = commandOf(entry, spec);
      made.set(command.name, {
        command,
        tasks: () => spec.tasks?.(project as never) ?? [],
        make: (at) => spec.task(at, project as never),
      });
    }
  }
  return made;
}

/** What `qik.toml` would say, so that everything that reads commands reads these, too. */
export function commandOf(
  { name, place }: PluginConfig,
  spec: Pick<PluginCommand, "name" | "description" | "hidden">,
): CommandConfig {
  return {
    name: `${name}.${spec.name}`,
    description: spec.description,
    exec: "",
    deps: [],
    hasDeps: true,
    artifacts: [],
    ignore: [],
    tags: [],
    hidden: spec.hidden ?? false,
    portable: false,
    env: [],
    passEnv: [],
    retries: 0,
    weight: 1,
    interactive: false,
    args: false,
    place,
  };
}
