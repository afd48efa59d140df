import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import type { Source } from "./source.ts";

/** Finds the directories in which input files may come to be: those that git does not ignore. */
export interface Directories {
  /**
   * A directory and all below it, absolute, outermost first; none where it is ignored or lies in one that is. Links
   * are not followed. Cost: one listing for each directory, one git process for each level.
   */
  below(directory: string): Promise<readonly string[]>;
}

/**
 * Directories of a root.
 *
 * @param openInner The same for a repository of its own below the root: this root's git knows nothing about it.
 */
export function openDirectories(
  { files }: Pick<Sys, "files">,
  root: string,
  source: Pick<Source, "ignored">,
  openInner: (root: string) => Directories,
): Directories {
  const relative = (path: string) => path.slice(root.length + 1);
  const unignored = async (paths: readonly string[]) => {
    const ignored = await source.ignored(paths.map((path) => `${relative(path)}/`));
    return paths.filter((path) => !ignored.has(`${relative(path)}/`));
  };
  return {
    async below(directory) {
      const nested = nestedAbove(files, directory, root);
      if (!await isWanted(nested ?? directory, root, unignored)) return [];
      if (nested !== undefined) return await openInner(nested).below(directory);
      const found: string[] = [directory];
      for (let level = [directory]; level.length > 0;) {
        const inner = level.flatMap((path) => innerOf(files, path));
        const wanted = inner.length === 0 ? [] : await unignored(inner);
        level = wanted.filter((path) => !isNested(files, path));
        found.push(...level);
        for (const path of wanted) {
          if (isNested(files, path)) found.push(...await openInner(path).below(path));
        }
      }
      return found;
    },
  };
}

/** The outermost repository of its own below the root that holds the directory. */
function nestedAbove(files: Sys["files"], directory: string, root: string): string | undefined {
  if (!directory.startsWith(`${root}/`)) return undefined;
  for (let end = root.length; end !== -1;) {
    end = directory.indexOf("/", end + 1);
    const path = end === -1 ? directory : directory.slice(0, end);
    if (isNested(files, path)) return path;
  }
  return undefined;
}

function isNested(files: Sys["files"], directory: string): boolean {
  return unlessClosed(() => files.lstat(`${directory}/.git`)) !== undefined;
}

/** Asked outermost first, since nothing inside of an ignored directory may be asked for. */
async function isWanted(
  directory: string,
  root: string,
  unignored: (paths: readonly string[]) => Promise<readonly string[]>,
): Promise<boolean> {
  if (directory === root) return true;
  if (!directory.startsWith(`${root}/`)) return false;
  const parts = directory.slice(root.length + 1).split("/");
  for (let count = 1; count <= parts.length; count++) {
    if (parts.slice(0, count).some(isOwn)) return false;
    const path = `${root}/${parts.slice(0, count).join("/")}`;
    if ((await unignored([path])).length === 0) return false;
  }
  return true;
}

function innerOf(files: Sys["files"], directory: string): string[] {
  try {
    return (files.list(directory) ?? [])
      .filter(({ name, kind }) => kind === "directory" && !isOwn(name))
      .map(({ name }) => `${directory}/${name}`);
  } catch {
    // A directory that cannot be listed holds no input that could be read.
    return [];
  }
}

/** Git's own and qik's own. */
function isOwn(name: string): boolean {
  return name === ".git" || name === "._qik";
}
