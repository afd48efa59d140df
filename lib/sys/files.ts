import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { decodeName, encodeName, hasEscapedBytes } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { parentPath } from "../base/paths.ts";
import { temporaryBeside } from "./temporary.ts";
import { type DirectoryEntry, errorCode, type FileKind, type Files, type Stat } from "./sys.ts";

/** The form of a path that the runtime opens byte for byte. */
function native(path: string): string | Buffer {
  return hasEscapedBytes(path) ? Buffer.from(encodeName(path)) : path;
}

/** What `ask` answers, or `undefined` where nothing stands at the path. */
function unlessAbsent<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Type bits of `st_mode`. */
const KINDS: Readonly<Record<number, FileKind>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};

/** An exception for each file that is not there would take longer than all other work on it. */
const QUIETLY = { bigint: true, throwIfNoEntry: false } as const;

function statOf(raw: fs.BigIntStats): Stat;
function statOf(raw: fs.BigIntStats | undefined): Stat | undefined;
function statOf(raw: fs.BigIntStats | undefined): Stat | undefined {
  if (raw === undefined) return undefined;
  const mode = Number(raw.mode);
  return {
    kind: KINDS[mode & 0o170000] ?? "other",
    size: Number(raw.size),
    mode: mode & 0o7777,
    mtimeNs: raw.mtimeNs,
    ctimeNs: raw.ctimeNs,
    ino: raw.ino,
    dev: raw.dev,
    uid: Number(raw.uid),
    gid: Number(raw.gid),
  };
}

function kindOf(entry: fs.Dirent): FileKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "symlink" : "other";
}

/** `other` where the entry is gone meanwhile. */
function kindAt(path: string): FileKind {
  const stat = unlessAbsent(() => fs.lstatSync(native(path), { bigint: true }));
  return stat === undefined ? "other" : statOf(stat).kind;
}

function list(path: string): DirectoryEntry[] {
  const entries = fs.readdirSync(native(path), { withFileTypes: true });
  let named = entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  // U+FFFD means that a name is not UTF-8 (or really holds that character): ask again for the bytes. Bun
  // cannot tell kinds and bytes at once, so the kinds are asked one by one.
  if (named.some(({ name }) => name.includes("\uFFFD"))) {
    const names = fs.readdirSync(native(path), { encoding: "buffer" }).map(decodeName);
    named = names.map((name) => ({ name, kind: kindAt(`${path}/${name}`) }));
  }
  return named.sort((a, b) => byCodeUnit(a.name, b.name));
}

/** Nobody waits for a named pipe that took the place of a file. Windows has neither. */
const READING = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

const APPENDING = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT |
  (fs.constants.O_NONBLOCK ?? 0);

/** A named pipe reads as if it were empty, or has nothing yet: no file was read then. */
function readWhole(path: string): Uint8Array {
  // What the types do not know, both runtimes do: a number is passed on as it is.
  const bytes = fs.readFileSync(native(path), { flag: READING as unknown as string });
  if (bytes.length > 0 || statOf(fs.statSync(native(path), { bigint: true })).kind === "file") {
    return bytes;
  }
  throw Object.assign(new Error(`no regular file: ${path}`), { code: "ESPIPE" });
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at);
}

/** Permission bits that the umask takes from no file, as files that were made have shown. */
let untouched = 0;

/**
 * Makes a file that must not exist yet. Not with `writeFileSync`: Bun's cuts the file to its length, too, and a mode
 * that is set afterwards is one call more: together a fifth of the time.
 */
function writeNew(path: string, bytes: Uint8Array, mode?: number): void {
  const fd = fs.openSync(native(path), "wx", mode ?? 0o666);
  try {
    writeAll(fd, bytes);
    if (mode === undefined || (mode & ~untouched) === 0) return;
    // The umask cuts what open() is given.
    if ((fs.fstatSync(fd).mode & 0o7777) === mode) untouched |= mode;
    else fs.fchmodSync(fd, mode);
  } finally {
    fs.closeSync(fd);
  }
}

function makeDirectory(path: string): void {
  fs.mkdirSync(native(path), { recursive: true });
}

/** Directories that were there when something was written; `""`, the top of a disk, always is. */
const standing = new Set([""]);

function writeAtomic(pid: number, path: string, bytes: Uint8Array, mode?: number): void {
  const temporary = temporaryBeside(path, pid);
  const directory = parentPath(path);
  const attempt = () => {
    // To make it first is quicker than to fail in it.
    if (!standing.has(directory)) {
      makeDirectory(directory);
      standing.add(directory);
    }
    // Nobody else may read what is to be closed to others, not even before it has its name.
    writeNew(temporary, bytes, mode);
  };
  try {
    try {
      attempt();
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      // Somebody removed it.
      standing.delete(directory);
      attempt();
    }
    fs.renameSync(native(temporary), native(path));
  } catch (error) {
    fs.rmSync(native(temporary), { force: true });
    throw error;
  }
}

/** Not `appendFileSync`: Deno's gives a file that is there the mode of a new one. */
function append(path: string, bytes: Uint8Array): void {
  const fd = fs.openSync(native(path), APPENDING);
  try {
    writeAll(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}

function create(path: string, bytes: Uint8Array, mode?: number): boolean {
  try {
    writeNew(path, bytes, mode);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function link(from: string, to: string): boolean {
  try {
    fs.linkSync(native(from), native(to));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function readLink(path: string): string {
  try {
    return decodeName(fs.readlinkSync(native(path), { encoding: "buffer" }));
  } catch (error) {
    // Deno gives no text that is not UTF-8, and says so without a code.
    const untold = error instanceof Error && error.name === "InvalidData";
    throw untold ? Object.assign(error, { code: "EILSEQ" }) : error;
  }
}

async function removeAside(path: string): Promise<void> {
  try {
    await fs.promises.unlink(native(path));
  } catch (error) {
    if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR") throw error;
  }
}

function removeDirectory(path: string): boolean {
  try {
    fs.rmdirSync(native(path));
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  }
}

/** Files of this machine, through `node:fs`, which both runtimes implement natively. */
export function openFiles(pid: number): Files {
  return {
    read: (path) => unlessAbsent(() => readWhole(path)),
    write(path, bytes, mode) {
      fs.writeFileSync(native(path), bytes);
      if (mode !== undefined) fs.chmodSync(native(path), mode);
    },
    writeAtomic: (path, bytes, mode) => writeAtomic(pid, path, bytes, mode),
    create,
    append,
    lstat: (path) => unlessAbsent(() => statOf(fs.lstatSync(native(path), QUIETLY))),
    stat: (path) => unlessAbsent(() => statOf(fs.statSync(native(path), QUIETLY))),
    list: (path) => unlessAbsent(() => list(path)),
    readLink,
    symlink: (target, path) => fs.symlinkSync(native(target), native(path)),
    makeDirectory,
    link,
    rename: (from, to) => fs.renameSync(native(from), native(to)),
    remove: (path) => void unlessAbsent(() => fs.unlinkSync(native(path))),
    removeAside,
    removeDirectory,
    removeTree: (path) => fs.rmSync(native(path), { recursive: true, force: true }),
    chmod: (path, mode) => fs.chmodSync(native(path), mode),
    copy(from, to) {
      const flags = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE;
      fs.copyFileSync(native(from), native(to), flags);
    },
    touch(path) {
      const now = new Date();
      fs.utimesSync(native(path), now, now);
    },
    realPath: (path) => decodeName(fs.realpathSync(native(path), { encoding: "buffer" })),
    openWriter(path) {
      const fd = fs.openSync(native(path), "w");
      return { write: (bytes) => writeAll(fd, bytes), close: () => fs.closeSync(fd) };
    },
    openReader(path) {
      const fd = unlessAbsent(() => fs.openSync(native(path), READING));
      if (fd === undefined) return undefined;
      return {
        read: (buffer) => fs.readSync(fd, buffer, 0, buffer.length, null),
        close: () => fs.closeSync(fd),
      };
    },
  };
}
