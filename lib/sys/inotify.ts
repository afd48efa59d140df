import { lstatSync } from "node:fs";
import process from "node:process";
import { decodeName, encodeName } from "../base/bytes.ts";

/** One event as the kernel tells it. */
export interface InotifyEvent {
  /** Number of the watched directory; -1 where events were lost. */
  readonly wd: number;
  /** Of what in the directory; empty for the directory itself. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isLost: boolean;
  /** The directory is not watched any more. */
  readonly isGone: boolean;
}

/** Linux's watching of directories. */
export interface Inotify {
  /** Number of the watched directory; `full` where the system grants no more, `gone` where it is no directory. */
  add(directory: string): number | "full" | "gone";
  /** All events since the last call; never waits. */
  read(): readonly InotifyEvent[];
  close(): void;
}

const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];
/** IN_NONBLOCK | IN_CLOEXEC. */
const INIT_FLAGS = 0o4000 | 0o2000000;
/** Contents, attributes, names that come and go, the directory itself; never through a symlink. */
const MASK = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x01000000 |
  0x02000000;
const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
const IN_ISDIR = 0x40000000;
const HEAD_BYTES = 16;
const BUFFER_BYTES = 256 * 1024;

/** The functions of the C library, the same for both runtimes. */
interface Calls {
  readonly init: (flags: number) => number;
  readonly add: (fd: number, path: Uint8Array, mask: number) => number;
  readonly read: (fd: number, into: Uint8Array) => number;
  readonly close: (fd: number) => void;
}

/** `undefined` where this runtime or machine has no such way. */
export function openInotify(): Inotify | undefined {
  if (process.platform !== "linux") return undefined;
  const open = "Deno" in globalThis ? callsOfDeno : "Bun" in globalThis ? callsOfBun : undefined;
  for (const library of open === undefined ? [] : LIBRARIES) {
    try {
      const calls = open!(library);
      const fd = calls?.init(INIT_FLAGS) ?? -1;
      if (calls !== undefined && fd >= 0) return inotifyOn(calls, fd);
    } catch {
      // Another name of the library, or none that can be opened.
    }
  }
  return undefined;
}

function inotifyOn(calls: Calls, fd: number): Inotify {
  const buffer = new Uint8Array(BUFFER_BYTES);
  return {
    add(directory) {
      const wd = calls.add(fd, encodeName(`${directory}\0`), MASK);
      if (wd >= 0) return wd;
      // A link to a directory is refused like a file.
      const stands = lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false;
      return stands ? "full" : "gone";
    },
    read() {
      const events: InotifyEvent[] = [];
      for (;;) {
        const size = calls.read(fd, buffer);
        if (size <= 0) return events;
        events.push(...readEvents(buffer.subarray(0, size)));
      }
    },
    close: () => calls.close(fd),
  };
}

/** Events are `wd, mask, cookie, length` as 32-bit words, then a name that NUL fills up to `length`. */
export function readEvents(bytes: Uint8Array): InotifyEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InotifyEvent[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const mask = view.getUint32(at + 4, true);
    const length = view.getUint32(at + 12, true);
    const name = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    const end = name.indexOf(0);
    events.push({
      wd: view.getInt32(at, true),
      name: decodeName(end === -1 ? name : name.subarray(0, end)),
      isDirectory: (mask & IN_ISDIR) !== 0,
      isLost: (mask & IN_Q_OVERFLOW) !== 0,
      isGone: (mask & IN_IGNORED) !== 0,
    });
    at += HEAD_BYTES + length;
  }
  return events;
}

/** The parts of Bun's foreign functions that are used here. */
interface BunFfi {
  dlopen(
    library: string,
    functions: Readonly<Record<string, { args: readonly string[]; returns: string }>>,
  ): { readonly symbols: Readonly<Record<string, (...args: number[]) => unknown>> };
  ptr(bytes: Uint8Array): number;
}

function callsOfBun(library: string): Calls {
  const { FFI } = (globalThis as unknown as { readonly Bun: { readonly FFI: BunFfi } }).Bun;
  const { symbols } = FFI.dlopen(library, {
    inotify_init1: { args: ["i32"], returns: "i32" },
    inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
    read: { args: ["i32", "ptr", "u64"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  });
  return {
    init: (flags) => Number(symbols["inotify_init1"]!(flags)),
    add: (fd, path, mask) => Number(symbols["inotify_add_watch"]!(fd, FFI.ptr(path), mask)),
    read: (fd, into) => Number(symbols["read"]!(fd, FFI.ptr(into), into.length)),
    close: (fd) => void symbols["close"]!(fd),
  };
}

function callsOfDeno(library: string): Calls | undefined {
  // Asking for a permission that was not given would stop everything with a question.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  const { symbols } = Deno.dlopen(library, {
    inotify_init1: { parameters: ["i32"], result: "i32" },
    inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  return {
    init: (flags) => symbols.inotify_init1(flags),
    add: (fd, path, mask) => symbols.inotify_add_watch(fd, path as Uint8Array<ArrayBuffer>, mask),
    read: (fd, into) =>
      Number(symbols.read(fd, into as Uint8Array<ArrayBuffer>, BigInt(into.length))),
    close: (fd) => void symbols.close(fd),
  };
}
