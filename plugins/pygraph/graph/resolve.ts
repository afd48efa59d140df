/** From import statements to the modules they lead to. */
import type { Import } from "../scan/scanner.ts";
import { stdlibModules } from "../stdlib.ts";
import { parentOf } from "./modules.ts";

/** An import as far as the graph needs it. */
export type Imported = Pick<Import, "module" | "level" | "names" | "typeChecking" | "optional">;

/** One thing that a statement leads to: the place of a module, or a dotted name outside of the repository. */
export interface Target {
  readonly inside?: number;
  readonly outside?: string;
  /** Nothing is wrong where the outside does not have it either. */
  readonly optional?: boolean;
}

/** Finds modules by name. */
export class Resolver {
  readonly #places: ReadonlyMap<string, number>;
  readonly #kinds: readonly number[];
  readonly #stdlib = stdlibModules();

  /**
   * @param places Of all modules by name, packages without a file included.
   * @param kinds Their files, 0 for none.
   */
  constructor(places: ReadonlyMap<string, number>, kinds: readonly number[]) {
    this.#places = places;
    this.#kinds = kinds;
  }

  /**
   * Where an import in a file leads. `from a import b` leads to `a.b` where that is a module, else to `a`; a name
   * that is not there leads to the nearest package around it, since Python runs that first.
   *
   * @param importer Name of the importing module.
   * @param isPackage Whether the file is the package's own (`__init__`).
   * @param into Gets the targets, some of them perhaps twice.
   */
  targets(importer: string, isPackage: boolean, imported: Imported, into: Target[]): void {
    const { module, level, names } = imported;
    const base = level === 0 ? module : relativeTo(importer, isPackage, level, module);
    if (base === undefined) return;
    if (names === undefined) return this.#add(base, level > 0, into);
    for (const name of names) this.#add(name === "*" ? base : `${base}.${name}`, level > 0, into);
  }

  #add(name: string, relative: boolean, into: Target[]): void {
    const place = this.#nearest(name);
    if (place === undefined) {
      if (!relative) into.push({ outside: name });
      return;
    }
    if (this.#kinds[place] !== 0) {
      into.push({ inside: place });
      return;
    }
    // A directory without `__init__.py`. Something that is installed under its name comes before it, or adds to it.
    const whole = this.#places.get(name) === place;
    if (whole || this.#places.get(parentOf(name) ?? "") === place) into.push({ inside: place });
    if (!relative) into.push({ outside: name, optional: whole });
  }

  /** The module of this name, or the nearest around it. */
  #nearest(name: string): number | undefined {
    const top = name.split(".", 1)[0]!;
    const first = this.#places.get(top);
    if (first === undefined || (this.#kinds[first] === 0 && this.#stdlib.has(top))) {
      return undefined;
    }
    for (let at: string | undefined = name; at !== undefined; at = parentOf(at)) {
      const place = this.#places.get(at);
      if (place !== undefined) return place;
    }
    return first;
  }
}

/** The absolute name; `undefined` where the dots lead above the top. */
function relativeTo(
  importer: string,
  isPackage: boolean,
  level: number,
  module: string,
): string | undefined {
  let base: string | undefined = isPackage ? importer : parentOf(importer);
  for (let up = 1; up < level && base !== undefined; up++) base = parentOf(base);
  if (base === undefined) return undefined;
  return module === "" ? base : `${base}.${module}`;
}
