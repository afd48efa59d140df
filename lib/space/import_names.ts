/** Which distribution provides an import name: from `top_level.txt`, `RECORD` and editable installs. */
import { byCodeUnit } from "../base/order.ts";
import type { Files } from "../sys/sys.ts";
import { editableModules } from "./editable.ts";
import type { Installed } from "./installed.ts";
import { moduleOfFile } from "./module_names.ts";
import { isFile, readText } from "./ports.ts";

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
    const paths = recordedPaths(this.#files, installed);
    const recorded = paths.map(moduleOfFile).filter((name) => name !== undefined);
    // A backend's finders and hooks are the only modules that an editable install leaves beside its metadata.
    const own = recorded.filter((name) => !/^(?:__editable__|_editable_impl_)/.test(name));
    const modules = own.length > 0 ? new Set(own) : editableModules(this.#files, installed, paths);
    this.#modules.set(installed, modules);
    return modules;
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
