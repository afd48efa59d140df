import { parseDuration } from "../base/duration.ts";
import { parseSize } from "../base/size.ts";
import type { Flaw, Suggest } from "./flaws.ts";
import { INDEX_RULE, isIndexUrl } from "./index_url.ts";
import { flawsOf } from "./issues.ts";
import { isName, NAME_RULE } from "./names.ts";
import type { TomlPath } from "./paths.ts";
import {
  anything,
  boolean,
  converted,
  defined,
  either,
  list,
  nothing,
  number,
  type Of,
  oneOf,
  optional,
  type Part,
  recordOf,
  type Shape,
  such,
  tableOf,
  text,
  whole,
} from "./schema_parts.ts";
import type { StandardSchema } from "./standard_schema.ts";
import type { JsonTable } from "./toml.ts";

/** The grammar of `qik.toml`. Loaded only when a configuration is read anew. */

const filled = such((value) => value.trim() !== "", "it is empty");
const name = such(isName, NAME_RULE);
const flag = optional(boolean);
const count = (least: number) => whole(least, 1_000_000);
const duration = such(
  (value) => parseDuration(value) !== undefined,
  'expected a duration such as "90s" or "2h30m"',
);
const size = such(
  (value) => parseSize(value) !== undefined,
  'expected a size such as "10GB" or "500MiB"',
);
const envName = such((value) => /^[^=\s]+$/.test(value), "it cannot name a variable");
const ctxName = such(
  (value) => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(value) && value !== "qik",
  'a variable\'s name has letters, digits, - and _ and is not "qik"',
);
/**
 * Tables whose other keys belong to their `type`, which checks them afterwards; the JSON Schema defines them by
 * these names.
 */
const depTable = defined("dep", recordOf(text, anything));
const venvTable = defined("venv", recordOf(text, anything));
const cacheTable = defined("cache", recordOf(text, anything));
const pluginTable = defined("plugin", recordOf(text, anything));
const cacheWhen = oneOf("success", "failed", "finished", "always");
const textOrTexts = either({ string: filled, array: list(filled) });
const notYet = optional(nothing);

const dep = either({ string: filled, object: depTable });
const venvList = list(either({ string: filled, object: venvTable }));
const venv = either({ string: filled, array: venvList, object: venvTable });

const command = tableOf({
  exec: either({ string: filled, array: list(text, 1) }),
  deps: optional(list(dep)),
  artifacts: optional(list(filled)),
  ignore: optional(list(filled)),
  cache: optional(filled),
  "cache-when": optional(cacheWhen),
  space: optional(filled),
  description: optional(text),
  tags: optional(list(name)),
  hidden: flag,
  portable: flag,
  dir: optional(filled),
  env: optional(recordOf(envName, text)),
  "pass-env": optional(list(envName)),
  timeout: optional(duration),
  retries: optional(count(0)),
  pool: optional(filled),
  weight: optional(count(1)),
  interactive: flag,
  shell: optional(filled),
  args: flag,
  daemon: notYet,
  ready: notYet,
  restart: notYet,
  stop: notYet,
  trigger: notYet,
});
const commands = recordOf(name, either({ string: filled, object: command }));

const ctxVariable = tableOf({
  name: ctxName,
  type: optional(oneOf("str", "int", "bool")),
  default: optional(either({ string: text, number, boolean })),
  required: flag,
});
const moduleTable = tableOf({ name, path: filled });
const modules = list(either({ string: filled, object: moduleTable }));
const fenceSpace = tableOf({ type: oneOf("space"), name: filled });
const space = tableOf({
  root: optional(filled),
  venv: optional(venv),
  dotenv: optional(textOrTexts),
  modules: optional(modules),
  fence: optional(either({
    boolean,
    array: list(either({ string: filled, object: fenceSpace })),
  })),
});
const defaults = tableOf({
  cache: optional(filled),
  "cache-when": optional(cacheWhen),
  venv: optional(venv),
  dotenv: optional(textOrTexts),
  "python-path": optional(filled),
  untracked: flag,
  "strict-env": flag,
  shell: optional(filled),
  secrets: optional(list(filled)),
  jobserver: flag,
});
const base = tableOf({ deps: optional(list(dep)) });
const pydist = tableOf({
  versions: optional(recordOf(text, text)),
  "ignore-missing": flag,
  "ignore-missing-modules": flag,
  modules: optional(recordOf(text, text)),
});
const caches = recordOf(name, cacheTable);
export const project = tableOf({
  ctx: optional(list(either({ string: ctxName, object: ctxVariable }))),
  base: optional(base),
  defaults: optional(defaults),
  commands: optional(commands),
  modules: optional(modules),
  spaces: optional(
    recordOf(name, either({ string: filled, array: venvList, object: space })),
  ),
  caches: optional(caches),
  plugins: optional(recordOf(name, either({ string: filled, object: pluginTable }))),
  pydist: optional(pydist),
  pools: optional(recordOf(name, count(1))),
  hooks: optional(recordOf(text, list(filled))),
});
/** The `qik.toml` of a module holds commands only. */
const moduleFile = tableOf({ commands: optional(commands) });

/** Bytes and milliseconds from here on. */
const localCache = tableOf({
  "max-size": optional(converted(size, (value) => parseSize(value)!)),
  "max-age": optional(converted(duration, (value) => parseDuration(value)!)),
});
const repoCache = tableOf({
  verify: optional(oneOf("off", "changed")),
  protected: optional(filled),
});

const activeVenv = tableOf({ reqs: optional(textOrTexts), lock: optional(filled) });
const spaceVenv = tableOf({ name: filled });

/** What a template comes to is known later. */
const index = such((value) => value.includes("{") || isIndexUrl(value), INDEX_RULE);
const venvKeys = (index: typeof text) => ({
  reqs: optional(
    either({ string: filled, array: list(either({ string: filled, object: fenceSpace })) }),
  ),
  lock: optional(filled),
  constraint: optional(either({ string: filled, object: fenceSpace })),
  python: optional(filled),
  "index-url": optional(index),
  "extra-index-url": optional(either({ string: index, array: list(index) })),
  cache: optional(filled),
});
/** Keys of every venv that a plugin builds; the plugin's type may have more. */
export const builtVenv = tableOf(venvKeys(index));
/** The same of a type whose indexes have names, such as `conda-forge`. */
export const channelVenv = tableOf(venvKeys(text));
/** Of a type without keys of its own. */
export const noSettings = tableOf({});

export type RawProject = Of<typeof project>;
export type RawModuleFile = Of<typeof moduleFile>;
export type RawCommand = Of<typeof command>;
export type RawSpace = Of<typeof space>;
export type RawModule = string | Of<typeof moduleTable>;
export type RawCtx = Of<typeof ctxVariable>;

/** What every remote cache takes besides its plugin's own keys; what may hold templates is checked when opened. */
export const remoteCache = tableOf({
  mode: optional(filled),
  scope: optional(filled),
  "read-scopes": optional(list(filled, 1)),
  "sign-key": optional(text),
  "accept-keys": optional(list(filled)),
  "ca-file": optional(text),
  timeout: optional(converted(duration, (value) => parseDuration(value)!)),
  "upload-wait": optional(converted(duration, (value) => parseDuration(value)!)),
  "max-entry-size": optional(converted(size, (value) => parseSize(value)!)),
});
export type RemoteSettings = Of<typeof remoteCache>;

/** Settings of the caches that the grammar itself knows. */
export const OWN_CACHES: ReadonlyMap<string, StandardSchema<unknown>> = new Map<
  string,
  StandardSchema<unknown>
>([["local", localCache], ["repo", repoCache]]);

/** Settings of the venv types that the grammar itself knows. */
export const OWN_VENVS: ReadonlyMap<string, StandardSchema<unknown>> = new Map<
  string,
  StandardSchema<unknown>
>([["active", activeVenv], ["space", spaceVenv]]);

/** The tables of a file by their paths, whose free names are `*`. */
const TABLES: ReadonlyMap<string, { readonly shape: Shape }> = new Map<string, { shape: Shape }>([
  ["", project],
  ["commands.*", command],
  ["ctx.*", ctxVariable],
  ["modules.*", moduleTable],
  ["spaces.*", space],
  ["spaces.*.modules.*", moduleTable],
  ["spaces.*.fence.*", fenceSpace],
  ["defaults", defaults],
  ["base", base],
  ["pydist", pydist],
]);

/** Keys worth suggesting in a table: not those that a later version brings. */
function knownKeys(path: TomlPath): readonly string[] {
  const { shape = {} } = TABLES.get(path.map((part, at) => at % 2 === 1 ? "*" : part).join(".")) ??
    {};
  return Object.keys(shape).filter((key) => shape[key] !== notYet);
}

/** The result of a check: flaws are never empty where there is no value. */
export type Checking<T> = { readonly value: T } | { readonly flaws: readonly Flaw[] };

/** Checks a whole project file. */
export function checkProject(file: JsonTable, suggest: Suggest): Checking<RawProject> {
  return checked(project, file, suggest, knownKeys);
}

/** Checks the file of a module. */
export function checkModuleFile(file: JsonTable, suggest: Suggest): Checking<RawModuleFile> {
  return checked(
    moduleFile,
    file,
    suggest,
    (path) => path.length === 0 ? ["commands"] : knownKeys(path),
  );
}

function checked<T>(
  { wrong, read }: Part<T>,
  value: JsonTable,
  suggest: Suggest,
  keys: (path: TomlPath) => readonly string[],
): Checking<T> {
  const issues = wrong(value);
  if (issues !== undefined) return { flaws: flawsOf(issues, { value, suggest, keys }) };
  return { value: read!(value) };
}
