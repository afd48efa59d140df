import { outputFilter } from "./filter.ts";

/**
 * The last part of an output as plain text: for reports that hold text, not bytes. Keeps at most about `most` bytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { TailText } from "./tail_text.ts";
 * const tail = new TailText(8);
 * tail.push(new TextEncoder().encode("one\n\x1b[31mtwo\x1b[0m\nthree\n"));
 * assert.equal(tail.text(), "… \nthree\n");
 * ```
 */
export class TailText {
  readonly #most: number;
  readonly #filter = outputFilter({ escapes: "none", workflow: false });
  #pieces: Uint8Array[] = [];
  #size = 0;
  #cut = false;

  constructor(most: number) {
    this.#most = most;
  }

  push(bytes: Uint8Array): void {
    const all = this.#filter.push(bytes);
    const plain = all.slice(-this.#most);
    if (plain.length === 0) return;
    this.#cut ||= plain.length < all.length;
    this.#pieces.push(plain);
    this.#size += plain.length;
    while (this.#size - this.#pieces[0]!.length >= this.#most) {
      this.#size -= this.#pieces.shift()!.length;
      this.#cut = true;
    }
  }

  /** Starts with `…` and at the start of a line where something was left out. */
  text(): string {
    const decoder = new TextDecoder();
    const whole = this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") +
      decoder.decode();
    if (!this.#cut && this.#size <= this.#most) return whole;
    const tail = whole.slice(-this.#most);
    return `… \n${tail.slice(tail.indexOf("\n") + 1)}`;
  }
}
