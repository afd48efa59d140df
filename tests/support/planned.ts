import type { CommandConfig, Config, DepConfig, SpaceConfig } from "../../lib/config/types.ts";
import { buildPlan } from "../../lib/plan/build.ts";
import type { Filler } from "../../lib/plan/fill.ts";
import type { Plan } from "../../lib/plan/types.ts";
import { registryOf } from "../../lib/plugin/registry.ts";

const place = { file: "qik.toml" };

/** A filler that knows `{module.name}` and `{space.name}` only: enough to see where templates are filled. */
export const simpleFiller: Filler = {
  fill: (text, { place: { module, space } }) =>
    text.replaceAll("{module.name}", module?.name ?? "?").replaceAll("{space.name}", space.name),
  mentionsModule: (text) => text.includes("{module."),
};

export function command(name: string, given: Partial<CommandConfig> = {}): CommandConfig {
  return {
    name,
    exec: `run ${name}`,
    deps: [],
    hasDeps: given.deps !== undefined,
    artifacts: [],
    ignore: [],
    tags: [],
    hidden: false,
    portable: false,
    env: [],
    passEnv: [],
    retries: 0,
    weight: 1,
    interactive: false,
    args: false,
    place,
    ...given,
  };
}

export function space(name: string, modules: readonly string[] = []): SpaceConfig {
  return {
    name,
    dotenv: [],
    modules: modules.map((module) => ({ name: module, dir: module, pyimport: module, place })),
    place,
  };
}

export function need(name: string, settings: DepConfig["settings"] = {}): DepConfig {
  return { type: "command", settings: { name, ...settings }, place };
}

export function planOf(
  commands: readonly CommandConfig[],
  spaces: readonly SpaceConfig[] = [space("default")],
): Plan {
  const config: Config = {
    file: "qik.toml",
    ctx: [],
    baseDeps: [],
    defaults: {
      cache: "local",
      cacheWhen: "success",
      dotenv: [],
      pythonPath: ".",
      untracked: true,
      strictEnv: false,
    },
    commands,
    spaces,
    caches: [],
    plugins: [],
    pydist: { ignoreMissing: false, ignoreMissingModules: false, versions: [], modules: [] },
    pools: [],
    hooks: [],
  };
  const { depTypes } = registryOf([]);
  return buildPlan({ config, root: "/repo", depTypes, filler: simpleFiller, args: [] });
}
