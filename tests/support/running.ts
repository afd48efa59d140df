import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { concat } from "../../lib/base/bytes.ts";

/** How a program ended, with the bytes as they came; `code` is 128 + N where signal N ended it. */
export interface RanBytes {
  readonly code: number;
  readonly out: Uint8Array;
  readonly err: Uint8Array;
}

export interface RunningOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly limitMs: number;
}

/** Somebody who waits for output: `settle` is called when it comes, or never will. */
interface Waiting {
  readonly stream: "out" | "err" | "both";
  readonly wanted: string | RegExp;
  readonly settle: (seen: boolean) => void;
}

/** A program that has been started by the rig, the leader of a process group of its own. */
export class Running {
  /** Resolves when the program has ended and its output is closed. Rejects where the time limit passed. */
  readonly ended: Promise<RanBytes>;
  readonly #child: ChildProcess;
  readonly #out: Uint8Array[] = [];
  readonly #err: Uint8Array[] = [];
  #waiting: Waiting[] = [];
  #over = false;
  #late = false;

  constructor(argv: readonly string[], options: RunningOptions, log: (entry: string) => void) {
    const { cwd, env, stdin, limitMs } = options;
    const [file, ...args] = argv;
    this.#child = spawn(file!, args, { cwd, env: { ...env }, detached: true, stdio: "pipe" });
    this.#child.stdin!.on("error", () => {}); // the program may end without reading its input
    this.#child.stdin!.end(stdin ?? "");
    this.#collect(this.#child.stdout!, this.#out);
    this.#collect(this.#child.stderr!, this.#err);
    const limit = setTimeout(() => {
      this.#late = true;
      this.signalGroup("SIGKILL");
    }, limitMs);
    this.ended = new Promise((resolve, reject) => {
      const end = (code: number, note: string) => {
        clearTimeout(limit);
        this.#over = true;
        this.#wake();
        const ran = { code, out: concat(this.#out), err: concat(this.#err) };
        log(`$ ${argv.join(" ")}  (${code}${note})\n${this.#text("both")}`);
        if (this.#late) reject(new Error(`Ran longer than ${limitMs} ms: ${argv.join(" ")}`));
        else resolve(ran);
      };
      this.#child.on("error", (error) => end(127, ` ${error.message}`));
      this.#child.on("close", (code, signal) => end(exitCode(code, signal), ""));
    });
    this.ended.catch(() => {}); // a test that never awaits it must not end the test process
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Everything printed so far, decoded. */
  get out(): string {
    return this.#text("out");
  }

  get err(): string {
    return this.#text("err");
  }

  /** Resolves as soon as the output so far contains the text; rejects when the program ends without it. */
  async saw(wanted: string | RegExp, stream: Waiting["stream"] = "both"): Promise<void> {
    if (this.#matches(wanted, stream)) return;
    const seen = !this.#over && await new Promise<boolean>((settle) => {
      this.#waiting.push({ stream, wanted, settle });
    });
    if (!seen) throw new Error(`Ended before it printed ${wanted}:\n${this.#text("both")}`);
  }

  /** Sends a signal to the program alone, as `kill PID` does. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#send(this.pid, name);
  }

  /** Sends a signal to its process group, as a terminal's Ctrl-C does. */
  signalGroup(name: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    this.#send(-this.pid, name);
  }

  /** Kills its group, where it still runs, and waits for the end. */
  async kill(): Promise<void> {
    if (!this.#over) this.signalGroup("SIGKILL");
    await this.ended.catch(() => {});
  }

  #send(pid: number, name: NodeJS.Signals): void {
    if (this.pid === -1) return;
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile: nobody is left to be told.
    }
  }

  #collect(stream: NodeJS.ReadableStream, chunks: Uint8Array[]): void {
    stream.on("data", (chunk: Uint8Array) => {
      chunks.push(new Uint8Array(chunk));
      this.#wake();
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      const seen = this.#matches(one.wanted, one.stream);
      if (seen || this.#over) one.settle(seen);
      else this.#waiting.push(one);
    }
  }

  #matches(wanted: string | RegExp, stream: Waiting["stream"]): boolean {
    const text = this.#text(stream);
    return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
  }

  #text(stream: Waiting["stream"]): string {
    const decoder = new TextDecoder();
    const out = stream === "err" ? "" : decoder.decode(concat(this.#out));
    const err = stream === "out" ? "" : decoder.decode(concat(this.#err));
    return out + err;
  }
}

function exitCode(code: number | null, signal: string | null): number {
  if (code !== null) return code;
  return 128 + (constants.signals[signal as keyof typeof constants.signals] ?? 0);
}
