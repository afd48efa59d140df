import { concat } from "./bytes.ts";

const STARS = new TextEncoder().encode("***");
const NONE = new Uint8Array(0);

/** Secrets made ready to be looked for; shared by all streams. */
export class SecretBytes {
  /** Which two bytes a secret begins with: most places need no further look (324 MB/s instead of 48). */
  readonly beginnings = new Uint8Array(65_536);

  /** @param secrets Each at least one byte long. */
  constructor(readonly secrets: readonly Uint8Array[]) {
    for (const [first, second] of secrets) {
      if (second === undefined) this.beginnings.fill(1, first! << 8, (first! << 8) + 256);
      else this.beginnings[first! << 8 | second] = 1;
    }
  }
}

/**
 * Puts `***` in the place of secrets in a stream of bytes, however it is cut into pieces: secrets that overlap or
 * touch become one. Holds back at most one byte less than the longest secret, and only where what came last
 * is the beginning of one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { OutputMask, SecretBytes } from "./output_mask.ts";
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
 * const mask = new OutputMask(new SecretBytes([bytes("hunter22")]));
 * assert.equal(text(mask.push(bytes("it is hun"))), "it is ");
 * assert.equal(text(mask.push(bytes("ter22!"))), "***!");
 * ```
 */
export class OutputMask {
  readonly #known: SecretBytes;
  /** What may be the beginning of a secret. */
  #held = NONE;
  /** So many bytes of {@link OutputMask.#held} belong to a secret already, and so did the byte before them. */
  #covered = 0;
  /** The byte before those held was masked: what follows it and is masked as well gets no stars of its own. */
  #masking = false;

  constructor(known: SecretBytes) {
    this.#known = known;
  }

  /** @returns What can be shown now; a part of the given array where nothing is masked. */
  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return NONE;
    const all = this.#held.length === 0 ? bytes : concat([this.#held, bytes]);
    return this.#show(all, this.#openFrom(all));
  }

  /** What is still held; nothing may follow. */
  end(): Uint8Array {
    return this.#show(this.#held, this.#held.length);
  }

  /** Shows the bytes before `until`, keeps the rest. */
  #show(all: Uint8Array, until: number): Uint8Array {
    const found = this.#find(all);
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const [start, end] of found) {
      if (start >= until) break;
      if (start > at) {
        parts.push(all.subarray(at, start));
        this.#masking = false;
      }
      if (!this.#masking) parts.push(STARS);
      this.#masking = true;
      at = Math.min(end, until);
      if (end > until) break;
    }
    if (at < until) {
      parts.push(all.subarray(at, until));
      this.#masking = false;
    }
    const over = found.find(([start, end]) => start <= until && end > until);
    this.#covered = over === undefined ? 0 : over[1] - until;
    this.#held = until === all.length ? NONE : all.slice(until);
    return parts.length === 1 ? parts[0]! : concat(parts);
  }

  /** Where secrets stand, in order, those that overlap or touch as one; what was covered before comes first. */
  #find(all: Uint8Array): (readonly [start: number, end: number])[] {
    const places: [number, number][] = this.#covered > 0 ? [[0, this.#covered]] : [];
    const { beginnings, secrets } = this.#known;
    for (let at = 0; at < all.length; at++) {
      if (beginnings[all[at]! << 8 | (all[at + 1] ?? 0)] === 0) continue;
      for (const secret of secrets) {
        if (standsAt(all, at, secret)) places.push([at, at + secret.length]);
      }
    }
    const joined: [number, number][] = [];
    for (const place of places) {
      const last = joined.at(-1);
      if (last !== undefined && place[0] <= last[1]) last[1] = Math.max(last[1], place[1]);
      else joined.push(place);
    }
    return joined;
  }

  /** The first byte that a secret may begin at whose end has not come yet. */
  #openFrom(all: Uint8Array): number {
    let open = all.length;
    for (const secret of this.#known.secrets) {
      const from = Math.max(0, all.length - secret.length + 1);
      for (let at = all.indexOf(secret[0]!, from); at >= 0; at = all.indexOf(secret[0]!, at + 1)) {
        if (at >= open) break;
        if (startsAt(all, at, secret)) open = at;
      }
    }
    return open;
  }
}

/** Whether the bytes from `at` to the end are the beginning of a secret. */
function startsAt(all: Uint8Array, at: number, secret: Uint8Array): boolean {
  for (let offset = 0; at + offset < all.length; offset++) {
    if (all[at + offset] !== secret[offset]) return false;
  }
  return true;
}

/** Whether a secret stands at a place as a whole. */
function standsAt(all: Uint8Array, at: number, secret: Uint8Array): boolean {
  if (at + secret.length > all.length) return false;
  for (let offset = 0; offset < secret.length; offset++) {
    if (all[at + offset] !== secret[offset]) return false;
  }
  return true;
}
