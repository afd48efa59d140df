/**
 * Finds the active Python environment and its directories of installed packages by the rules of Python's own
 * `getpath` and `site`, without starting Python.
 */
import type { Files, Machine } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { variable } from "./environ.ts";
import { above, isDirectory, isFile, readText, type VenvPorts } from "./ports.ts";
import { pyenvPython, pyenvRoot } from "./pyenv.ts";

/** A Python environment on this machine. All paths are absolute. */
export interface ActiveVenv {
  readonly kind: "virtualenv" | "conda" | "python";
  /** Python's `sys.prefix`. */
  readonly prefix: string;
  /** Directory of its programs. */
  readonly bin: string;
  /** Directories named by `PYTHONPATH`, which come first on `sys.path`. */
  readonly pathDirs: readonly string[];
  /** Files that `PYTHONPATH` names, or something in them: archives, which Python imports from. */
  readonly pathArchives: readonly string[];
  /** Directories of installed packages that exist, in the order of `sys.path`. */
  readonly siteDirs: readonly string[];
}

/**
 * The active environment (SPEC section 5): `VIRTUAL_ENV`, else `CONDA_PREFIX`, else the `python3` on `PATH`.
 * A variable that names no directory counts as unset.
 *
 * @returns `undefined` where there is no Python, or where a script of unknown kind stands in for it.
 *   Costs some tens of file system calls.
 *
 * @example Without variables and `PATH` there is none
 * ```ts
 * import assert from "node:assert/strict";
 * import { openSys } from "../sys/open.ts";
 * import { findActiveVenv } from "./active_venv.ts";
 * const { files, clock } = openSys();
 * assert.equal(findActiveVenv({ files, clock, env: {}, platform: "linux", root: "/" }), undefined);
 * ```
 */
export function findActiveVenv(ports: VenvPorts): ActiveVenv | undefined {
  const named = activePrefix(ports);
  if (named !== undefined) return environmentAt(ports, named.prefix, named.kind, undefined);
  const python = pythonOnPath(ports);
  return python === undefined ? undefined : environmentOf(ports, python);
}

/** The environment that a variable names: what the tasks' own environment needs, at the cost of one stat. */
export function activePrefix(
  ports: VenvPorts,
): { readonly prefix: string; readonly kind: "virtualenv" | "conda" } | undefined {
  const candidates = [["VIRTUAL_ENV", "virtualenv"], ["CONDA_PREFIX", "conda"]] as const;
  for (const [name, kind] of candidates) {
    const prefix = variable(ports.env, name, ports.platform);
    if (prefix && isDirectory(ports.files, prefix)) {
      return { prefix: withoutSlash(absolute(ports, prefix)), kind };
    }
  }
  return undefined;
}

/** Directory of the programs of the environment at `prefix`. */
export function binOf(
  platform: Machine["platform"],
  prefix: string,
  kind: ActiveVenv["kind"],
): string {
  if (platform !== "windows") return `${prefix}/bin`;
  return kind === "virtualenv" ? `${prefix}/Scripts` : prefix;
}

/** The first `python3` on `PATH`, through pyenv's shims; as found, symlinks not followed. */
function pythonOnPath(ports: VenvPorts): string | undefined {
  const { files, env, platform } = ports;
  const windows = platform === "windows";
  const names = windows ? ["python3.exe", "python.exe"] : ["python3"];
  for (const entry of pathEntries(variable(env, "PATH", platform), windows)) {
    for (const name of names) {
      const path = `${withoutSlash(absolute(ports, entry))}/${name}`;
      if (!isProgram(files, path, windows)) continue;
      const pyenv = pyenvRoot(files, path);
      if (pyenv === undefined) return path;
      const behind = pyenvPython(ports, pyenv);
      if (behind !== "system") return behind;
    }
  }
  return undefined;
}

/** The environment of a Python executable. */
function environmentOf(ports: VenvPorts, executable: string): ActiveVenv | undefined {
  const bin = above(executable);
  for (const prefix of [bin, above(bin)]) {
    if (isFile(ports.files, `${prefix}/pyvenv.cfg`)) {
      return environmentAt(ports, prefix, "virtualenv", undefined);
    }
  }
  const base = basePython(ports, executable);
  return base && environmentAt(ports, base.prefix, "python", base.library);
}

/** Where the installation of an executable outside any virtual environment begins. */
function basePython(
  ports: VenvPorts,
  executable: string,
): { readonly prefix: string; readonly library: string | undefined } | undefined {
  const real = unlessClosed(() => ports.files.realPath(executable));
  if (real === undefined) return undefined;
  const bin = above(real);
  if (ports.platform === "windows") {
    return isFile(ports.files, `${bin}/Lib/os.py`)
      ? { prefix: bin, library: undefined }
      : undefined;
  }
  const version = /\/((?:python|pypy)\d+\.\d+t?)$/.exec(real)?.[1];
  for (let prefix = above(bin);; prefix = above(prefix)) {
    const wanted = version === undefined ? libraries(ports.files, prefix) : [version];
    const library = wanted.find((name) =>
      isFile(ports.files, `${prefix}/lib/${name}/os.py`) ||
      isFile(ports.files, `${prefix}/lib64/${name}/os.py`)
    );
    if (library !== undefined) return { prefix, library };
    if (prefix === "") return undefined;
  }
}

/**
 * The environment that begins at `prefix`, whatever is active.
 *
 * @param library The folder of `lib` that belongs to it, where that is known.
 */
export function environmentAt(
  ports: VenvPorts,
  prefix: string,
  kind: ActiveVenv["kind"],
  library: string | undefined,
): ActiveVenv {
  const config = kind === "virtualenv" ? readVenvConfig(ports.files, prefix) : new Map();
  const version = config.get("version") ?? config.get("version_info");
  const folder = library ?? libraryFolder(ports.files, prefix, version);
  const candidates = [...packageFolders(ports, prefix, folder, kind === "virtualenv")];
  const isolated = kind === "virtualenv" &&
    config.get("include-system-site-packages")?.toLowerCase() !== "true";
  if (!isolated) {
    const user = userSite(ports, prefix, folder);
    if (user !== undefined) candidates.unshift(user);
  }
  if (kind === "virtualenv" && !isolated) {
    const base = basePython(ports, `${config.get("home") ?? ""}/${executableName(ports, folder)}`);
    if (base !== undefined) {
      candidates.push(...packageFolders(ports, base.prefix, base.library, false));
    }
  }
  return {
    kind,
    prefix,
    bin: binOf(ports.platform, prefix, kind),
    ...pythonPath(ports),
    siteDirs: distinctDirectories(ports.files, candidates),
  };
}

/** `key = value` lines of `pyvenv.cfg`, keys in small letters. */
function readVenvConfig(files: Files, prefix: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of readText(files, `${prefix}/pyvenv.cfg`)?.split("\n") ?? []) {
    const at = line.indexOf("=");
    if (at > 0) values.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  return values;
}

/** Folders such as `python3.11` below `lib`, highest version first. */
function libraries(files: Files, prefix: string): string[] {
  const found = new Map<string, number>();
  for (const lib of ["lib", "lib64"]) {
    for (const { name } of unlessClosed(() => files.list(`${prefix}/${lib}`)) ?? []) {
      const minor = /^(?:python|pypy)3\.(\d+)t?$/.exec(name)?.[1];
      if (minor !== undefined) found.set(name, Number(minor));
    }
  }
  return [...found].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** The one folder of `lib` that belongs to the environment; `version` such as `3.11.7` where it is known. */
function libraryFolder(files: Files, prefix: string, version?: string): string | undefined {
  const names = libraries(files, prefix);
  const short = version === undefined ? undefined : /^\d+\.\d+/.exec(version)?.[0];
  return names.find((name) => short !== undefined && name.replace(/^[a-z]+|t$/g, "") === short) ??
    names.find((name) => isFile(files, `${prefix}/bin/${name}`)) ?? names[0];
}

/** Where packages of one prefix may be, in the order of `site.getsitepackages()`. */
function packageFolders(
  { files, platform }: VenvPorts,
  prefix: string,
  library: string | undefined,
  venv: boolean,
): string[] {
  if (platform === "windows") return [prefix, `${prefix}/Lib/site-packages`];
  if (library === undefined) return [];
  const plain = [
    `${prefix}/lib64/${library}/site-packages`,
    `${prefix}/lib/${library}/site-packages`,
  ];
  // Debian's own Python knows no site-packages, so that pip in /usr/local cannot disturb it.
  const debian = `${prefix}/lib/python3/dist-packages`;
  if (venv || !isDirectory(files, debian)) return plain;
  return [
    `${prefix}/local/lib/${library}/dist-packages`,
    debian,
    `${prefix}/lib/${library}/dist-packages`,
  ];
}

/** The user's own packages, which Python looks at first unless told otherwise. */
function userSite(
  { env, platform }: VenvPorts,
  prefix: string,
  library: string | undefined,
): string | undefined {
  const get = (name: string) => variable(env, name, platform) || undefined;
  if (get("PYTHONNOUSERSITE") !== undefined || library === undefined) return undefined;
  const home = get("HOME");
  const base = get("PYTHONUSERBASE");
  const framework = platform === "darwin" && prefix.includes("Python.framework");
  if (framework && base === undefined && home !== undefined) {
    return `${home}/Library/Python/${library.replace("python", "")}/lib/python/site-packages`;
  }
  const folder = base ?? (home && `${home}/.local`);
  return folder && `${folder}/lib/${library.replace(/t$/, "")}/site-packages`;
}

function pythonPath(ports: VenvPorts): Pick<ActiveVenv, "pathDirs" | "pathArchives"> {
  const windows = ports.platform === "windows";
  const entries = pathEntries(variable(ports.env, "PYTHONPATH", ports.platform), windows)
    .map((entry) => withoutSlash(absolute(ports, entry)));
  const archives = entries.map((path) => archiveOf(ports.files, path))
    .filter((path) => path !== undefined);
  const pathDirs = distinctDirectories(ports.files, entries);
  return { pathDirs, pathArchives: [...new Set(archives)] };
}

/** The file at the path, or the one that the path leads into, as `lib.zip/src` does. */
function archiveOf(files: Files, path: string): string | undefined {
  for (let at = path; at !== ""; at = above(at)) {
    const kind = unlessClosed(() => files.stat(at))?.kind;
    if (kind !== undefined) return kind === "file" ? at : undefined;
  }
  return undefined;
}

/** Directories that exist, each once, also where they have several names (`lib64` is often a link to `lib`). */
function distinctDirectories(files: Files, paths: readonly string[]): string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    if (!isDirectory(files, path)) return false;
    const real = unlessClosed(() => files.realPath(path)) ?? path;
    const fresh = !seen.has(real);
    seen.add(real);
    return fresh;
  });
}

function executableName({ platform }: VenvPorts, library: string | undefined): string {
  return platform === "windows" ? "python.exe" : library ?? "python3";
}

function pathEntries(text: string | undefined, windows: boolean): string[] {
  return (text ?? "").split(windows ? ";" : ":").filter((entry) => entry !== "");
}

function absolute({ root, platform }: VenvPorts, path: string): string {
  const rooted = platform === "windows" ? /^([A-Za-z]:)?[\\/]/.test(path) : path.startsWith("/");
  return rooted ? path : `${root}/${path}`;
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/[/\\]+$/, "") : path;
}

function isProgram(files: Files, path: string, windows: boolean): boolean {
  const stat = unlessClosed(() => files.stat(path));
  return stat?.kind === "file" && (windows || (stat.mode & 0o111) !== 0);
}
