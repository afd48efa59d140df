import { type Readable, readRegular } from "../sys/read_regular.ts";
import type { Clock, Files, Machine } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import type { Environ } from "./environ.ts";

/** What finding an environment needs to see. */
export interface VenvPorts {
  readonly files: Files;
  /** Tells whether a time stamp is old enough to be believed. */
  readonly clock: Pick<Clock, "now">;
  /** qik's own environment. */
  readonly env: Environ;
  readonly platform: Machine["platform"];
  /** Absolute; where commands run. */
  readonly root: string;
}

/** Whether a directory stands at the path, symlinks followed. */
export function isDirectory(files: Files, path: string): boolean {
  return unlessClosed(() => files.stat(path))?.kind === "directory";
}

/** Whether a regular file stands at the path, symlinks followed. */
export function isFile(files: Files, path: string): boolean {
  return unlessClosed(() => files.stat(path))?.kind === "file";
}

/** Everything before the last separator of an absolute path; `""` above the file system's root. */
export function above(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"), path.lastIndexOf("\\")));
}

/** What a regular file holds, or `undefined` where there is none that can be read. */
export function readBytes(files: Readable, path: string): Uint8Array | undefined {
  return unlessClosed(() => readRegular(files, path));
}

/** Text of a file that people write, or `undefined` where it cannot be read; bad UTF-8 becomes U+FFFD. */
export function readText(files: Readable, path: string): string | undefined {
  const bytes = readBytes(files, path);
  return bytes && new TextDecoder().decode(bytes);
}
