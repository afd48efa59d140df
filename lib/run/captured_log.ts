import type { CapturedLog } from "../cache/cache.ts";
import { errorCode, type Files, type Stat, type Stream, type Writer } from "../sys/sys.ts";

/** Output of a command that is kept in its log. */
export const MOST_LOG_BYTES = 64 * 1024 * 1024;
/** More changes between the streams than this are not remembered: a turn takes 8 bytes, and output may be endless. */
const MOST_TURNS = 1_000_000;
/** Kept of the end of a log that was cut: what failed mostly stands there. */
const TAIL_BYTES = 1024 * 1024;
const NOTE = new TextEncoder().encode("\n[qik: the log was cut here, there was more output]\n");

const REMOVED = "it was removed while the command ran";
const OTHERS = "something else wrote to it while the command ran";

/** What became of a log. */
export interface LogEnd {
  readonly log: CapturedLog;
  /** Not all output is in the file. */
  readonly cut: boolean;
  /** Why the file is not what was written; unset where it is. */
  readonly failure?: string;
}

/**
 * The log of one command, written while it runs. Memory is bounded and nothing here throws: a command's result
 * does not depend on whether its output can be kept.
 */
export class LogWriter {
  readonly #files: Files;
  readonly #path: string | undefined;
  readonly #limit: number;
  readonly #turns: number[] = [];
  #writer: Writer | undefined;
  #stat: Stat | undefined;
  #size = 0;
  #cut = false;
  /** The last pieces of output after the cut, at least {@link TAIL_BYTES} where there were as many. */
  #tail: (readonly [Stream, Uint8Array])[] = [];
  /** Pieces before this one are no longer needed; they are dropped now and then, not one by one. */
  #tailStart = 0;
  #tailSize = 0;
  #failure: string | undefined;

  /**
   * @param path Absolute; what stands there is replaced. Unset: nothing is kept.
   * @param limit Bytes that are kept from the start; of what follows the end is kept.
   */
  constructor(files: Files, path: string | undefined, limit: number) {
    this.#files = files;
    this.#path = path;
    this.#limit = limit;
    if (path !== undefined) this.#try(() => clear(files, path));
  }

  write(stream: Stream, bytes: Uint8Array): void {
    if (this.#writer === undefined && !this.#open()) return;
    if (this.#cut) return this.#keepTail(stream, bytes);
    const room = this.#limit - this.#size;
    const kept = bytes.length <= room ? bytes : bytes.subarray(0, room);
    this.#append(stream, kept);
    if (kept.length < bytes.length || this.#turns.length >= MOST_TURNS) {
      this.#cut = true;
      this.#append("err", NOTE);
      this.#keepTail(stream, bytes.subarray(kept.length));
    }
  }

  /**
   * Not before there is something to write: most commands that do their work well print nothing, and a new file costs
   * 0.4 ms and more on a busy disk.
   */
  #open(): boolean {
    const path = this.#path;
    if (path === undefined || this.#failure !== undefined) return false;
    this.#try(() => {
      if (this.#files.lstat(path) !== undefined) this.#failure = OTHERS;
      if (this.#failure !== undefined) return;
      this.#writer = this.#files.openWriter(path);
      this.#stat = this.#files.lstat(path);
    });
    return this.#writer !== undefined;
  }

  #keepTail(stream: Stream, bytes: Uint8Array): void {
    this.#tail.push([stream, bytes]);
    this.#tailSize += bytes.length;
    while (this.#tailSize - this.#tail[this.#tailStart]![1].length >= TAIL_BYTES) {
      this.#tailSize -= this.#tail[this.#tailStart]![1].length;
      this.#tailStart += 1;
    }
    if (this.#tailStart * 2 < this.#tail.length) return;
    this.#tail = this.#tail.slice(this.#tailStart);
    this.#tailStart = 0;
  }

  /** Closes the file. Nothing may be written afterwards. */
  end(): LogEnd {
    for (const [stream, bytes] of this.#tail.slice(this.#tailStart)) this.#append(stream, bytes);
    this.#try(() => this.#writer?.close());
    this.#writer = undefined;
    this.#try(() => this.#checkOurs());
    const log = { file: this.#path ?? "", size: this.#size, turns: this.#turns };
    const failure = this.#failure === undefined ? {} : { failure: this.#failure };
    return { log, cut: this.#cut, ...failure };
  }

  #append(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#try(() => {
      this.#writer?.write(bytes);
      this.#size += bytes.length;
      this.#countTurn(stream === "out" ? bytes.length : -bytes.length);
    });
  }

  /** Turns of the same stream that follow each other become one. */
  #countTurn(turn: number): void {
    const last = this.#turns.at(-1);
    if (last !== undefined && last > 0 === turn > 0) this.#turns[this.#turns.length - 1]! += turn;
    else this.#turns.push(turn);
  }

  /** The command may have removed the file, and another qik may have put its own there. */
  #checkOurs(): void {
    if (this.#failure !== undefined || this.#path === undefined) return;
    const now = this.#files.lstat(this.#path);
    const isOurs = now?.ino === this.#stat?.ino && (now?.size ?? 0) === this.#size;
    if (!isOurs) this.#failure = now === undefined ? REMOVED : OTHERS;
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      const gone = errorCode(error) === "ENOENT";
      this.#failure ??= gone ? REMOVED : errorCode(error) ?? String(error);
      const writer = this.#writer;
      this.#writer = undefined;
      try {
        writer?.close();
      } catch {
        // The first failure is the one that tells the reason.
      }
    }
  }
}

/**
 * A new file each time: what an earlier run left would be taken for this one's, and another qik in this working tree may
 * still write to it. The directory is missing on the first run only, or where a command removed it.
 */
function clear(files: Files, path: string): void {
  // Mostly there is none, and Bun takes 35 us to make the error that tells so.
  if (files.lstat(path) !== undefined) files.remove(path);
  const directory = path.slice(0, path.lastIndexOf("/"));
  if (files.lstat(directory) === undefined) files.makeDirectory(directory);
}
