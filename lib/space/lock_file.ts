/** Versions of Python distributions from lock files: requirement files, and the TOML of uv, Poetry, PDM and PEP 751. */
import { byCodeUnit } from "../base/order.ts";
import { parentPath, rootedPath } from "../base/paths.ts";
import type { Checked, Problem } from "../base/problems.ts";
import type { Files } from "../sys/sys.ts";
import { field, textField } from "./fields.ts";
import { normalName } from "./installed.ts";
import type { Readable } from "../sys/read_regular.ts";
import { readBytes } from "./ports.ts";

/** What lock files say. */
export interface Locked {
  /**
   * By normalised name. A distribution taken from a URL or a repository has that (with its commit) as part of
   * its version; one that is locked several times, for different platforms, has all its versions, sorted.
   */
  readonly versions: ReadonlyMap<string, string>;
  /** Every file that was read or looked for, relative to the root: the given ones and what they include. */
  readonly files: readonly string[];
}

/** Whether a lock file is TOML, told by its name; all other files are read as requirements. */
export function isTomlLock(path: string): boolean {
  return /(^|\/)((uv|poetry|pdm)\.lock|[^/]*\.toml)$/.test(path);
}

/**
 * Text of a requirement file, by its byte order mark where it has one: `pip freeze > requirements.txt` of PowerShell writes
 * UTF-16, which pip and uv read. Bad bytes become U+FFFD.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { requirementText } from "./lock_file.ts";
 * assert.equal(requirementText(Uint8Array.of(0xff, 0xfe, 0x61, 0)), "a");
 * assert.equal(requirementText(Uint8Array.of(0xfe, 0xff, 0, 0x61)), "a");
 * assert.equal(requirementText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "a");
 * ```
 */
export function requirementText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  const encoding = isLittle ? "utf-16le" : isBig ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/**
 * The given lock files and all that they include with `-r` and `-c`, each once. Files outside the root and
 * URLs are left out: qik cannot see them change.
 *
 * @param paths Relative to the root. Cost: reads each requirement file.
 */
export function lockFiles(
  files: Readable,
  root: string,
  paths: readonly string[],
): string[] {
  // Included files join the end while the set is walked; it passes over files that include each other.
  const listed = new Set(paths);
  for (const path of listed) {
    const bytes = isTomlLock(path) ? undefined : readBytes(files, `${root}/${path}`);
    if (bytes === undefined) continue;
    for (const include of parseRequirements(requirementText(bytes)).includes) {
      if (/^[a-z][a-z0-9+.-]*:\/\//i.test(include)) continue;
      const included = rootedPath(parentPath(path), include);
      if (included !== undefined) listed.add(included);
    }
  }
  return [...listed];
}

/**
 * Reads lock files of any known kind; a file that is missing locks nothing.
 *
 * @param paths Relative to the root.
 * @returns The value together with a `dep-unreadable` problem for each file that is broken.
 */
export async function readLocks(
  files: Files,
  root: string,
  paths: readonly string[],
): Promise<Checked<Locked>> {
  const versions = new Map<string, Set<string>>();
  const problems: Problem[] = [];
  const listed = lockFiles(files, root, paths);
  for (const path of listed) {
    const bytes = readBytes(files, `${root}/${path}`);
    if (bytes === undefined) continue;
    const locked = isTomlLock(path)
      ? await tomlPins(path, bytes)
      : { value: parseRequirements(requirementText(bytes)).pins, problems: [] };
    problems.push(...locked.problems);
    for (const { name, version } of locked.value) addVersion(versions, name, version);
  }
  const joined = [...versions].map(([name, set]) => [name, joinVersions(set)] as const);
  return { value: { versions: new Map(joined), files: listed }, problems };
}

function joinVersions(versions: ReadonlySet<string>): string {
  return [...versions].sort(byCodeUnit).join(", ");
}

function addVersion(versions: Map<string, Set<string>>, name: string, version: string): void {
  const key = normalName(name);
  const known = versions.get(key);
  if (known === undefined) versions.set(key, new Set([version]));
  else known.add(version);
}

/** One distribution and the version that it must have, as written. */
export interface Pin {
  readonly name: string;
  readonly version: string;
}

/** What one requirement file pins, and the files that it names with `-r` and `-c`, as written. */
export interface Requirements {
  readonly pins: readonly Pin[];
  readonly includes: readonly string[];
}

/**
 * Reads a requirement file in the form that pip, pip-tools and uv write. Lines that pin nothing are passed over.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseRequirements } from "./lock_file.ts";
 * const text = "-r base.txt\nFlask[async]==3.1.0 ; python_version > '3.8' \\\n  --hash=sha256:00 # why\n";
 * assert.deepEqual(parseRequirements(text), {
 *   pins: [{ name: "Flask", version: "3.1.0" }],
 *   includes: ["base.txt"],
 * });
 * ```
 */
export function parseRequirements(text: string): Requirements {
  const pins: Pin[] = [];
  const includes: string[] = [];
  for (const line of logicalLines(text)) {
    const include = /^(?:-[rc]|--(?:requirement|constraint)(?=[\s=]))[\s=]*(\S.*)$/.exec(line)?.[1];
    if (include !== undefined) includes.push(include.replace(/^(["'])(.*)\1$/, "$2"));
    const pin = include === undefined ? pinOf(line) : undefined;
    if (pin !== undefined) pins.push(pin);
  }
  return { pins, includes };
}

/** Lines without comments, joined where they end with a backslash. */
export function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let parts: string[] = [];
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = withoutComment(raw).trim();
    const goesOn = line.endsWith("\\");
    parts.push(goesOn ? line.slice(0, -1) : line);
    if (goesOn) continue;
    lines.push(parts.join(" ").trim());
    parts = [];
  }
  return [...lines, parts.join(" ").trim()].filter((line) => line !== "");
}

function withoutComment(line: string): string {
  const at = line.startsWith("#") ? 0 : line.search(/[ \t]#/);
  return at < 0 ? line : line.slice(0, at);
}

/** An archive in an explicit list of conda's: `…/<name>-<version>-<build>.conda`, or `./…`. */
const ARCHIVE =
  /^(?:[a-z][a-z0-9+.-]*:\/|\.)\/(?:\S*\/)?([^/\s]+)-([^\s/-]+)-[^\s/-]+\.(?:conda|tar\.bz2)(?:#|$)/;

/** A wheel by its path, of which its name tells the distribution's. */
const WHEEL = /^(\.{0,2}\/(?:[^;#[]*\/)?([^;#[/-]+)-[^;#[/]+\.whl)(?=[\s;[]|$)/;

function pinOf(line: string): Pin | undefined {
  const archive = ARCHIVE.exec(line);
  if (archive !== null) return { name: archive[1]!, version: archive[2]! };
  const wheel = WHEEL.exec(line);
  if (wheel !== null) return { name: wheel[2]!, version: wheel[1]! };
  const head = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?/.exec(line);
  if (head === null) return undefined;
  const name = head[1]!;
  const rest = line.slice(head[0].length);
  if (rest.startsWith("@")) {
    const url = rest.slice(1).trim().split(/\s/, 1)[0]!;
    return url === "" ? undefined : { name, version: url };
  }
  const specifiers = rest.split(";", 1)[0]!.split(/\s--/, 1)[0]!.replace(/^\(|\)\s*$/g, "");
  for (const specifier of specifiers.split(",")) {
    const version = /^\s*={2,3}\s*([^\s=*]+)\s*$/.exec(specifier)?.[1];
    if (version !== undefined) return { name, version };
  }
  return undefined;
}

async function tomlPins(path: string, bytes: Uint8Array): Promise<Checked<readonly Pin[]>> {
  const { parseToml } = await import("../config/toml.ts");
  const { table, problems } = await parseToml(path, bytes);
  const pins: Pin[] = [];
  // uv, Poetry and PDM say `package`, pylock.toml says `packages`.
  for (const key of ["package", "packages"]) {
    const entries = field(table, key);
    for (const entry of Array.isArray(entries) ? entries : []) {
      const name = textField(entry, "name");
      const version = lockedVersion(entry);
      if (name !== undefined && version !== "") pins.push({ name, version });
    }
  }
  const unreadable = (problem: Problem): Problem => ({ ...problem, code: "dep-unreadable" });
  return { value: pins, problems: problems.map(unreadable) };
}

/** Version and, where the package does not come from an index, the place and commit that it comes from. */
function lockedVersion(entry: unknown): string {
  const source = field(entry, "source");
  const vcs = field(entry, "vcs");
  const place = textField(source, "git") ?? sourceUrl(source) ?? textField(entry, "git") ??
    textField(vcs, "url") ?? textField(field(entry, "archive"), "url");
  const commit = textField(source, "resolved_reference") ?? textField(entry, "revision") ??
    textField(vcs, "commit-id");
  const origin = [place, commit].filter((part) => part !== undefined).join("#");
  const version = textField(entry, "version");
  if (origin === "") return version ?? "";
  return version === undefined ? origin : `${version} @ ${origin}`;
}

/** Poetry names indexes by URL too, under the types `legacy` and `pypi`; those do not tell a version. */
function sourceUrl(source: unknown): string | undefined {
  const type = textField(source, "type");
  const isIndex = type !== undefined && type !== "git" && type !== "url";
  return isIndex ? undefined : textField(source, "url");
}
