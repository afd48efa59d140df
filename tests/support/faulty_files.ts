import type { Files, Reader, Writer } from "../../lib/sys/sys.ts";

/** What goes wrong, and when. */
export interface Fault {
  /** Which call fails, counted from 1 over all calls that may; 0 or unset: none. */
  readonly at?: number;
  /** All later calls fail too, as on a disk that is full or read-only. */
  readonly onwards?: boolean;
  /** The system's word; default `EIO`. */
  readonly code?: string;
  /** Calls that may fail; default all. `reader` and `writer` stand for calls on open files. */
  readonly kinds?: readonly (keyof Files | "reader" | "writer")[];
  /** A failing write leaves the first half of its bytes behind, as a full disk does. */
  readonly torn?: boolean;
}

export interface FaultyFiles {
  readonly files: Files;
  /** Calls so far that might have failed. */
  readonly calls: () => number;
  /** Calls so far, by name. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Calls that change the disk: what fails where it is read-only. */
export const WRITES: readonly (keyof Files | "writer")[] = [
  "write",
  "writeAtomic",
  "create",
  "append",
  "symlink",
  "makeDirectory",
  "link",
  "rename",
  "remove",
  "removeAside",
  "removeDirectory",
  "removeTree",
  "chmod",
  "copy",
  "touch",
  "openWriter",
  "writer",
];

/** An error as the system gives it. */
export function systemError(code: string, action: string): Error & { readonly code: string } {
  return Object.assign(new Error(`${code}: ${action} failed on purpose`), { code });
}

/**
 * Wraps files so that a chosen call fails. Loop `at` from 1 until the action makes fewer calls than that:
 * then every call has failed once.
 */
export function faultyFiles(inner: Files, fault: Fault = {}): FaultyFiles {
  const { at = 0, onwards = false, code = "EIO", kinds, torn = false } = fault;
  const counts = new Map<string, number>();
  let calls = 0;

  const step = (kind: string, half?: () => void): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (kinds !== undefined && !(kinds as readonly string[]).includes(kind)) return;
    calls += 1;
    if (at === 0 || (onwards ? calls < at : calls !== at)) return;
    if (torn) half?.();
    throw systemError(code, kind);
  };

  const reader = (open: Reader): Reader => ({
    read: (buffer) => (step("reader"), open.read(buffer)),
    close: () => open.close(),
  });
  const writer = (open: Writer): Writer => ({
    write(bytes) {
      step("writer", () => open.write(bytes.subarray(0, bytes.length >> 1)));
      open.write(bytes);
    },
    close: () => open.close(),
  });
  const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);

  const files: Files = {
    read: (path) => (step("read"), inner.read(path)),
    write(path, bytes, mode) {
      step("write", () => inner.write(path, half(bytes), mode));
      inner.write(path, bytes, mode);
    },
    writeAtomic: (path, bytes, mode) => (step("writeAtomic"), inner.writeAtomic(path, bytes, mode)),
    create(path, bytes, mode) {
      step("create", () => inner.create(path, half(bytes), mode));
      return inner.create(path, bytes, mode);
    },
    append(path, bytes) {
      step("append", () => inner.append(path, half(bytes)));
      inner.append(path, bytes);
    },
    lstat: (path) => (step("lstat"), inner.lstat(path)),
    stat: (path) => (step("stat"), inner.stat(path)),
    list: (path) => (step("list"), inner.list(path)),
    readLink: (path) => (step("readLink"), inner.readLink(path)),
    symlink: (target, path) => (step("symlink"), inner.symlink(target, path)),
    makeDirectory: (path) => (step("makeDirectory"), inner.makeDirectory(path)),
    link: (from, to) => (step("link"), inner.link(from, to)),
    rename: (from, to) => (step("rename"), inner.rename(from, to)),
    remove: (path) => (step("remove"), inner.remove(path)),
    removeAside: (path) => (step("removeAside"), inner.removeAside(path)),
    removeDirectory: (path) => (step("removeDirectory"), inner.removeDirectory(path)),
    removeTree: (path) => (step("removeTree"), inner.removeTree(path)),
    chmod: (path, mode) => (step("chmod"), inner.chmod(path, mode)),
    copy(from, to) {
      step("copy", () => inner.write(to, half(inner.read(from) ?? new Uint8Array())));
      inner.copy(from, to);
    },
    touch: (path) => (step("touch"), inner.touch(path)),
    realPath: (path) => (step("realPath"), inner.realPath(path)),
    openWriter: (path) => (step("openWriter"), writer(inner.openWriter(path))),
    openReader(path) {
      step("openReader");
      const open = inner.openReader(path);
      return open === undefined ? undefined : reader(open);
    },
  };
  return { files, calls: () => calls, counts };
}
