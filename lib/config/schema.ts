import * as z from "zod/mini";
import { parseDuration } from "../base/duration.ts";
import { parseSize } from "../base/size.ts";
import type { Flaw, Suggest } from "./flaws.ts";
import { INDEX_RULE, isIndexUrl } from "./index_url.ts";
import { flawsOf, type RawIssue } from "./issues.ts";
import { isName, NAME_RULE } from "./names.ts";
import type { TomlPath } from "./paths.ts";
import { either, list, optional, quickly, recordOf, such, tableOf } from "./schema_parts.ts";
import type { StandardSchema } from "./standard_schema.ts";
import type { JsonTable } from "./toml.ts";

/**
 * The grammar of `qik.toml`. This and `schema_parts.ts` are the only files that know the schema library, and
 * are themselves loaded only when a configuration is read anew.
 */

const text = such(() => true, "");
const filled = such((value) => value.trim() !== "", "it is empty");
const name = such(isName, NAME_RULE);
const flag = optional(z.boolean());
const count = (least: number) => z.int().check(z.minimum(least), z.maximum(1_000_000));
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
/** Tables whose other keys belong to their `type`, which checks them afterwards. */
const depTable = recordOf(text, z.unknown());
const venvTable = recordOf(text, z.unknown());
const cacheTable = recordOf(text, z.unknown());
const pluginTable = recordOf(text, z.unknown());
const cacheWhen = z.enum(["success", "failed", "finished", "always"]);
const textOrTexts = either({ string: filled, array: list(filled) });
const notYet = z.optional(z.never());

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
const commands = quickly(recordOf(name, either({ string: filled, object: command })));

const ctxVariable = z.strictObject({
  name: ctxName,
  type: optional(z.enum(["str", "int", "bool"])),
  default: optional(z.union([text, z.number(), z.boolean()])),
  required: flag,
});
const moduleTable = z.strictObject({ name, path: filled });
const modules = list(either({ string: filled, object: moduleTable }));
const fenceSpace = z.strictObject({ type: z.literal("space"), name: filled });
const space = z.strictObject({
  root: optional(filled),
  venv: optional(venv),
  dotenv: optional(textOrTexts),
  modules: optional(modules),
  fence: optional(either({
    boolean: z.boolean(),
    array: list(either({ string: filled, object: fenceSpace })),
  })),
});
const defaults = z.strictObject({
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
const base = z.strictObject({ deps: optional(list(dep)) });
const pydist = z.strictObject({
  versions: optional(recordOf(text, text)),
  "ignore-missing": flag,
  "ignore-missing-modules": flag,
  modules: optional(recordOf(text, text)),
});
const caches = recordOf(name, cacheTable);
export const project = z.strictObject({
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
const moduleFile = z.strictObject({ commands: optional(commands) });

/** Bytes and milliseconds from here on. */
const localCache = z.strictObject({
  "max-size": optional(z.pipe(size, z.transform((value) => parseSize(value)!))),
  "max-age": optional(z.pipe(duration, z.transform((value) => parseDuration(value)!))),
});
const repoCache = z.strictObject({
  verify: optional(z.enum(["off", "changed"])),
  protected: optional(filled),
});

const activeVenv = z.strictObject({ reqs: optional(textOrTexts), lock: optional(filled) });
const spaceVenv = z.strictObject({ name: filled });

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
export const builtVenv = z.strictObject(venvKeys(index));
/** The same of a type whose indexes have names, such as `conda-forge`. */
export const channelVenv = z.strictObject(venvKeys(text));
/** Of a type without keys of its own. */
export const noSettings = z.strictObject({});

/** The tables above under the names that the JSON Schema defines them by. */
export const TYPED_TABLES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [depTable, "dep"],
  [venvTable, "venv"],
  [cacheTable, "cache"],
  [pluginTable, "plugin"],
]);

export type RawProject = z.infer<typeof project>;
export type RawModuleFile = z.infer<typeof moduleFile>;
export type RawCommand = z.infer<typeof command>;
export type RawSpace = z.infer<typeof space>;
export type RawModule = string | z.infer<typeof moduleTable>;
export type RawCtx = z.infer<typeof ctxVariable>;

/** What every remote cache takes besides its plugin's own keys; what may hold templates is checked when opened. */
export const remoteCache = z.strictObject({
  mode: optional(filled),
  scope: optional(filled),
  "read-scopes": optional(list(filled, 1)),
  "sign-key": optional(text),
  "accept-keys": optional(list(filled)),
  "ca-file": optional(text),
  timeout: optional(z.pipe(duration, z.transform((value) => parseDuration(value)!))),
  "upload-wait": optional(z.pipe(duration, z.transform((value) => parseDuration(value)!))),
  "max-entry-size": optional(z.pipe(size, z.transform((value) => parseSize(value)!))),
});
export type RemoteSettings = z.infer<typeof remoteCache>;

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

/** The keys allowed in the tables of a file, by a path whose free names are `*`. */
const KEYS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    "": project,
    "commands.*": command,
    "ctx.*": ctxVariable,
    "modules.*": moduleTable,
    "spaces.*": space,
    "spaces.*.modules.*": moduleTable,
    "spaces.*.fence.*": fenceSpace,
    defaults,
    base,
    pydist,
  }).map(([path, schema]) => [path, offered(schema.shape)]),
);

/** Keys worth suggesting: not those that a later version brings. */
function offered(shape: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(shape).filter((key) => shape[key] !== notYet);
}

function knownKeys(path: TomlPath): readonly string[] {
  return KEYS.get(path.map((part, at) => at % 2 === 1 ? "*" : part).join(".")) ?? [];
}

/** The result of a check: flaws are never empty where there is no value. */
export type Checking<T> = { readonly value: T } | { readonly flaws: readonly Flaw[] };

/** Checks a whole project file. */
export function checkProject(file: JsonTable, suggest: Suggest): Checking<RawProject> {
  const result = z.safeParse(project, file);
  if (result.success) return { value: result.data };
  const issues = result.error.issues as unknown as RawIssue[];
  return { flaws: flawsOf(issues, { value: file, suggest, keys: knownKeys }) };
}

/** Checks the file of a module. */
export function checkModuleFile(file: JsonTable, suggest: Suggest): Checking<RawModuleFile> {
  const result = z.safeParse(moduleFile, file);
  if (result.success) return { value: result.data };
  const issues = result.error.issues as unknown as RawIssue[];
  const keys = (path: TomlPath) => path.length === 0 ? ["commands"] : knownKeys(path);
  return { flaws: flawsOf(issues, { value: file, suggest, keys }) };
}
