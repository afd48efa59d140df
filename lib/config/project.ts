import { rootedPath } from "../base/paths.ts";
import { broughtHint, laterHint } from "./built_in.ts";
import { buildCommands, buildDeps, cacheWhen } from "./commands.ts";
import { sameName } from "./ctx.ts";
import { checkSettings, defined, placeIn, report, type Section, type Settings } from "./draft.ts";
import { badValue, type Flaw, found, listed } from "./flaws.ts";
import type { TomlPath } from "./paths.ts";
import { OWN_CACHES, type RawCtx, type RawProject } from "./schema.ts";
import { buildSpaces, checkVenv, filesInside } from "./spaces.ts";
import type {
  CacheConfig,
  Config,
  CtxVariable,
  Defaults,
  Json,
  PluginConfig,
  PydistConfig,
} from "./types.ts";

/** Builds the configuration that the project file alone gives; modules' own files are added by the caller. */
export function buildProject(section: Section, raw: RawProject): Config {
  const defaults = buildDefaults(section, raw.defaults ?? {});
  return {
    file: section.origin.file,
    ctx: buildCtx(section, raw.ctx ?? []),
    baseDeps: buildDeps(section, raw.base?.deps ?? [], ["base", "deps"]),
    defaults,
    commands: buildCommands(section, raw.commands ?? {}),
    spaces: buildSpaces(section, raw, defaults.pythonPath),
    caches: buildCaches(section, raw.caches ?? {}),
    plugins: buildPlugins(section, raw.plugins ?? {}),
    pydist: buildPydist(raw.pydist ?? {}),
    pools: Object.entries(raw.pools ?? {}).map(([name, limit]) => ({ name, limit })),
    hooks: buildHooks(section, raw.hooks ?? {}),
  };
}

function buildDefaults(section: Section, raw: NonNullable<RawProject["defaults"]>): Defaults {
  const venv = raw.venv as Json | undefined;
  if (venv !== undefined) checkVenv(section, venv, ["defaults", "venv"]);
  const written = raw["python-path"] ?? "";
  const pythonPath = rootedPath(written);
  if (pythonPath === undefined) {
    const why = "expected a directory inside the repository";
    report(section, badValue(["defaults", "python-path"], written, why));
  }
  return {
    cache: raw.cache ?? "local",
    cacheWhen: cacheWhen(raw["cache-when"]) ?? "success",
    dotenv: filesInside(section, raw.dotenv, ["defaults", "dotenv"]),
    pythonPath: pythonPath ?? "",
    untracked: raw.untracked ?? true,
    strictEnv: raw["strict-env"] ?? false,
    ...defined({ venv, shell: raw.shell, secrets: raw.secrets, jobserver: raw.jobserver }),
  };
}

function buildCtx(section: Section, raw: readonly (string | RawCtx)[]): CtxVariable[] {
  const seen = new Set<string>();
  return raw.map((item, at) => {
    const written = typeof item === "string" ? { name: item } : item;
    const { name, type = "str", default: fallback, required = true } = written;
    if (seen.has(sameName(name))) {
      report(section, badValue(["ctx", at], name, "this variable is already declared"));
    }
    seen.add(sameName(name));
    if (fallback !== undefined && !isOfType(fallback, type)) {
      const wanted = { str: "a string", int: "a whole number", bool: "true or false" }[type];
      const message = `Cannot read ctx[${at}].default: expected ${wanted}, found ${
        found(fallback)
      }`;
      report(section, { code: "config-wrong-type", message, path: ["ctx", at, "default"] });
    }
    return { name, type, required, ...defined({ default: fallback }) };
  });
}

function isOfType(value: string | number | boolean, type: CtxVariable["type"]): boolean {
  if (type === "int") return Number.isInteger(value);
  return type === "str" ? typeof value === "string" : typeof value === "boolean";
}

function buildCaches(
  section: Section,
  raw: Readonly<Record<string, Record<string, unknown>>>,
): CacheConfig[] {
  return Object.entries(raw).flatMap(([name, table]) => {
    const path = ["caches", name];
    const own = OWN_CACHES.has(name);
    const { type = own ? name : undefined, ...settings } = table;
    const known = own ? [name] : [...OWN_CACHES.keys(), ...section.draft.schemas.caches.keys()];
    if (name === "none") {
      const why = 'the name "none" always means no cache';
      report(section, badValue(path, table, why, "Give the cache another name"));
      return [];
    }
    if (typeof type !== "string" || !known.includes(type)) {
      const hint = typeof type === "string"
        ? broughtHint(type, section.draft.kinds.builtIn) ?? section.draft.suggest(type, known)
        : undefined;
      const where = type === undefined ? path : [...path, "type"];
      const why = `expected ${type === undefined ? 'a "type" of ' : ""}${listed(known)}`;
      report(section, badValue(where, type ?? table, why, hint));
      return [];
    }
    const schema = OWN_CACHES.get(type) ?? section.draft.schemas.caches.get(type)!;
    const checked = checkSettings(section, schema, settings as Settings, path);
    return { name, type, settings: checked, place: placeIn(section, path) };
  });
}

function buildPlugins(
  section: Section,
  raw: Readonly<Record<string, string | Record<string, unknown>>>,
): PluginConfig[] {
  const names = new Map<string, string>();
  return Object.entries(raw).flatMap(([name, written]) => {
    const path = ["plugins", name];
    const table = typeof written === "string" ? { plugin: written } : written;
    const { plugin, pyimport, ...settings } = table;
    const source = plugin ?? pyimport;
    if (typeof source !== "string" || (plugin !== undefined && pyimport !== undefined)) {
      report(section, badValue(path, table, 'expected one key "plugin" with the plugin\'s source'));
      return [];
    }
    if (!section.draft.kinds.plugins.has(source)) {
      report(section, unknownPlugin(section, source, path));
      return [];
    }
    const first = names.get(source);
    if (first !== undefined) {
      const why = `it is there already under the name "${first}"`;
      report(section, badValue(path, source, why));
      return [];
    }
    names.set(source, name);
    const checked = pluginSettings(section, source, settings as Settings, path);
    return { name, source, settings: checked, place: placeIn(section, path) };
  });
}

function unknownPlugin({ draft }: Section, source: string, path: TomlPath): Flaw {
  const { builtIn = new Set<string>(), broken } = draft.kinds;
  const why = broken?.get(source);
  const code = "plugin-unknown";
  const what = `Cannot use the plugin "${source}"`;
  if (why !== undefined) return { code, message: `${what}: ${why}`, hint: BROKEN_HINT, path };
  const hint = laterHint(source) ?? draft.suggest(source, builtIn) ?? OWN_PLUGIN_HINT;
  return { code, message: `${what}: no such plugin`, hint, path };
}

const BROKEN_HINT = "Mend the plugin, or remove it from [plugins]";
const OWN_PLUGIN_HINT =
  'Write "./path/to/plugin.ts" or "npm:NAME" for a plugin that is not qik\'s own';

function pluginSettings(
  section: Section,
  source: string,
  settings: Settings,
  path: readonly string[],
): Settings {
  const schema = section.draft.schemas.plugins.get(source);
  if (schema !== undefined) return checkSettings(section, schema, settings, path);
  for (const key of Object.keys(settings)) {
    const message = `Cannot read ${path.join(".")}: the plugin has no setting "${key}"`;
    report(section, { code: "config-unknown-key", message, path: [...path, key] });
  }
  return {};
}

function buildPydist(raw: NonNullable<RawProject["pydist"]>): PydistConfig {
  return {
    ignoreMissing: raw["ignore-missing"] ?? false,
    ignoreMissingModules: raw["ignore-missing-modules"] ?? false,
    versions: Object.entries(raw.versions ?? {}).map(([name, version]) => ({ name, version })),
    modules: Object.entries(raw.modules ?? {}).map(([pyimport, dist]) => ({ pyimport, dist })),
  };
}

/** Hooks of git that run on the user's side of a repository. */
const GIT_HOOKS = [
  "applypatch-msg",
  "commit-msg",
  "post-applypatch",
  "post-checkout",
  "post-commit",
  "post-merge",
  "post-rewrite",
  "pre-applypatch",
  "pre-auto-gc",
  "pre-commit",
  "pre-merge-commit",
  "pre-push",
  "pre-rebase",
  "prepare-commit-msg",
];

function buildHooks(
  section: Section,
  raw: Readonly<Record<string, readonly string[]>>,
): { readonly name: string; readonly commands: readonly string[] }[] {
  return Object.entries(raw).map(([name, commands]) => {
    if (!GIT_HOOKS.includes(name)) {
      const hint = section.draft.suggest(name, GIT_HOOKS) ?? `Git's hooks: ${GIT_HOOKS.join(", ")}`;
      report(section, badValue(["hooks", name], name, "git has no hook of this name", hint));
    }
    return { name, commands };
  });
}
