import { concat } from "../base/bytes.ts";
import { columnsOf, type Width } from "./fit.ts";
import type { ReportTerminal, Stream } from "./ports.ts";

const LF = 0x0a;
// Between these a terminal that knows them shows nothing half done; the others ignore them.
const SYNC_ON = "\x1b[?2026h", SYNC_OFF = "\x1b[?2026l";
const HIDE_CURSOR = "\x1b[?25l", SHOW_CURSOR = "\x1b[?25h";
// A character that the terminal thinks wider than we do must not push a line onto the next row.
const WRAP_OFF = "\x1b[?7l", WRAP_ON = "\x1b[?7h";
const ERASE_LINE = "\x1b[2K";

/**
 * A few lines at the bottom that are redrawn in place, and above them everything else that is written: it
 * is a terminal for whoever prints, and keeps the lines below what they print.
 *
 * Erases its own lines only, never the screen. While lines are drawn the cursor is hidden, at the end of the last.
 */
export class LiveScreen implements ReportTerminal {
  #drawn: readonly string[] = [];
  /** Width of the terminal when they were drawn. */
  #drawnColumns = 0;
  #hidden = false;
  /** False after bytes that did not end their line: nothing may be drawn there. */
  #atLineStart = true;

  constructor(readonly terminal: ReportTerminal, readonly width: Width) {}

  isTerminal(stream: Stream): boolean {
    return this.terminal.isTerminal(stream);
  }

  size(): { readonly columns: number; readonly rows: number } {
    return this.terminal.size();
  }

  onResize(listener: () => void): () => void {
    return this.terminal.onResize(listener);
  }

  /** Puts bytes above the drawn lines. */
  write(stream: Stream, bytes: Uint8Array): void {
    if (!this.isTerminal(stream)) return this.terminal.write(stream, bytes);
    const drawn = this.#drawn;
    const above = SYNC_ON + this.#erasure();
    this.#atLineStart = bytes[bytes.length - 1] === LF;
    // Lines made for a wider terminal are left to the next drawing.
    const fits = this.#atLineStart && this.size().columns >= this.#drawnColumns;
    this.#drawn = fits ? drawn : [];
    const below = (fits ? this.#fresh(drawn) : "") + SYNC_OFF;
    if (drawn.length === 0) return this.terminal.write(stream, bytes);
    if (stream === "out") return this.#send(above, bytes, below);
    this.#send(above);
    this.terminal.write(stream, bytes);
    this.#send(below);
  }

  /** Draws lines in place of those drawn before; rewrites only what changed. */
  draw(lines: readonly string[]): void {
    if (!this.#atLineStart || lines.length === 0) return;
    const { columns } = this.size();
    // Not only when told of a new size: the next drawing may come before the signal does.
    const broken = columns < this.#drawnColumns ? this.#erasure() : "";
    const old = broken === "" ? this.#drawn : [];
    let text = SYNC_ON + broken + WRAP_OFF + (this.#hidden ? "" : HIDE_CURSOR) + toTop(old.length);
    for (let row = 0; row < Math.max(lines.length, old.length); row++) {
      if (row > 0) text += "\r\n";
      const line = lines[row] ?? "";
      // The last line is always written, so that the cursor comes to stand at its end.
      if (line !== old[row] || row === lines.length - 1) text += ERASE_LINE + line;
    }
    if (old.length > lines.length) {
      text += toTop(old.length - lines.length + 1) + ERASE_LINE + lines[lines.length - 1]!;
    }
    this.#hidden = true;
    this.#drawn = lines;
    this.#drawnColumns = columns;
    this.#send(text + WRAP_ON + SYNC_OFF);
  }

  /** Takes the drawn lines away and shows the cursor; may be called again, and draws may follow. */
  close(): void {
    const text = this.#erasure() + (this.#hidden ? SHOW_CURSOR : "");
    this.#drawn = [];
    this.#hidden = false;
    if (text !== "") this.#send(SYNC_ON + text + SYNC_OFF);
  }

  /** Most terminals break lines that have become too long into several rows: these count to find the top. */
  #erasure(): string {
    if (this.#drawn.length === 0) return "";
    const { columns, rows } = this.size();
    if (columns >= this.#drawnColumns) return eraseRows(this.#drawn.length);
    let taken = 0;
    for (const line of this.#drawn) {
      taken += Math.max(1, Math.ceil(columnsOf(line, this.width) / Math.max(1, columns)));
    }
    return eraseRows(Math.min(taken, Math.max(1, rows)));
  }

  #fresh(lines: readonly string[]): string {
    return lines.length === 0 ? "" : WRAP_OFF + lines.join("\r\n") + WRAP_ON;
  }

  #send(...parts: readonly (string | Uint8Array)[]): void {
    const encoder = new TextEncoder();
    const bytes = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
    this.terminal.write("out", bytes.length === 1 ? bytes[0]! : concat(bytes));
  }
}

/** From the last of `height` rows to the left end of the first. */
function toTop(height: number): string {
  return height > 1 ? `\r\x1b[${height - 1}A` : "\r";
}

function eraseRows(height: number): string {
  const rows = Array.from({ length: height }, () => ERASE_LINE);
  return toTop(height) + rows.join("\r\n") + toTop(height);
}
