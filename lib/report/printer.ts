import { concat, encodeName } from "../base/bytes.ts";
import type { ReportClock, ReportTerminal, Stream } from "./ports.ts";

const LF = 0x0a;
/** Held back at most so many bytes, for at most so many milliseconds: 500 hits are a few writes, not 500. */
const MOST_HELD = 16 * 1024;
const LONGEST_HELD_MS = 20;

/**
 * Writes lines of qik's own and bytes of commands to the two streams, in the order given.
 *
 * A line of qik's own always starts at the left: where what was shown before did not end with a line feed,
 * one is put in, on the stream of that line and never among the bytes of the other.
 */
export class Printer {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #heldFor: Stream = "out";
  #cancelTimer: (() => void) | undefined;
  #lastByte: Record<Stream, number> = { out: LF, err: LF };
  /** Both streams are shown in one place, as far as one can know. */
  readonly #together: boolean;

  constructor(readonly terminal: ReportTerminal, readonly clock: ReportClock) {
    this.#together = terminal.isTerminal("out") === terminal.isTerminal("err");
  }

  /** One or several lines, each ended by a line feed, or `""`. */
  text(stream: Stream, text: string): void {
    if (text === "") return;
    if (this.#isMidLine(stream)) this.#hold(stream, Uint8Array.of(LF));
    this.#hold(stream, encodeName(text));
    // What was left open is closed, wherever it stood.
    if (this.#together) this.#lastByte = { out: LF, err: LF };
  }

  line(stream: Stream, text: string): void {
    this.text(stream, text + "\n");
  }

  /** Bytes of a command, unchanged. */
  bytes(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#hold(stream, bytes);
    if (this.#together) this.#lastByte.out = this.#lastByte.err = bytes[bytes.length - 1]!;
  }

  #isMidLine(stream: Stream): boolean {
    return this.#lastByte[stream] !== LF;
  }

  #hold(stream: Stream, bytes: Uint8Array): void {
    if (stream !== this.#heldFor) this.flush();
    this.#heldFor = stream;
    this.#lastByte[stream] = bytes[bytes.length - 1]!;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= MOST_HELD) this.flush();
    else this.#cancelTimer ??= this.clock.after(LONGEST_HELD_MS, () => this.flush());
  }

  /** Hands over what is held back. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#held.length === 0) return;
    const bytes = this.#held.length === 1 ? this.#held[0]! : concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.terminal.write(this.#heldFor, bytes);
  }
}
