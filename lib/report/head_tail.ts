const HALF = 64 * 1024;

/**
 * Keeps the first and the last 64 KiB of a stream of bytes and counts the rest: at most 128 KiB, whatever a
 * command prints.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { HeadTail } from "./head_tail.ts";
 * const kept = new HeadTail();
 * kept.push(new Uint8Array(1_000_000));
 * assert.equal(kept.omitted, 1_000_000 - 2 * 65_536);
 * ```
 */
export class HeadTail {
  #head = new Uint8Array(0);
  #headLength = 0;
  /** A ring: the byte at `#seen % HALF` is the oldest once it has gone round. */
  #ring: Uint8Array | undefined;
  #ringSeen = 0;

  /** Bytes pushed so far. */
  get length(): number {
    return this.#headLength + this.#ringSeen;
  }

  /** Bytes between head and tail that are gone. */
  get omitted(): number {
    return Math.max(0, this.#ringSeen - HALF);
  }

  /** Copies what it keeps: the caller's array may be large, or be used again. */
  push(bytes: Uint8Array): void {
    const room = Math.min(bytes.length, HALF - this.#headLength);
    if (room > 0) this.#pushHead(bytes.subarray(0, room));
    if (room < bytes.length) this.#pushTail(bytes.subarray(room));
  }

  #pushHead(bytes: Uint8Array): void {
    const length = this.#headLength + bytes.length;
    if (length > this.#head.length) {
      const grown = new Uint8Array(Math.min(HALF, Math.max(length, 2 * this.#head.length, 256)));
      grown.set(this.#head.subarray(0, this.#headLength));
      this.#head = grown;
    }
    this.#head.set(bytes, this.#headLength);
    this.#headLength = length;
  }

  #pushTail(bytes: Uint8Array): void {
    this.#ring ??= new Uint8Array(HALF);
    const skipped = Math.max(0, bytes.length - HALF);
    const kept = bytes.subarray(skipped);
    const at = (this.#ringSeen + skipped) % HALF;
    const first = Math.min(kept.length, HALF - at);
    this.#ring.set(kept.subarray(0, first), at);
    this.#ring.set(kept.subarray(first), 0);
    this.#ringSeen += bytes.length;
  }

  /** The kept bytes in order; `onGap` is called between head and tail where some are gone. */
  read(onBytes: (bytes: Uint8Array) => void, onGap: (omitted: number) => void): void {
    if (this.#headLength > 0) onBytes(this.#head.subarray(0, this.#headLength));
    if (this.#ring === undefined) return;
    if (this.omitted === 0) return onBytes(this.#ring.subarray(0, this.#ringSeen));
    onGap(this.omitted);
    const oldest = this.#ringSeen % HALF;
    onBytes(this.#ring.subarray(oldest));
    if (oldest > 0) onBytes(this.#ring.subarray(0, oldest));
  }
}
