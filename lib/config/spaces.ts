import { isWithin, rootedPath } from "../base/paths.ts";
import { byCodeUnit } from "../base/order.ts";
import { broughtHint } from "./built_in.ts";
import { checkSettings, defined, placeIn, report, type Section, type Settings } from "./draft.ts";
import { badValue, found, listed } from "./flaws.ts";
import { buildModules } from "./modules.ts";
import type { TomlPath } from "./paths.ts";
import { OWN_VENVS, type RawProject, type RawSpace } from "./schema.ts";
import type { FenceItem, Json, SpaceConfig } from "./types.ts";

/** Builds all spaces, `default` first; the top-level `modules` are the default space's. */
export function buildSpaces(
  section: Section,
  project: RawProject,
  pythonPath: string,
): SpaceConfig[] {
  const written = new Map(Object.entries(project.spaces ?? {}));
  const names = ["default", ...[...written.keys()].filter((name) => name !== "default")];
  return names.map((name) => {
    const raw = written.get(name) ?? {};
    const table: RawSpace = typeof raw === "string" || Array.isArray(raw) ? { venv: raw } : raw;
    const top = name === "default"
      ? buildModules(section, project.modules ?? [], ["modules"], pythonPath)
      : [];
    const built = buildSpace(section, name, table, pythonPath);
    return top.length === 0 ? built : { ...built, modules: [...top, ...built.modules] };
  });
}

function buildSpace(
  section: Section,
  name: string,
  raw: RawSpace,
  pythonPath: string,
): SpaceConfig {
  const path = ["spaces", name];
  const root = raw.root === undefined ? undefined : rootedPath(raw.root);
  if (raw.root !== undefined && root === undefined) {
    const why = "expected a directory inside the repository";
    report(section, badValue([...path, "root"], raw.root, why));
  }
  const venv = raw.venv as Json | undefined;
  if (venv !== undefined) checkVenv(section, venv, [...path, "venv"]);
  return {
    name,
    ...defined({ root, venv }),
    dotenv: filesInside(section, raw.dotenv, [...path, "dotenv"]),
    modules: buildModules(section, raw.modules ?? [], [...path, "modules"], pythonPath),
    ...defined({ fence: buildFence(section, raw.fence, [...path, "fence"]) }),
    place: placeIn(section, path),
  };
}

/** The list of files that are written as one or several, each inside the repository. */
export function filesInside(
  section: Section,
  written: string | readonly string[] | undefined,
  path: TomlPath,
): readonly string[] {
  const files = written === undefined ? [] : typeof written === "string" ? [written] : written;
  files.forEach((file, at) => {
    if (rootedPath(file) !== undefined) return;
    const where = typeof written === "string" ? path : [...path, at];
    report(section, badValue(where, file, "expected a file inside the repository"));
  });
  return files;
}

/** A path of a fence is inside the repository; `false` is no fence, `true` the modules alone. */
function buildFence(
  section: Section,
  raw: RawSpace["fence"],
  path: TomlPath,
): true | readonly FenceItem[] | undefined {
  if (raw === undefined || typeof raw === "boolean") return raw === true ? true : undefined;
  return raw.flatMap((item, at): FenceItem[] => {
    if (typeof item !== "string") return [{ kind: "space", name: item.name }];
    if (rootedPath(item) !== undefined) return [{ kind: "path", path: item }];
    report(section, badValue([...path, at], item, "expected a path inside the repository"));
    return [];
  });
}

/** Checks a venv as written: a requirements file, a list of them (or of spaces), or a table with a type. */
export function checkVenv(section: Section, venv: Json, path: TomlPath): void {
  const items: readonly Json[] = Array.isArray(venv) ? venv : [venv];
  items.forEach((item, at) => {
    const where = Array.isArray(venv) ? [...path, at] : path;
    if (typeof item === "string") return void filesInside(section, item, where);
    checkVenvTable(section, item as Settings, where);
    const { type, ...files } = item as Settings;
    if (type !== "active") return;
    for (const [key, value] of Object.entries(files)) {
      const texts = [value].flat();
      // Whatever is no text has been told of by the schema.
      if (texts.every((text) => typeof text === "string")) {
        filesInside(section, Array.isArray(value) ? texts : texts[0], [...where, key]);
      }
    }
  });
}

function checkVenvTable(section: Section, table: Settings, path: TomlPath): void {
  const { type, ...settings } = table;
  const { venvs } = section.draft.schemas;
  const schema = typeof type === "string" ? OWN_VENVS.get(type) ?? venvs.get(type) : undefined;
  if (schema !== undefined) return void checkSettings(section, schema, settings, path);
  const known = [...OWN_VENVS.keys(), ...venvs.keys()];
  if (typeof type === "string") {
    const hint = broughtHint(type, section.draft.kinds.builtIn) ??
      section.draft.suggest(type, known) ?? "Add the plugin that brings it to [plugins]";
    report(section, badValue([...path, "type"], type, `expected ${listed(known)}`, hint));
  } else {
    const lack = type === undefined ? "none" : found(type);
    report(section, badValue(path, table, `expected a "type" of ${listed(known)}, found ${lack}`));
  }
}

/** The names of the spaces that a venv inherits from, with where each is written. */
export function inheritedSpaces(venv: Json | undefined): readonly { name: string; at?: number }[] {
  const items: readonly Json[] = Array.isArray(venv) ? venv : [venv ?? null];
  return items.flatMap((item, at) => {
    if (typeof item !== "object" || item === null) return [];
    const { type, name } = item as Settings;
    if (type !== "space" || typeof name !== "string") return [];
    return Array.isArray(venv) ? { name, at } : { name };
  });
}

/** Reports roots that lie in one another: the working directory would mean two spaces. */
export function checkRoots(section: Section, spaces: readonly SpaceConfig[]): void {
  const rooted = spaces.flatMap(({ name, root }) => root === undefined ? [] : { name, root });
  // With a slash behind it every root stands right before all that lies in it.
  rooted.sort((a, b) => byCodeUnit(a.root + "/", b.root + "/"));
  const empty = rooted.find(({ root }) => root === "");
  let outer = empty;
  for (const inner of rooted) {
    if (inner === outer) continue;
    if (outer !== undefined && isWithin(inner.root, outer.root)) {
      const why = `it lies in the root of the space "${outer.name}"`;
      const hint = "Roots may not lie in one another";
      report(section, badValue(["spaces", inner.name, "root"], inner.root, why, hint));
    } else outer = inner;
  }
}
