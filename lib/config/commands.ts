import { parseDuration } from "../base/duration.ts";
import { rootedPath } from "../base/paths.ts";
import { broughtHint } from "./built_in.ts";
import {
  checkSettings,
  commandName,
  defined,
  type Owner,
  placeIn,
  report,
  type Section,
  type Settings,
} from "./draft.ts";
import { badValue, hinted, listed } from "./flaws.ts";
import type { DepKind, Kinds } from "./kinds.ts";
import type { TomlPath } from "./paths.ts";
import type { RawCommand } from "./schema.ts";
import { parseTemplate } from "./templates.ts";
import type { CacheWhen, CommandConfig, DepConfig } from "./types.ts";

type RawDep = NonNullable<RawCommand["deps"]>[number];
type RawCommands = { readonly [name: string]: string | RawCommand };

/** Builds the commands of one file. */
export function buildCommands(
  section: Section,
  commands: RawCommands,
  owner?: Owner,
): CommandConfig[] {
  return Object.entries(commands).map(([key, written]) => {
    const raw: RawCommand = typeof written === "string" ? { exec: written } : written;
    return buildCommand(section, commandName(key, owner), raw, [
      "commands",
      key,
    ]);
  });
}

function buildCommand(
  section: Section,
  name: string,
  raw: RawCommand,
  path: TomlPath,
): CommandConfig {
  checkDir(section, raw.dir, [...path, "dir"]);
  const { exec, shell, space, cache, pool, dir, description } = raw;
  const timeoutMs = raw.timeout === undefined ? undefined : parseDuration(raw.timeout);
  return {
    name,
    exec,
    deps: buildDeps(section, raw.deps ?? [], [...path, "deps"]),
    hasDeps: raw.deps !== undefined,
    artifacts: raw.artifacts ?? [],
    ignore: raw.ignore ?? [],
    ...defined({ cache, cacheWhen: cacheWhen(raw["cache-when"]), space, description }),
    tags: raw.tags ?? [],
    hidden: raw.hidden ?? false,
    portable: raw.portable ?? false,
    env: Object.entries(raw.env ?? {}).map(([key, value]) => ({ name: key, value })),
    passEnv: raw["pass-env"] ?? [],
    ...defined({ timeoutMs, dir, pool, shell }),
    retries: raw.retries ?? 0,
    weight: raw.weight ?? 1,
    interactive: raw.interactive ?? false,
    args: raw.args ?? false,
    place: placeIn(section, path),
  };
}

/** A directory that is written out must stay in the repository; one with placeholders is checked when filled. */
function checkDir(section: Section, dir: string | undefined, path: TomlPath): void {
  if (dir === undefined || rootedPath(dir) !== undefined) return;
  if (parseTemplate(dir).some((piece) => typeof piece !== "string")) return;
  report(section, badValue(path, dir, "expected a directory inside the repository"));
}

/** `always` is the old word for `finished`. */
export function cacheWhen(written: string | undefined): CacheWhen | undefined {
  return written === "always" ? "finished" : written as CacheWhen | undefined;
}

/** Builds a list of dependencies; wrong ones are reported and left out. */
export function buildDeps(
  section: Section,
  deps: readonly RawDep[],
  path: TomlPath,
): DepConfig[] {
  const { file, path: list } = placeIn(section, path);
  return deps.flatMap((dep, at) => {
    const place = { file, path: `${list}[${at}]` };
    if (typeof dep === "string") return { type: "glob", settings: { pattern: dep }, place };
    const checked = checkDep(section, dep, [...path, at]);
    return checked === undefined ? [] : { ...checked, place };
  });
}

function checkDep(
  section: Section,
  table: Readonly<Record<string, unknown>>,
  path: TomlPath,
): { readonly type: string; readonly settings: Settings } | undefined {
  const { type, ...settings } = table;
  const { draft } = section;
  const kind = typeof type === "string" ? findKind(draft.kinds, type) : undefined;
  const schema = kind && draft.schemas.deps.get(kind.kind);
  if (kind !== undefined && schema !== undefined) {
    return {
      type: kind.kind,
      settings: checkSettings(section, schema, settings as Settings, path),
    };
  }
  const known = depWords(draft.kinds);
  if (typeof type !== "string") {
    const why = `expected a table with "type", one of ${listed(known)}`;
    report(section, badValue(path, table, why));
  } else {
    const message = `Cannot use a dependency of type "${type}": no such type`;
    const hint = broughtHint(type, draft.kinds.builtIn) ?? draft.suggest(type, known) ??
      `Known types: ${known.join(", ")}`;
    report(section, { code: "dep-unknown", message, ...hinted(hint), path: [...path, "type"] });
  }
  return undefined;
}

/** The kind that a `type` means, by name or alias. */
function findKind(kinds: Kinds, type: string): DepKind | undefined {
  const named = kinds.deps.get(type);
  if (named !== undefined) return named;
  for (const kind of kinds.deps.values()) if (kind.aliases?.includes(type)) return kind;
  return undefined;
}

function depWords(kinds: Kinds): string[] {
  return [...kinds.deps.values()].flatMap(({ kind, aliases = [] }) => [kind, ...aliases]);
}
