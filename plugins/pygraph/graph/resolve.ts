/** From import statements to the modules they lead to. */
import type { Import } from "../scan/scanner.ts";
import { alwaysStdlib, stdlibModules } from "../stdlib.ts";
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

/** A module and the modules below it by their last names. */
interface Node {
  readonly place: number;
  readonly below: Map<string, Node>;
}

/** What a dotted name leads to. */
interface Found {
  /** The module of this name, or the nearest around it; unset where the repository has nothing of it. */
  readonly node?: Node;
  /** How many parts of the name are below the node: 0 where it is the module itself. */
  readonly missing: number;
  /** Set where the name is of Python itself, in all its versions: no more of it needs to be known. */
  readonly top?: string;
}

/** Finds modules by name. */
export class Resolver {
  readonly #tops = new Map<string, Node>();
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
    this.#kinds = kinds;
    for (const [place, name] of modules.entries()) {
      const parts = name.split(".");
      const last = parts.pop()!;
      let level = this.#tops;
      for (const part of parts) level = level.get(part)!.below;
      level.set(last, { place, below: new Map() });
    }
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
    const { node, missing, top } = this.#find(base);
    const relative = level > 0;
    if (top !== undefined) {
      if (!relative) into.push({ outside: top });
      return;
    }
    for (const name of names ?? ["*"]) {
      if (name === "*") this.#add(node, missing, base, "", relative, into);
      else {
        const below = missing === 0 ? node?.below.get(name) : undefined;
        this.#add(below ?? node, below ? 0 : missing + 1, base, name, relative, into);
      }
    }
  }

  #add(
    node: Node | undefined,
    missing: number,
    base: string,
    name: string,
    relative: boolean,
    into: Target[],
  ): void {
    const isFile = node !== undefined && this.#kinds[node.place] !== 0;
    if (node !== undefined && (isFile || missing <= 1)) into.push({ inside: node.place });
    if (isFile || relative) return;
    // A directory without `__init__.py`: something that is installed under its name comes before it, or adds to it.
    const outside = name === "" ? base : `${base}.${name}`;
    into.push({ outside, optional: node !== undefined && missing === 0 });
  }

  #find(name: string): Found {
    let found = this.#known.get(name);
    if (found === undefined) this.#known.set(name, found = this.#look(name));
    return found;
  }

  #look(name: string): Found {
    const parts = name.split(".");
    const top = parts[0]!;
    const first = this.#tops.get(top);
    if (first === undefined || (this.#kinds[first.place] === 0 && this.#stdlib.has(top))) {
      return this.#always.has(top) ? { missing: parts.length, top } : { missing: parts.length };
    }
    let node = first;
    for (let at = 1; at < parts.length; at++) {
      const below: Node | undefined = node.below.get(parts[at]!);
      if (below === undefined) return { node, missing: parts.length - at };
      node = below;
    }
    return { node, missing: 0 };
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
