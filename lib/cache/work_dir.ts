import type { Problem } from "../base/problems.ts";
import type { Files } from "../sys/sys.ts";
import { reasonOf } from "./blobs.ts";

/**
 * Makes `<root>/._qik`, closed to other users, with a `.gitignore` that hides all of it. Does nothing where
 * that was done before.
 *
 * @returns A warning where it cannot be made, such as on a read-only disk; qik works without it, only slower.
 */
export function prepareWorkDir(files: Files, root: string): Problem | undefined {
  const directory = `${root}/._qik`;
  const ignore = `${directory}/.gitignore`;
  try {
    if (files.lstat(ignore) !== undefined) return undefined;
    const fresh = files.lstat(directory) === undefined;
    files.makeDirectory(directory);
    if (fresh) files.chmod(directory, 0o700);
    files.create(ignore, new TextEncoder().encode("*\n"));
    return undefined;
  } catch (error) {
    const message = `Cannot prepare "${directory}": ${reasonOf(error)}`;
    return { code: "cache-unwritable", message };
  }
}
