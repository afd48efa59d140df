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
    for (const target of links.flatMap((link) => this.#targets(link))) {
      if (this.#seen.has(target)) continue;
      this.#seen.add(target);
      if (isOutside(target)) outside.push(target);
      else inside.push(`:(literal)${target}`);
    }
    this.#specs.push(...inside);
    return { inside, outside };
  }

  /** What has to be followed from a link, without what it lies in itself. */
  #targets(link: string): readonly string[] {
    let met: readonly string[];
    try {
      met = this.#walk(parentPath(link), this.files.readLink(`${this.root}/${link}`));
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return [];
    }
    return met.filter((target) => target !== "" && !`${link}/`.startsWith(`${target}/`));
  }

  /**
   * Walks a link's text name by name, as the system does: `..` behind another link leads up from where that one leads.
   * Not with `node:path`, which knows of no links, and in Bun of no names that are not UTF-8.
   *
   * @returns Links on the way, of which all that they lead to counts, and the end where that is not among it.
   */
  #walk(from: string, text: string): readonly string[] {
    const met: string[] = [];
    let at = this.#isAbsolute(text) ? [] : this.#names(`${this.root}/${from}`);
    let rest = this.#names(text);
    for (let hops = 0; rest.length > 0;) {
      const [name, ...after] = rest;
      rest = after;
      if (name === "..") at.pop();
      else at.push(name!);
      if (name === ".." || rest.length === 0) continue;
      const climbs = rest.includes("..");
      const here = this.#fromRoot(at);
      if ((isOutside(here) && !climbs) || here === "") continue;
      if (this.files.lstat(`${this.root}/${here}`)?.kind !== "symlink") continue;
      met.push(here);
      if (!climbs || ++hops > MOST_HOPS) return met;
      const next = this.files.readLink(`${this.root}/${here}`);
      at.pop();
      if (this.#isAbsolute(next)) at = [];
      rest = [...this.#names(next), ...rest];
    }
    return [...met, this.#fromRoot(at)];
  }

  #names(path: string): string[] {
    const slashed = this.#windows ? path.replaceAll("\\", "/") : path;
    return slashed.split("/").filter((name) => name !== "" && name !== ".");
  }

  #isAbsolute(text: string): boolean {
    return text.startsWith("/") || (this.#windows && DRIVE.test(text));
  }

  #fromRoot(whole: readonly string[]): string {
    const root = this.#names(this.root);
    if (this.#windows && whole[0]?.toLowerCase() !== root[0]?.toLowerCase()) return whole.join("/");
    let same = this.#windows ? 1 : 0;
    while (same < root.length && root[same] === whole[same]) same++;
    return [...root.slice(same).map(() => ".."), ...whole.slice(same)].join("/");
  }

  get #windows(): boolean {
    return DRIVE.test(this.root);
  }
}

const DRIVE = /^[A-Za-z]:/;
/** As many as Linux follows. */
const MOST_HOPS = 40;

function isOutside(target: string): boolean {
  return target === ".." || target.startsWith("../") || DRIVE.test(target);
}
