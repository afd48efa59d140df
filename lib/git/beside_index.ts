import { errorCode, type Files } from "../sys/sys.ts";
import type { Algorithm } from "./algorithm.ts";
import { digestFile, digestLink } from "./content.ts";
import type { Git } from "./git_call.ts";
import { splitNames } from "./names.ts";

/** As `git ls-files -v -s` prints an entry without conflict: what git thinks of it, mode, id, stage, name. */
const ENTRY = /^(.) (\d+) ([0-9a-f]+) 0\t([^]*)$/;
/** The letter of an entry that git looks at. */
const USUAL = "H".charCodeAt(0);
const OTHER = "? ";
const MODES = { "100644": "file", "100755": "exec", "120000": "link" } as const;

/** What git's index does not say of the working tree, or says wrongly. */
export interface BesideIndex {
  /** Untracked files that are not ignored; a repository of its own ends in `/`. */
  readonly others: readonly string[];
  /**
   * Changed files that git does not look at, because somebody told it that they have not changed (`git update-index
   * --assume-unchanged`, `--skip-worktree`). What stands there counts, not what was said.
   *
   * A file that was to be skipped and is not there is left out of a sparse checkout. Contents are compared as they
   * are, without git's conversions.
   */
  readonly hidden: readonly string[];
}

/**
 * Asks one process of git.
 *
 * @param git Runs in the root, which all paths are relative to.
 */
export async function besideIndex(
  git: Git,
  files: Files,
  root: string,
  { untracked }: { readonly untracked: boolean },
): Promise<BesideIndex> {
  const more = untracked ? ["--others", "--exclude-standard"] : [];
  const printed = await git.read(["ls-files", "-v", "-s", "-z", "--cached", ...more]);
  const others: string[] = [];
  const hidden: string[] = [];
  for (const line of unusual(printed)) {
    const [, letter, mode, id, path] = ENTRY.exec(line) ?? [];
    if (line.startsWith(OTHER)) others.push(line.slice(OTHER.length));
    else if (mode !== undefined && Object.hasOwn(MODES, mode)) {
      const found = standsThere(files, `${root}/${path}`, id!.length === 40 ? "sha1" : "sha256");
      const skipped = found === undefined && letter!.toUpperCase() === "S";
      if (found !== `${MODES[mode as keyof typeof MODES]} ${id}` && !skipped) hidden.push(path!);
    }
  }
  return { others, hidden };
}

/** Entries with other letters than nearly all have: the whole list is long. */
function unusual(bytes: Uint8Array): string[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at) + 1;
    if (end === 0) break;
    if (bytes[at] !== USUAL) lines.push(bytes.subarray(at, end));
    at = end;
  }
  return lines.flatMap(splitNames);
}

/** Kind and id of what stands there; `undefined` for nothing, and another text for what git could not record. */
function standsThere(files: Files, path: string, algorithm: Algorithm): string | undefined {
  try {
    const stat = files.lstat(path);
    if (stat === undefined) return undefined;
    const { kind, size, mode } = stat;
    if (kind !== "file" && kind !== "symlink") return kind;
    const digest = kind === "symlink"
      ? digestLink(files, path, algorithm)
      : digestFile(files, path, size, algorithm);
    const word = kind === "symlink" ? "link" : (mode & 0o100) === 0 ? "file" : "exec";
    return `${word} ${digest?.slice(algorithm.length + 1)}`;
  } catch (error) {
    // Whoever needs the file is told that it cannot be read.
    return errorCode(error) ?? "unknown";
  }
}
