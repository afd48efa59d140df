/** From import statements to the modules they lead to. */
import type { Import } from "../scan/scanner.ts";
import { alwaysStdlib, stdlibModules } from "../stdlib.ts";
import { placeOf } from "./graph.ts";
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

/** What a dotted name leads to. */
interface Found {
  /** Place of the module of this name, or of the nearest around it; unset where the repository has nothing of it. */
  readonly place?: number;
  /** How many parts of the name are below that place: 0 where it is the module itself. */
  readonly missing: number;
  /** Set where the name is of Python itself, in all its versions: no more of it needs to be known. */
  readonly top?: string;
}

/** Finds modules by name. Making one costs nothing, so that it pays for a single file, too. */
export class Resolver {
  readonly #modules: readonly string[];
  readonly #kinds: readonly number[];
  readonly #stdlib = stdlibModules();
  readonly #always = alwaysStdlib();
  /** Few names stand after many a `from`: each is looked up once. */
  readonly #known = new Map<string, Found>();

  /**
   * @param modules Names of all modules in code-unit order, packages without a file included: so each comes after
   *   the packages around it.
   * @param kinds Their files, 0 for none.
   */
  constructor(modules: readonly string[], kinds: readonly number[]) {
    this.#modules = modules;
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
    const { place, missing, top } = this.#find(base);
    const relative = level > 0;
    if (top !== undefined) {
      if (!relative) into.push({ outside: top });
      return;
    }
    for (const name of names ?? ["*"]) {
      if (name === "*") this.#add(place, missing, base, "", relative, into);
      else {
        const below = missing === 0 && place !== undefined
          ? placeOf(this.#modules, `${base}.${name}`)
          : -1;
        if (below >= 0) this.#add(below, 0, base, name, relative, into);
        else this.#add(place, missing + 1, base, name, relative, into);
      }
    }
  }

  #add(
    place: number | undefined,
    missing: number,
    base: string,
    name: string,
    relative: boolean,
    into: Target[],
  ): void {
    const isFile = place !== undefined && this.#kinds[place] !== 0;
    if (place !== undefined && (isFile || missing <= 1)) into.push({ inside: place });
    if (isFile || relative) return;
    // A directory without `__init__.py`: something that is installed under its name comes before it, or adds to it.
    const outside = name === "" ? base : `${base}.${name}`;
    into.push({ outside, optional: place !== undefined && missing === 0 });
  }

  #find(name: string): Found {
    let found = this.#known.get(name);
    if (found === undefined) this.#known.set(name, found = this.#look(name));
    return found;
  }

  #look(name: string): Found {
    const parts = name.split(".");
    const top = parts[0]!;
    let place = placeOf(this.#modules, top);
    if (place < 0 || (this.#kinds[place] === 0 && this.#stdlib.has(top))) {
      return this.#always.has(top) ? { missing: parts.length, top } : { missing: parts.length };
    }
    let known = top;
    for (let at = 1; at < parts.length; at++) {
      known += `.${parts[at]}`;
      const below = placeOf(this.#modules, known);
      if (below < 0) return { place, missing: parts.length - at };
      place = below;
    }
    return { place, missing: 0 };
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
