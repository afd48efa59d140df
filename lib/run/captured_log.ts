import type { CapturedLog } from "../cache/cache.ts";
import { errorCode, type Files, type Stat, type Stream, type Writer } from "../sys/sys.ts";

/** Output of a command that is kept in its log. */
export const MOST_LOG_BYTES = 64 * 1024 * 1024;
/** More changes between the streams than this are not remembered: a turn takes 8 bytes, and output may be endless. */
const MOST_TURNS = 1_000_000;
/** Kept of the end of a log that was cut: what failed mostly stands there. */
const TAIL_BYTES = 1024 * 1024;
const NOTE = new TextEncoder().encode("\n[qik: the log was cut here, there was more output]\n");

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
    if (path === undefined) return;
    this.#try(() => {
      // A new file each time: another qik in this working tree may still write to the old one.
      files.remove(path);
      this.#writer = openMakingParent(files, path);
      this.#stat = files.lstat(path);
    });
  }

  write(stream: Stream, bytes: Uint8Array): void {
    if (this.#writer === undefined) return;
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
    if (this.#failure !== undefined || this.#stat === undefined) return;
    const now = this.#files.lstat(this.#path!);
    if (now === undefined) this.#failure = "it was removed while the command ran";
    else if (now.ino !== this.#stat.ino || now.size !== this.#size) {
      this.#failure = "something else wrote to it while the command ran";
    }
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failure ??= errorCode(error) ?? String(error);
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

/** The directory is missing on the first run only, or where a command removed it. */
function openMakingParent(files: Files, path: string): Writer {
  try {
    return files.openWriter(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
    return files.openWriter(path);
  }
}
