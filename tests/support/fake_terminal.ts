import { Screen } from "./screen.ts";

type Stream = "out" | "err";

/** A terminal, two pipes or a mix: keeps what is written to each stream, and shows both on one screen. */
export class FakeTerminal {
  readonly written: Record<Stream, Uint8Array[]> = { out: [], err: [] };
  readonly screen: Screen;
  readonly #listeners = new Set<() => void>();

  constructor(readonly terminals: Record<Stream, boolean>, columns = 80, rows = 24) {
    this.screen = new Screen(columns, rows);
  }

  isTerminal(stream: Stream): boolean {
    return this.terminals[stream];
  }

  size(): { columns: number; rows: number } {
    return { columns: this.screen.columns, rows: this.screen.height };
  }

  write(stream: Stream, bytes: Uint8Array): void {
    this.written[stream].push(bytes.slice());
    if (this.terminals[stream]) this.screen.write(bytes);
  }

  failure(): undefined {}

  onResize(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  resize(columns: number, rows = this.screen.height): void {
    this.screen.resize(columns, rows);
    this.#listeners.forEach((listener) => listener());
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  bytes(stream: Stream): Uint8Array {
    return Uint8Array.from(this.written[stream].flatMap((bytes) => Array.from(bytes)));
  }

  text(stream: Stream): string {
    return new TextDecoder().decode(this.bytes(stream));
  }
}
