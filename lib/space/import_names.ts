/** Which distribution provides an import name: from `top_level.txt`, `RECORD` and editable installs. */
import { byCodeUnit } from "../base/order.ts";
import type { Files } from "../sys/sys.ts";
import { type Installed, pthDirectories } from "./installed.ts";
import { attempt, isFile, readText } from "./ports.ts";

const IDENTIFIER = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}_]*$/u;

/** Import names of a fixed set of distributions; each file is read when it is first needed, and once. */
export class ImportNames {
  readonly #files: Files;
  readonly #installed: readonly Installed[];
  readonly #modules = new Map<Installed, ReadonlySet<string>>();
  #owners: Map<string, Installed[]> | undefined;

  constructor(files: Files, installed: readonly Installed[]) {
    this.#files = files;
    this.#installed = installed;
  }

  /** See `Packages.distributionsOf`. */
  distributionsOf(pyimport: string): readonly string[] {
    const parts = pyimport.split(".");
    let owners: readonly Installed[] = this.#byFirstPart().get(parts[0]!) ?? [];
    if (owners.length > 1) owners = this.#nearest(owners, parts);
    return owners.map(({ name }) => name).sort(byCodeUnit);
  }

  /** Of distributions that share a package, those that hold the longest part of the name. */
  #nearest(owners: readonly Installed[], parts: readonly string[]): readonly Installed[] {
    for (let length = parts.length; length > 0; length--) {
      const name = parts.slice(0, length).join(".");
      const holders = owners.filter((owner) => this.#modulesOf(owner).has(name));
      if (holders.length > 0) return holders;
    }
    return owners;
  }

  #byFirstPart(): Map<string, Installed[]> {
    if (this.#owners !== undefined) return this.#owners;
    const owners = new Map<string, Installed[]>();
    for (const installed of this.#installed) {
      for (const name of this.#firstParts(installed)) {
        const others = owners.get(name);
        if (others === undefined) owners.set(name, [installed]);
        else others.push(installed);
      }
    }
    return this.#owners = owners;
  }

  #firstParts(installed: Installed): Set<string> {
    const declared = (readText(this.#files, `${installed.info}/top_level.txt`) ?? "")
      .split(/\s+/).filter((name) => name !== "");
    if (declared.length > 0) return new Set(declared);
    const names = new Set<string>();
    for (const name of this.#modulesOf(installed)) names.add(name.split(".")[0]!);
    if (names.size > 0) return names;
    // A lone `.egg-info` file lists nothing; most distributions provide the package of their own name.
    const guess = installed.name.replaceAll("-", "_");
    const stands = isFile(this.#files, `${installed.site}/${guess}.py`) ||
      isFile(this.#files, `${installed.site}/${guess}/__init__.py`);
    return new Set(stands ? [guess] : []);
  }

  #modulesOf(installed: Installed): ReadonlySet<string> {
    const known = this.#modules.get(installed);
    if (known !== undefined) return known;
    const modules = new Set<string>();
    const paths = recordedPaths(this.#files, installed);
    for (const path of paths) {
      const name = moduleOfFile(path);
      if (name !== undefined) modules.add(name);
    }
    if (modules.size === 0) {
      for (const path of paths) {
        if (path.endsWith(".pth")) this.#addEditable(modules, installed.site, path);
      }
    }
    this.#modules.set(installed, modules);
    return modules;
  }

  /** What an editable install's `.pth` file makes importable: the packages beside each other in its directory. */
  #addEditable(modules: Set<string>, site: string, pth: string): void {
    for (const directory of pthDirectories(site, readText(this.#files, `${site}/${pth}`) ?? "")) {
      const folders: string[] = [];
      const before = modules.size;
      for (const { name, kind } of attempt(() => this.#files.list(directory)) ?? []) {
        const module = moduleOfFile(name);
        if (module !== undefined) modules.add(module);
        else if (kind === "directory" && IDENTIFIER.test(name)) folders.push(name);
      }
      const packages = folders.filter((name) =>
        isFile(this.#files, `${directory}/${name}/__init__.py`)
      );
      for (const name of packages) modules.add(name);
      // Only folders without `__init__.py`: the parts of a namespace package.
      if (modules.size === before) folders.forEach((name) => modules.add(name));
    }
  }
}

/** Files of a distribution, relative to its directory on `sys.path`, as its installer noted them. */
function recordedPaths(files: Files, { info, site }: Installed): string[] {
  const record = readText(files, `${info}/RECORD`);
  if (record !== undefined) return record.split(/\r?\n/).map(firstField);
  // pip notes the files of an egg relative to the `.egg-info` directory, one level below the site.
  const installed = readText(files, `${info}/installed-files.txt`);
  if (installed !== undefined) {
    return installed.split(/\r?\n/).map((path) => path.replace(/^\.\.\//, ""));
  }
  const sources = readText(files, `${info}/SOURCES.txt`)?.split(/\r?\n/) ?? [];
  return sources.filter((path) => isFile(files, `${site}/${path}`));
}

/** The first field of a CSV line. */
function firstField(line: string): string {
  if (!line.startsWith('"')) return line.split(",", 1)[0]!;
  for (let at = 1; at < line.length; at++) {
    if (line[at] !== '"') continue;
    if (line[at + 1] !== '"') return line.slice(1, at).replaceAll('""', '"');
    at += 1;
  }
  return line.slice(1);
}

/** Dotted name of the module in a file, or `undefined` where the file is none that can be imported. */
function moduleOfFile(path: string): string | undefined {
  const parts = path.split("/");
  const file = parts.pop()!;
  const stem = /^([^.]+)(?:\.py|(?:\.[^/]+)?\.(?:so|pyd))$/.exec(file)?.[1];
  if (stem === undefined) return undefined;
  if (stem !== "__init__") parts.push(stem);
  if (parts.length === 0 || parts[0]!.startsWith("__editable__")) return undefined;
  return parts.every((part) => IDENTIFIER.test(part)) ? parts.join(".") : undefined;
}
