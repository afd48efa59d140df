import { byCodeUnit } from "../base/order.ts";
import type { Checked } from "../base/problems.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import type { DepKind, Kinds, PluginKinds, SchemaSource } from "./kinds.ts";
import { type MemoPlace, recall, remember, type Sources } from "./memo.ts";
import type { Config } from "./types.ts";

/** What to load and what may stand in it. */
export interface ConfigRequest {
  readonly files: Files;
  /** Absolute directory of the project file. */
  readonly root: string;
  /** The project file, relative to the root: `qik.toml` or `pyproject.toml`. */
  readonly file: string;
  /** qik's version and whatever else changes how the same bytes are read (plugin versions). */
  readonly version: string;
  readonly kinds: ReadonlyMap<string, DepKind>;
  /** Cache types other than `local` and `repo`. */
  readonly cacheKinds?: ReadonlyMap<string, SchemaSource>;
  /** Venv types other than `active` and `space`. */
  readonly venvKinds?: ReadonlyMap<string, SchemaSource>;
  /** Known plugins under their source. */
  readonly plugins?: ReadonlyMap<string, PluginKinds>;
  readonly builtIn?: Kinds["builtIn"];
  readonly broken?: Kinds["broken"];
  /** Whether the memo in `._qik/state` is read and written. */
  readonly useMemo: boolean;
}

/** A configuration, usable only where there are no problems. All problems of all files are told at once. */
export interface LoadedConfig extends Checked<Config> {
  readonly sources: Sources;
  /** Whether it came from the memo. */
  readonly remembered: boolean;
}

/**
 * Reads and checks the configuration of a repository: the project file and the `qik.toml` of its modules.
 *
 * The schema and TOML libraries are loaded only when the memo does not hold.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mkdtempSync, writeFileSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { openSys } from "../sys/open.ts";
 * import { loadConfig } from "./load.ts";
 * const root = mkdtempSync(`${tmpdir()}/qik-`);
 * writeFileSync(`${root}/qik.toml`, '[commands]\nformat = "ruff format ."\n');
 * const { files } = openSys();
 * const request = { files, root, file: "qik.toml", version: "1", kinds: new Map(), useMemo: false };
 * const { value, problems } = await loadConfig(request);
 * assert.deepEqual(problems, []);
 * assert.equal(value.commands[0]?.name, "format");
 * ```
 */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const { files, root, file, useMemo } = request;
  const kinds: Kinds = {
    deps: request.kinds,
    caches: request.cacheKinds ?? new Map(),
    venvs: request.venvKinds ?? new Map(),
    plugins: request.plugins ?? new Map(),
    ...(request.builtIn && { builtIn: request.builtIn }),
    ...(request.broken && { broken: request.broken }),
  };
  const place: MemoPlace = { files, root, file, reader: readerOf(request.version, kinds) };
  const known = useMemo ? recall(place) : undefined;
  if (known !== undefined) {
    return { value: known.config, problems: [], sources: known.sources, remembered: true };
  }
  const { readConfig } = await import("./read.ts");
  const { config, problems, sources } = await readConfig(files, root, file, kinds);
  if (useMemo && config !== undefined && problems.length === 0) {
    remember(place, { config, sources });
  }
  return { value: config ?? emptyConfig(file), problems, sources, remembered: false };
}

/** Names everything that decides how bytes are read. */
function readerOf(version: string, kinds: Kinds): string {
  const words = [
    [...kinds.deps.values()].map(({ kind, aliases = [] }) => [kind, ...aliases].join(" ")),
    ...[kinds.caches, kinds.venvs, kinds.plugins].map((map) => [...map.keys()]),
  ];
  const text = JSON.stringify([version, ...words.map((list) => list.sort(byCodeUnit))]);
  return sha256(new TextEncoder().encode(text));
}

/** A configuration that says nothing. */
export function emptyConfig(file: string): Config {
  const place = { file, path: "spaces.default" };
  return {
    file,
    ctx: [],
    baseDeps: [],
    defaults: {
      cache: "local",
      cacheWhen: "success",
      dotenv: [],
      pythonPath: "",
      untracked: true,
      strictEnv: false,
    },
    commands: [],
    spaces: [{ name: "default", dotenv: [], modules: [], place }],
    caches: [],
    plugins: [],
    pydist: { ignoreMissing: false, ignoreMissingModules: false, versions: [], modules: [] },
    pools: [],
    hooks: [],
  };
}
