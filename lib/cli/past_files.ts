import type { Past } from "../git/past.ts";
import type { FileKind, Files, Stat } from "../sys/sys.ts";

/** Files that a configuration may be written in. */
const CONFIGURATION = /(^|\/)(qik|pyproject)\.toml$/;

/** Whether a path may be a part of the configuration. */
export function isConfiguration(path: string): boolean {
  return CONFIGURATION.test(path);
}

/**
 * The repository as it was, as far as a reading of its configuration asks: which files and directories there were,
 * and what the configuration's own files said. Only `read`, `stat` and `lstat` answer.
 */
export async function pastFiles(
  past: Past,
  root: string,
): Promise<Pick<Files, "read" | "stat" | "lstat">> {
  const names = await past.names();
  const directories = new Set<string>([""]);
  for (const name of names) {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) {
      const directory = name.slice(0, at);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  const files = new Set(names);
  const texts = await past.read(names.filter(isConfiguration));
  const below = (path: string) => path === root ? "" : path.slice(root.length + 1);
  const stat = (path: string): Stat | undefined => {
    const name = below(path);
    if (files.has(name)) return statOf("file", texts.get(name)?.length ?? 0);
    return directories.has(name) ? statOf("directory", 0) : undefined;
  };
  return { read: (path) => texts.get(below(path)), stat, lstat: stat };
}

function statOf(kind: FileKind, size: number): Stat {
  return { kind, size, mode: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n, dev: 0n, uid: 0, gid: 0 };
}
