import { hasEscapedBytes } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { systemClock } from "./clock.ts";
import { errorCode, type FileKind, type Files, type Machine, type Sys } from "./sys.ts";
import { openOutput } from "./output.ts";
import { temporaryBeside } from "./temporary.ts";

/** As much of the outside as a recalled run needs. */
export type Early = Pick<Sys, "files" | "clock" | "terminal" | "env"> & {
  readonly machine: Machine;
  /** Whether something was asked that only the whole outside can answer. */
  refused(): boolean;
  exit(code: number): void;
};

const ARCHS: Readonly<Record<string, string>> = {
  "linux-x86_64": "linux-64",
  "linux-aarch64": "linux-aarch64",
  "darwin-x86_64": "osx-64",
  "darwin-aarch64": "osx-arm64",
};

/**
 * The outside for a recalled run under Deno, from Deno's own calls: node's modules take it 70 ms of processor time to
 * load, as long as all the rest of the run. What is unusual is refused, and the run is made with the whole outside.
 *
 * @returns `undefined` under other runtimes, and where already the start is unusual.
 */
export function openEarly(): Early | undefined {
  if (!("Deno" in globalThis)) return undefined;
  const arch = ARCHS[`${Deno.build.os}-${Deno.build.arch}`];
  // What is not ASCII may not be UTF-8, and then it is not what Deno says.
  if (arch === undefined || !Deno.args.every((word) => /^[\x20-\x7e]*$/.test(word))) {
    return undefined;
  }
  let refused = false;
  const refuse = (): never => {
    refused = true;
    throw new Refused();
  };
  try {
    return {
      files: earlyFiles(refuse),
      clock,
      terminal: earlyTerminal(),
      env: Object.freeze(Deno.env.toObject()),
      machine: earlyMachine(arch, refuse),
      refused: () => refused,
      exit: (code) => Deno.exit(code),
    };
  } catch {
    return undefined;
  }
}

/**
 * A recalled run tells everything in one go and closes its reporter: no timer could fire before that, and Deno's take
 * 9 ms to load.
 */
const clock: Sys["clock"] = { ...systemClock, after: () => () => {}, every: () => () => {} };

/** A system's error like all others, so that whoever asked gives up as for them. */
class Refused extends Error {
  readonly code = "ENOTSUP";
}

function earlyMachine(arch: string, refuse: () => never): Machine {
  const uid = Deno.uid();
  return {
    platform: Deno.build.os === "linux" ? "linux" : "darwin",
    arch,
    runtime: "deno",
    cwd: Deno.cwd(),
    args: Deno.args,
    programName: "deno",
    ...(uid !== null && { uid }),
    processors: refuse,
  };
}

/** The terminal as a recalled run uses it: it has ended before a window could change its size. */
export function earlyTerminal(): Sys["terminal"] {
  const streams = { out: Deno.stdout, err: Deno.stderr };
  const isTerminal = (stream: "out" | "err") => streams[stream].isTerminal();
  return {
    isTerminal,
    size() {
      if (!isTerminal("out") && !isTerminal("err")) return { columns: 80, rows: 24 };
      const { columns, rows } = Deno.consoleSize();
      return { columns: columns || 80, rows: rows || 24 };
    },
    ...openOutput((stream, bytes) => streams[stream].writeSync(bytes)),
    onResize: () => () => {},
  };
}

/** @returns `undefined` where nothing stands at the path. */
function unlessAbsent<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw code === undefined ? Object.assign(new Refused(), { cause: error }) : error;
  }
}

function earlyFiles(refuse: () => never): Files {
  /** Deno takes and gives names as text only. */
  const plain = (path: string) =>
    hasEscapedBytes(path) || path.includes("\uFFFD") ? refuse() : path;
  return {
    read: (path) =>
      unlessAbsent(() => Deno.statSync(plain(path)).isFile ? Deno.readFileSync(path) : refuse()),
    lstat: (path) => unlessAbsent(() => statOf(Deno.lstatSync(plain(path)))),
    list: (path) =>
      unlessAbsent(() =>
        [...Deno.readDirSync(plain(path))].map((entry) => ({
          name: plain(entry.name),
          kind: kindOf(entry),
        })).sort((a, b) => byCodeUnit(a.name, b.name))
      ),
    realPath: (path) => plain(Deno.realPathSync(plain(path))),
    writeAtomic: (path, bytes, mode) => writeAtomic(plain(path), bytes, mode),
    append(path, bytes) {
      // Nobody waits for a named pipe. The run has been told: nothing may begin again because of this.
      if (unlessAbsent(() => Deno.statSync(plain(path)).isFile) === false) throw new Refused();
      using file = Deno.openSync(plain(path), { append: true, create: true });
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    },
    openReader: (path) => unlessAbsent(() => openReader(plain(path), refuse)),
    // Whose answers or effects would have to be exactly those of the whole outside, and that are seldom asked for.
    stat: refuse,
    readLink: refuse,
    openWriter: refuse,
    write: refuse,
    create: refuse,
    symlink: refuse,
    makeDirectory: refuse,
    link: refuse,
    rename: refuse,
    remove: refuse,
    removeAside: refuse,
    removeDirectory: refuse,
    removeTree: refuse,
    chmod: refuse,
    copy: refuse,
    touch: refuse,
  };
}

function kindOf(
  { isFile, isDirectory, isSymlink }: Pick<Deno.DirEntry, "isFile" | "isDirectory" | "isSymlink">,
): FileKind {
  if (isFile) return "file";
  return isDirectory ? "directory" : isSymlink ? "symlink" : "other";
}

function statOf(info: Deno.FileInfo): ReturnType<Files["lstat"]> {
  const ns = (time: Date | null) => BigInt(time?.getTime() ?? 0) * 1_000_000n;
  return {
    kind: kindOf(info),
    size: info.size,
    mode: (info.mode ?? 0) & 0o7777,
    mtimeNs: ns(info.mtime),
    ctimeNs: ns(info.ctime),
    ino: BigInt(info.ino ?? 0),
    dev: BigInt(info.dev),
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
  };
}

/** Nobody waits for a named pipe that took the place of a file. */
function openReader(path: string, refuse: () => never): ReturnType<Files["openReader"]> {
  if (!Deno.statSync(path).isFile) return refuse();
  const file = Deno.openSync(path, { read: true });
  return { read: (buffer) => file.readSync(buffer) ?? 0, close: () => file.close() };
}

/** Directories are there: the run before has written to them. */
function writeAtomic(path: string, bytes: Uint8Array, mode?: number): void {
  const temporary = temporaryBeside(path, Deno.pid);
  try {
    Deno.writeFileSync(temporary, bytes, { createNew: true, ...(mode !== undefined && { mode }) });
    if (mode !== undefined) Deno.chmodSync(temporary, mode);
    Deno.renameSync(temporary, path);
  } catch (error) {
    unlessAbsent(() => Deno.removeSync(temporary));
    throw error;
  }
}
