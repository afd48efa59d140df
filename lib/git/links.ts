import { dirname, relative, resolve } from "node:path";
import { parentPath } from "../base/paths.ts";
import { errorCode, type Files } from "../sys/sys.ts";

/** Where links lead, as pathspecs and paths. */
export interface Behind {
  /** Pathspecs of what lies in the tree: a file, or a directory with all below it. */
  readonly inside: readonly string[];
  /** Files elsewhere, relative to the root. */
  readonly outside: readonly string[];
}

/**
 * Follows links by one step at a time, each place once, so that circles end.
 *
 * Whoever reads a link reads what it leads to. A link to a directory that it lies in itself leads nowhere new, and is
 * not followed: else one link to the top would make everything an input.
 */
export class LinkTrail {
  readonly #seen = new Set<string>();
  readonly #specs: string[] = [];

  constructor(
    private readonly files: Pick<Files, "lstat" | "readLink">,
    private readonly root: string,
  ) {}

  /** All pathspecs so far. */
  get specs(): readonly string[] {
    return this.#specs;
  }

  /** @param links Paths relative to the root. One that is a link no more leads nowhere. */
  follow(links: readonly string[]): Behind {
    const inside: string[] = [];
    const outside: string[] = [];
    for (const link of links) {
      const target = this.#target(link);
      if (target === undefined || this.#seen.has(target)) continue;
      this.#seen.add(target);
      if (isOutside(target)) outside.push(target);
      else inside.push(`:(literal)${target}`);
    }
    this.#specs.push(...inside);
    return { inside, outside };
  }

  #target(link: string): string | undefined {
    const text = this.#textOf(link);
    if (text === undefined) return undefined;
    const target = relative(this.root, resolve(this.root, dirname(link), text))
      .replaceAll("\\", "/");
    if (target === "" || `${link}/`.startsWith(`${target}/`)) return undefined;
    return isOutside(target) ? target : this.#firstLink(target);
  }

  /** Where a link stands on the way, it is what has to be followed: all that it leads to counts then. */
  #firstLink(target: string): string {
    let first = target;
    for (let above = parentPath(target); above !== ""; above = parentPath(above)) {
      if (this.files.lstat(`${this.root}/${above}`)?.kind === "symlink") first = above;
    }
    return first;
  }

  #textOf(link: string): string | undefined {
    try {
      return this.files.readLink(`${this.root}/${link}`);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined;
    }
  }
}

function isOutside(target: string): boolean {
  return target === ".." || target.startsWith("../") || /^[A-Za-z]:/.test(target);
}
