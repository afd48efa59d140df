import type { Algorithm } from "./algorithm.ts";
import type { Conversions } from "./conversions.ts";
import type { IgnoreSettings } from "./ignore_settings.ts";
import type { Vouch } from "./vouch.ts";

/**
 * Where the names of input files come from: the one part that changes with how a repository is read.
 *
 * `git_source.ts` reads git's index and asks git, `walk_source.ts` reads directories where there is no git.
 */
export interface Source {
  /** What contents are named by: git's own object format, or SHA-256. Known once `tracked` has answered. */
  algorithm(): Algorithm;
  /** Whether there is an index. Without one every file counts as if it were in it. */
  readonly indexed: boolean;
  /** The root below the top of the repository: `""` or `dir/`. */
  readonly top: string;
  /** Files in the index, in code-unit order. */
  tracked(): Promise<Tracked>;
  /** Files beside the index that are not ignored; a nested repository ends in `/`. Code-unit order. */
  others(): Promise<readonly string[]>;
  /**
   * Those of the paths that are ignored; a directory ends in `/`. None lies inside of an ignored directory.
   *
   * @param byRulesAlone Also where the index holds something at or below the path: git would say then that it is not
   * ignored, but lists neither a file in the place of such a directory nor anything new in it.
   */
  ignored(paths: readonly string[], byRulesAlone?: boolean): Promise<ReadonlySet<string>>;
  /** A text that differs when `tracked` may answer differently. */
  mark(): string;
}

export interface Tracked {
  readonly paths: readonly string[];
  /** All of them, each between two NUL; unset where nobody has it. */
  readonly text?: string;
  /** Submodules and the commit that the index records for them. */
  readonly modules: ReadonlyMap<string, string>;
  /** Symlinks, as the index has them. */
  readonly links?: readonly string[];
  /** What the index says about the content of these paths; unset where it may not be asked. */
  readonly index?: {
    readonly vouch: Vouch;
    readonly conversions: Conversions;
  };
  /**
   * Files outside of the tree that say what is ignored, absolute; unset where what is listed depends on more than
   * files.
   */
  readonly ignoredBy?: readonly string[] | undefined;
  /** Writes what saves the next run time; unset where there is nothing. */
  readonly remember?: (() => void) | undefined;
  /** What else decides what is ignored; unset where that is not known. */
  readonly settings?: IgnoreSettings | undefined;
}

/** Files of git's and qik's own, which are nobody's input even where git lists them. */
export function isOwnFile(path: string): boolean {
  if (path.startsWith(".qik/")) return true;
  // Most paths hold none of these and are done.
  return path.includes(".git") || path.includes(".qik-tmp-") || path.includes("._qik")
    ? path.split("/").some(isOwnPart)
    : false;
}

/** `.qik-tmp-…` is what an atomic write is called until it is complete. */
export function isOwnPart(part: string): boolean {
  return part === "._qik" || part === ".git" || part.startsWith(".qik-tmp-");
}

/** A file of git's, of qik's state or of the repository's cache, even where a pathspec names it literally. */
export function isNobodysInput(path: string): boolean {
  return path.startsWith(".qik/cache/") || (isOwnFile(path) && !path.startsWith(".qik/"));
}
