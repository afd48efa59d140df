import type { Machine } from "../sys/sys.ts";
import { type Assignment, expandDotenv } from "./dotenv.ts";

type Platform = Machine["platform"];

/** Variables by name, as a process gets them. */
export type Environ = Readonly<Record<string, string>>;

/**
 * What of qik's own environment a task keeps under `strict-env`, besides its `pass-env` (docs/spaces.md has the
 * same list). A final `*` stands for any ending.
 */
const STRICT_ENV: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "LC_*",
  "TERM",
  "COLORTERM",
  "TMPDIR",
  "TZ",
];

/** What Windows programs cannot do without; added to {@link STRICT_ENV} there. */
const STRICT_ENV_WINDOWS: readonly string[] = [
  "APPDATA",
  "COMSPEC",
  "HOMEDRIVE",
  "HOMEPATH",
  "LOCALAPPDATA",
  "NUMBER_OF_PROCESSORS",
  "OS",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "PROGRAMDATA",
  "PROGRAMFILES",
  "PROGRAMFILES(X86)",
  "SYSTEMDRIVE",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "USERNAME",
  "USERPROFILE",
  "WINDIR",
];

/** How a key that signs entries of remote caches begins; no task is handed one. */
const SIGN_KEY = "qik-secret-";

/** The layers of a task's environment, lowest first. */
export interface EnvironLayers {
  /** qik's own environment. */
  readonly base: Environ;
  /** Keep of `base` only {@link STRICT_ENV} and `passEnv`. */
  readonly strictEnv: boolean;
  readonly passEnv: readonly string[];
  /** From `Venv.environ`. */
  readonly venv: Environ;
  /** The files of the space one after the other, as `parseDotenv` read them. */
  readonly dotenv: readonly Assignment[];
  readonly commandEnv: readonly { readonly name: string; readonly value: string }[];
  /** `QIK__*`. */
  readonly qik: Environ;
  /** Names differ by case everywhere but on Windows. */
  readonly platform: Platform;
}

/**
 * The environment of one task's process: later layers win. Nothing given is changed, and the result is a new
 * record, so that no space can leak into another.
 *
 * Dotenv values see the layers below them (under `strict-env` what is left of them).
 *
 * @throws {QikError} `dotenv-syntax` where dotenv values grow beyond all bounds.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { taskEnvironment } from "./environ.ts";
 * const env = taskEnvironment({
 *   base: { PATH: "/bin", CI: "1", SECRET: "x" },
 *   strictEnv: true,
 *   passEnv: ["CI"],
 *   venv: {},
 *   dotenv: [],
 *   commandEnv: [{ name: "K", value: "v" }],
 *   qik: { QIK__CMD: "lint" },
 *   platform: "linux",
 * });
 * assert.deepEqual(env, { PATH: "/bin", CI: "1", K: "v", QIK__CMD: "lint" });
 * ```
 */
export function taskEnvironment(layers: EnvironLayers): Record<string, string> {
  const { commandEnv, qik, platform } = layers;
  return withOwn(sharedEnvironment(layers), commandEnv, qik, platform);
}

/** What all tasks of a space have in common, as far as they pass the same variables on. */
export function sharedEnvironment(
  layers: Omit<EnvironLayers, "commandEnv" | "qik">,
): Environ {
  const { platform } = layers;
  const variables = new Variables(platform);
  const kept = layers.strictEnv ? strictNames(layers.passEnv, platform) : undefined;
  for (const [name, value] of Object.entries(layers.base)) {
    // A command that could read it could sign whatever it likes.
    if (value.startsWith(SIGN_KEY)) continue;
    if (kept === undefined || kept(name)) variables.set(name, value);
  }
  for (const [name, value] of Object.entries(layers.venv)) variables.set(name, value);
  const dotenv = expandDotenv(layers.dotenv, (name) => variables.get(name));
  for (const [name, value] of dotenv) variables.set(name, value);
  return variables.record();
}

/** A new record with the variables that a task has for itself. */
export function withOwn(
  shared: Environ,
  commandEnv: EnvironLayers["commandEnv"],
  qik: Environ,
  platform: Platform,
): Record<string, string> {
  const own = commandEnv.map(({ name, value }): [string, string] => [name, value]);
  // Where names are what they look like, a copy takes 1.3 us; name by name it takes 40.
  if (platform !== "windows") return { ...shared, ...Object.fromEntries(own), ...qik };
  const variables = new Variables(platform);
  for (const [name, value] of Object.entries(shared)) variables.set(name, value);
  for (const [name, value] of own) variables.set(name, value);
  for (const [name, value] of Object.entries(qik)) variables.set(name, value);
  return variables.record();
}

/**
 * One variable of an environment, by the platform's rule for names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { variable } from "./environ.ts";
 * assert.equal(variable({ Path: "C:/x" }, "PATH", "windows"), "C:/x");
 * assert.equal(variable({ Path: "C:/x" }, "PATH", "linux"), undefined);
 * ```
 */
export function variable(env: Environ, name: string, platform: Platform): string | undefined {
  if (Object.hasOwn(env, name)) return env[name];
  if (platform !== "windows") return undefined;
  const wanted = name.toUpperCase();
  return Object.entries(env).find(([other]) => other.toUpperCase() === wanted)?.[1];
}

/**
 * An environment in which no virtual environment below `directory` is active, such as the user's own shell may have
 * activated.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withoutEnvironments } from "./environ.ts";
 * const env = { VIRTUAL_ENV: "/r/._qik/venv/a", PATH: "/r/._qik/venv/a/bin:/bin" };
 * assert.deepEqual(withoutEnvironments(env, "/r/._qik/venv", "linux"), { PATH: "/bin" });
 * ```
 */
export function withoutEnvironments(
  env: Environ,
  directory: string,
  platform: Platform,
): Record<string, string> {
  const isBelow = (path: string) => path.replaceAll("\\", "/").startsWith(`${directory}/`);
  const separator = platform === "windows" ? ";" : ":";
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      if (name === "VIRTUAL_ENV" || name === "CONDA_PREFIX") {
        return isBelow(value) ? [] : [[name, value]];
      }
      if (name.toUpperCase() !== "PATH") return [[name, value]];
      const kept = value.split(separator).filter((entry) => !isBelow(entry));
      return [[name, kept.join(separator)]];
    }),
  );
}

function strictNames(passEnv: readonly string[], platform: Platform): (name: string) => boolean {
  const windows = platform === "windows";
  const fold = (name: string) => windows ? name.toUpperCase() : name;
  const listed = windows ? [...STRICT_ENV, ...STRICT_ENV_WINDOWS] : STRICT_ENV;
  const exact = new Set([...listed, ...passEnv].map(fold));
  const starts = listed.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  return (name) => exact.has(fold(name)) || starts.some((start) => fold(name).startsWith(start));
}

/** Variables under way. A map, because a record would take `__proto__` for something else. */
class Variables {
  readonly #values = new Map<string, [name: string, value: string]>();
  readonly #fold: (name: string) => string;

  constructor(platform: Platform) {
    this.#fold = platform === "windows" ? (name) => name.toUpperCase() : (name) => name;
  }

  get(name: string): string | undefined {
    return this.#values.get(this.#fold(name))?.[1];
  }

  set(name: string, value: string): void {
    const folded = this.#fold(name);
    const known = this.#values.get(folded);
    // The spelling that is there first stays: Windows programs expect "Path" where it was "Path".
    if (known === undefined) this.#values.set(folded, [name, value]);
    else known[1] = value;
  }

  record(): Record<string, string> {
    return Object.fromEntries(this.#values.values());
  }
}
