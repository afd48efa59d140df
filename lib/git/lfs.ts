import type { Files } from "../sys/sys.ts";

/** Of a pointer file, as its specification has it: always shorter than this, and never shorter than the first line. */
const MOST_BYTES = 1024;
const START = "version https://git-lfs.github.com/spec/v1\n";

/**
 * Whether a file is what Git LFS leaves in place of a content that was not fetched.
 *
 * @param size What lstat said.
 */
export function isPointer(files: Files, path: string, size: number): boolean {
  if (size < START.length || size >= MOST_BYTES) return false;
  const bytes = files.read(path);
  return new TextDecoder().decode(bytes?.subarray(0, START.length)) === START;
}
