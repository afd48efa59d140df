import type { Net } from "./net.ts";

export type { Net } from "./net.ts";

/**
 * The only door to the outside: files, processes, terminal, environment and clock, as one value.
 *
 * Everything outside `lib/sys` takes the part of it that it needs as a parameter. Tests put a faulty or
 * fake part in its place. Paths given to it are absolute, in the form of `base/bytes.ts`: a name that is
 * not UTF-8 carries escaped bytes, which only this room turns back.
 */
export interface Sys {
  readonly files: Files;
  readonly net: Net;
  readonly processes: Processes;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly modules: Modules;
  /** The environment that qik was started with; never changed. */
  readonly env: Readonly<Record<string, string>>;
}

/** Code of the user's that is loaded while qik runs. */
export interface Modules {
  /**
   * @param source A path relative to `root`, or `npm:NAME` or `jsr:@SCOPE/NAME`, which are looked for in
   *   `node_modules` from `root` upward (under Deno also as Deno does).
   * @returns The module, and the bytes of its file where it is one.
   * @throws Whatever resolving, compiling or running it throws.
   */
  load(
    source: string,
    root: string,
  ): Promise<{ readonly module: unknown; readonly bytes: Uint8Array | undefined }>;
}

/** What kind of thing stands at a path. `other`: sockets, devices, pipes. */
export type FileKind = "file" | "directory" | "symlink" | "other";

/** The answer of lstat. Times are nanoseconds since the epoch, as exact as the runtime can tell. */
export interface Stat {
  readonly kind: FileKind;
  readonly size: number;
  /** Permission bits only, such as 0o755. */
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Files. All calls are synchronous: on local disks that is 3 to 10 times faster than a promise per call.
 *
 * A call that fails throws the system's error, whose `code` is a word such as `ENOSPC` (see `errorCode`),
 * unless its text says that it answers `undefined`.
 */
export interface Files {
  /**
   * Bytes of a file, following symlinks; `undefined` where there is none (ENOENT, ENOTDIR). A named pipe is not waited
   * for: it throws ESPIPE, or EAGAIN where somebody has it open for writing.
   */
  read(path: string): Uint8Array | undefined;
  /** Creates or replaces a file in place. Not atomic: readers may see a part. */
  write(path: string, bytes: Uint8Array, mode?: number): void;
  /** Writes to a temporary name beside `path`, then renames: readers see all or nothing. Makes parents. */
  writeAtomic(path: string, bytes: Uint8Array, mode?: number): void;
  /** Creates a file that must not exist yet; false where it does. */
  create(path: string, bytes: Uint8Array, mode?: number): boolean;
  append(path: string, bytes: Uint8Array): void;
  /** Does not follow symlinks; `undefined` where nothing stands there (ENOENT, ENOTDIR). */
  lstat(path: string): Stat | undefined;
  /** Follows symlinks; `undefined` where nothing stands there. */
  stat(path: string): Stat | undefined;
  /** Names in a directory, in code-unit order; `undefined` where there is none. */
  list(path: string): readonly DirectoryEntry[] | undefined;
  /** Throws with the code `EILSEQ` where the runtime cannot tell a text that is not UTF-8 (Deno). */
  readLink(path: string): string;
  symlink(target: string, path: string): void;
  /** Makes a directory and its parents; no error where it exists. */
  makeDirectory(path: string): void;
  /** Gives a file one more name (a hard link); false where something stands there. Not every file system can. */
  link(from: string, to: string): boolean;
  rename(from: string, to: string): void;
  /** Removes a file or symlink; no error where nothing stands there. */
  remove(path: string): void;
  /** The same in a thread of the runtime's own, for many at once: each may wait for the disk for milliseconds. */
  removeAside(path: string): Promise<void>;
  /** Removes an empty directory; false where it is not empty or not there. */
  removeDirectory(path: string): boolean;
  /** Removes a whole tree; no error where nothing stands there. */
  removeTree(path: string): void;
  chmod(path: string, mode: number): void;
  /** Copies a file's bytes, by reflink where the file system can. Fails where `to` exists. */
  copy(from: string, to: string): void;
  /** Sets the modification time to now; used to mark a cache entry as read. */
  touch(path: string): void;
  realPath(path: string): string;
  /** Opens a file for writing from its start. */
  openWriter(path: string): Writer;
  /** Opens a file for reading in pieces, a named pipe at once; `undefined` where there is none. */
  openReader(path: string): Reader | undefined;
}

/** A name in a directory, and what stands there; symlinks are not followed. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** A file open for writing. Every byte given is with the system when a call returns. */
export interface Writer {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** A file open for reading, from its start. */
export interface Reader {
  /** Fills at most `buffer` and answers how many bytes; 0 at the end. */
  read(buffer: Uint8Array): number;
  close(): void;
}

export interface Processes {
  readonly pid: number;
  /** Starts a process. A command that cannot be started ends with `{ started: false }`, it does not throw. */
  spawn(request: SpawnRequest): Child;
  /** Runs argv to its end and keeps its output. For qik's own short calls (git, tool versions). */
  capture(request: CaptureRequest): Promise<Captured>;
  /**
   * Runs a program in place of qik. Where the C library can be called, the process becomes
   * the program (same pid, terminal and streams) and this never answers. Elsewhere the program is started with qik's
   * own streams, gets the signals that qik gets, and this answers how it ended.
   */
  become(request: BecomeRequest): Promise<ChildEnd>;
  /** Whether a process with this pid exists (also where it belongs to somebody else). */
  isAlive(pid: number): boolean;
  /**
   * When a process was started, as a word that no other process with the same number has; `undefined` where it is
   * not there or the system does not tell (only Linux does).
   */
  birth(pid: number): string | undefined;
  /**
   * Signals every process of this user that was started with `variable` set to `value`, or to `value/…`; without a
   * signal it only counts. Looks at all processes of the machine: 10 to 50 ms. Linux only; nothing elsewhere.
   *
   * @returns How many there are.
   */
  signalTagged(variable: string, value: string, signal?: StopSignal | "SIGKILL"): number;
  /**
   * Starts a small process (a shell that sleeps) which outlives this one where it is killed, and then kills the groups
   * that it was told of and every process whose environment contains `tag`, and removes the `temporary` files. Does
   * nothing on Windows.
   */
  supervise(tag: string, temporary: readonly string[]): Supervisor;
  /**
   * Starts this program once more with other arguments, in a session of its own that outlives this process, without
   * input and output and without some variables.
   *
   * @returns Whether it was started; `false` where this program is no executable of its own.
   */
  startApart(args: readonly string[], cwd: string, without: readonly string[]): Promise<boolean>;
  /**
   * Ctrl-Z: calls `before`, stops this process, and calls `after` when it goes on (also where somebody else had
   * stopped it). Returns how to leave that to the system again.
   */
  onTerminalStop(before: () => void, after: () => void): () => void;
  /** Kills what {@link Processes.capture} still waits for, so that its callers get an answer. */
  killCaptures(): void;
  /** Calls `listener` for each SIGINT, SIGTERM, SIGHUP that qik receives; returns how to stop listening. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Ends qik, after everything written has left the process. Signal deaths re-raise the signal. */
  exit(code: number, signal?: StopSignal): void;
}

export interface BecomeRequest {
  /** Absolute. */
  readonly file: string;
  /** The first word is the program's own name. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
}

/** See {@link Processes.supervise}. Never throws. */
export interface Supervisor {
  /** A process group is to end with this process. */
  watch(group: number): void;
  /** Its number may soon be somebody else's. */
  forget(group: number): void;
  /** This process ends in order. Resolves when the other one has been told. */
  end(): Promise<void>;
}

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface SpawnRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** `inherit` gives the child qik's own terminal, for interactive commands. */
  readonly stdio: "capture" | "inherit";
  /** Called with each piece of output as it comes; the bytes are the listener's to keep. */
  readonly onOutput: (stream: Stream, bytes: Uint8Array) => void;
}

export type Stream = "out" | "err";

/** A running process, the leader of a process group of its own. */
export interface Child {
  readonly pid: number;
  /** Resolves when the process itself has ended; its output may still come from others that hold the pipe. */
  readonly ended: Promise<ChildEnd>;
  /** Resolves when `ended` has and both streams are closed. */
  readonly drained: Promise<void>;
  /** Sends a signal to the whole group; no error where it is gone. */
  signal(name: StopSignal | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** Whether any process of the group is left. */
  groupAlive(): boolean;
  /** Stops reading output that somebody else still holds open. */
  closeOutput(): void;
}

/** How a process ended: by itself with a code, by a signal, or never started (with the system's word). */
export type ChildEnd =
  | { readonly started: true; readonly code: number; readonly signal?: string }
  | { readonly started: false; readonly reason: string };

export interface CaptureRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Added to qik's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  /** When it has passed, the program and its whole group are killed, and the code is 124. */
  readonly timeoutMs?: number;
}

export interface Captured {
  /** 128 + N for signal N; 127 where the program was not found, 126 not startable, 124 out of time. */
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Its time was over: the code is 124. */
  readonly outOfTime?: boolean;
}

export interface Terminal {
  /** Whether the stream is a terminal. */
  isTerminal(stream: Stream): boolean;
  /** Columns and rows of the terminal, 80 × 24 where there is none. */
  size(): { readonly columns: number; readonly rows: number };
  /** Writes all bytes before it returns; a failure is remembered, and the stream swallows what follows. */
  write(stream: Stream, bytes: Uint8Array): void;
  /** The system's word (such as `ENOSPC`) for why a stream lost output; unset also where only its reader left. */
  failure(stream: Stream): string | undefined;
  /** Calls `listener` when the terminal changes size; returns how to stop listening. */
  onResize(listener: () => void): () => void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, whole. */
  now(): number;
  /** Milliseconds that never jump, with fractions; only differences mean something. */
  monotonic(): number;
  /** Calls `then` once after `ms`; returns how to cancel. */
  after(ms: number, then: () => void): () => void;
  /** Calls `then` every `ms`; returns how to stop. */
  every(ms: number, then: () => void): () => void;
}

export interface Machine {
  readonly platform: "linux" | "darwin" | "windows" | "other";
  /** SPEC section 6: `linux-64`, `osx-arm64`, … */
  readonly arch: string;
  readonly runtime: "deno" | "bun" | "node";
  readonly cwd: string;
  /** Command line after the program's own name. */
  readonly args: readonly string[];
  /** Name under which the program was started, without directory and `.exe`. */
  readonly programName: string;
  /** Effective user, where the system has such a number. */
  readonly uid?: number;
  /** Gives back what nobody uses any more, where the runtime can be told to. */
  collect?(): void;
  /**
   * Says that there is work for more than a moment: the runtime's compilers, which an executable starts with reluctant
   * ones, become as eager as they are elsewhere.
   */
  compileEagerly?(): void;
  /** Processors that this process may use, limits of its cgroup respected; at least 1. */
  processors(): number;
}

/** The system's word for a thrown error (`ENOENT`, `ENOSPC`, …), or `undefined` where it is not one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
