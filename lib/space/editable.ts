/** What an editable install makes importable, without running any of its code. */
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { field, jsonOf, textField } from "./fields.ts";
import { type Installed, pthDirectories } from "./installed.ts";
import { IDENTIFIER, moduleOfFile } from "./module_names.ts";
import { isDirectory, readText } from "./ports.ts";

/** A project's directory may hold anything, `node_modules` too; the packages that count stand near its top. */
const MOST_LISTINGS = 500;
/** A finder with more text than this was not written by a build backend. */
const LONGEST_FINDER = 4 * 1024 * 1024;

/**
 * Dotted names of the modules that an editable install leads to: those that its `.pth` files and its finders name,
 * else what stands in the project's directory. Packages are named without what lies in them.
 *
 * @param paths Its installed files, relative to `site`. Cost: reads these, and lists the directories that they name.
 */
export function editableModules(
  files: Files,
  { info, site }: Installed,
  paths: readonly string[],
): ReadonlySet<string> {
  const modules = new Set<string>();
  for (const path of paths) {
    if (path.includes("/") || !/\.(?:pth|py)$/.test(path)) continue;
    const text = readText(files, `${site}/${path}`) ?? "";
    if (path.endsWith(".py")) mappedNames(text).forEach((name) => modules.add(name));
    else for (const one of pthDirectories(site, text)) addImportable(files, one, modules);
  }
  // Backends that hook into imports in a way of their own still say where the project is.
  const project = modules.size === 0 ? projectDirectory(files, info) : undefined;
  if (project === undefined) return modules;
  const inner = ["src", "python"].map((name) => `${project}/${name}`);
  addImportable(files, inner.find((path) => isDirectory(files, path)) ?? project, modules);
  return modules;
}

const TEXT = `'(?:[^'\\\\\\n]|\\\\.)*'|"(?:[^"\\\\\\n]|\\\\.)*"`;
/** setuptools: `MAPPING: dict[str, str] = {'name': '/path', …}` on one line. */
const MAPPING = /^MAPPING\b[^=\n]*=\s*\{(.*)\}\s*$/m;
const MAPPED = new RegExp(`(${TEXT})\\s*:\\s*(?:${TEXT})`, "g");
/** The library `editables`: `F.map_module('name', '/path')`. */
const MAP_MODULE = new RegExp(`\\bmap_module\\(\\s*(${TEXT})\\s*,`, "g");

/** Names that the finder of an editable install maps to paths. */
function mappedNames(text: string): string[] {
  if (text.length > LONGEST_FINDER) return [];
  const mapping = MAPPING.exec(text)?.[1] ?? "";
  const named = [...mapping.matchAll(MAPPED), ...text.matchAll(MAP_MODULE)];
  return named.map(([, quoted]) => quoted!.slice(1, -1))
    .filter((name) => name.split(".").every((part) => IDENTIFIER.test(part)));
}

/** Modules and packages that Python would import from a directory on its path; namespace packages are looked into. */
function addImportable(files: Files, top: string, modules: Set<string>): void {
  const waiting = [{ directory: top, name: "" }];
  // Directories join the end while the list is walked.
  for (const [listings, { directory, name: folder }] of waiting.entries()) {
    if (listings === MOST_LISTINGS) return;
    const entries = unlessClosed(() => files.list(directory)) ?? [];
    const within = folder === "" ? "" : `${folder}.`;
    if (folder !== "" && entries.some(({ name }) => moduleOfFile(`x/${name}`) === "x")) {
      modules.add(folder);
      continue;
    }
    for (const { name, kind } of entries) {
      const module = kind === "directory" ? undefined : moduleOfFile(name);
      if (module !== undefined) modules.add(within + module);
      else if (kind !== "file" && IDENTIFIER.test(name) && name !== "__pycache__") {
        waiting.push({ directory: `${directory}/${name}`, name: within + name });
      }
    }
  }
}

/** PEP 660: the directory that `direct_url.json` calls editable. */
function projectDirectory(files: Files, info: string): string | undefined {
  const direct = jsonOf(readText(files, `${info}/direct_url.json`));
  const url = textField(direct, "url");
  const isEditable = field(field(direct, "dir_info"), "editable") === true;
  if (!isEditable || url === undefined || !/^file:\/\/\//.test(url)) return undefined;
  try {
    const path = decodeURIComponent(new URL(url).pathname);
    return /^\/[A-Za-z]:\//.test(path) ? path.slice(1) : path;
  } catch {
    // A `%` that begins no code.
    return undefined;
  }
}
