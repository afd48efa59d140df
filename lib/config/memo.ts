import { sha256 } from "../sys/digest.ts";
import { errorCode, type Files } from "../sys/sys.ts";
import type { Config } from "./types.ts";

/** Everything of the file system that a configuration came from; paths are relative to the root. */
export interface Sources {
  /** Files that were read, with the SHA-256 of their bytes. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Files that would have been read, had they been there. */
  readonly absent: readonly string[];
  /** Directories that had to be there. */
  readonly directories: readonly string[];
}

/** A valid configuration and what it came from. */
export interface Remembered {
  readonly config: Config;
  readonly sources: Sources;
}

/** Where a memo lies and for whom it holds. */
export interface MemoPlace {
  readonly files: Files;
  /** Absolute. */
  readonly root: string;
  /** The project file, relative to the root. */
  readonly file: string;
  /** Differs between any two qik that could read the same files differently. */
  readonly reader: string;
}

/** Bumped when the meaning of the stored configuration changes. */
const FORMAT = 2;

/** The first line of the file; the second is the body that its digest is of. */
interface Head {
  readonly format: number;
  readonly reader: string;
  readonly file: string;
  readonly body: string;
}

function memoPath(root: string): string {
  return absolute(root, "._qik/state/config.json");
}

/** The absolute path of something below the root. */
export function absolute(root: string, path: string): string {
  return root.endsWith("/") ? root + path : `${root}/${path}`;
}

/**
 * The configuration remembered from an earlier run, if every file it came from still has the same bytes, none
 * has appeared or gone, and the memo itself is whole. Anything else, errors included, is `undefined`.
 */
export function recall(place: MemoPlace): Remembered | undefined {
  try {
    const bytes = place.files.read(memoPath(place.root));
    const lineEnd = bytes?.indexOf(0x0a) ?? -1;
    if (bytes === undefined || lineEnd === -1) return undefined;
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const head = JSON.parse(decoder.decode(bytes.subarray(0, lineEnd))) as Head;
    const body = bytes.subarray(lineEnd + 1);
    const isOurs = head.format === FORMAT && head.reader === place.reader &&
      head.file === place.file && head.body === sha256(body);
    if (!isOurs) return undefined;
    const remembered = JSON.parse(decoder.decode(body)) as Remembered;
    return isCurrent(place, remembered.sources) ? remembered : undefined;
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}

/** What a damaged memo or a failing file system throws. */
function isExpected(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof TypeError ||
    errorCode(error) !== undefined;
}

function isCurrent({ files, root }: MemoPlace, sources: Sources): boolean {
  return sources.directories.every((path) =>
    files.stat(absolute(root, path))?.kind === "directory"
  ) &&
    sources.absent.every((path) => files.stat(absolute(root, path)) === undefined) &&
    sources.files.every(({ path, sha256: digest }) => {
      // A pipe in place of the file would hang the reader.
      if (files.stat(absolute(root, path))?.kind !== "file") return false;
      const bytes = files.read(absolute(root, path));
      return bytes !== undefined && sha256(bytes) === digest;
    });
}

/** Remembers a valid configuration. A memo that cannot be written is only a slower next run. */
export function remember(place: MemoPlace, remembered: Remembered): void {
  const encoder = new TextEncoder();
  const body = encoder.encode(JSON.stringify(remembered));
  const head: Head = {
    format: FORMAT,
    reader: place.reader,
    file: place.file,
    body: sha256(body),
  };
  const line = encoder.encode(JSON.stringify(head) + "\n");
  const bytes = new Uint8Array(line.length + body.length);
  bytes.set(line);
  bytes.set(body, line.length);
  try {
    const work = absolute(place.root, "._qik");
    if (place.files.lstat(work) === undefined) {
      // Whoever makes the directory closes it to other users: logs will lie in it.
      place.files.makeDirectory(work);
      place.files.chmod(work, 0o700);
    }
    // What the configuration says literally may be a credential, and the checkout may be open to others.
    place.files.writeAtomic(memoPath(place.root), bytes, 0o600);
    place.files.create(absolute(place.root, "._qik/.gitignore"), encoder.encode("*\n"));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}
