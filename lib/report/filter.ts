/**
 * Makes output harmless that was not written for the screen it is shown on: an old log that is replayed, or
 * a log that is shown after the fact.
 *
 * Whoever can write to a shared cache can write a log. Escapes in it could set the title, fill the
 * clipboard, hide text or answer as if typed; workflow commands could change the environment of a CI job.
 */

/** What passes. `workflow`: whether lines that CI systems obey are broken so that they do not. */
export interface FilterRules {
  /** `keep` all escapes, keep `colours` only, or `none`. */
  readonly escapes: "keep" | "colours" | "none";
  readonly workflow: boolean;
}

/** A filter with a memory: how the bytes are cut into pieces changes nothing. */
export interface OutputFilter {
  push(bytes: Uint8Array): Uint8Array;
  /** What was held back at the end, and a reset where a colour was left on. */
  end(): Uint8Array;
}

/**
 * Decides what a piece of output must pass on its way to a stream; `undefined` means: as it is.
 *
 * Pipes and files get the bytes of the command, so that a hit cannot be told from a run; only where a CI
 * system reads along are a replay's workflow commands broken.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { filterRules } from "./filter.ts";
 * const fresh = { terminal: true, colour: true, ci: false, raw: false, replayed: false, later: false };
 * assert.equal(filterRules(fresh), undefined);
 * assert.deepEqual(filterRules({ ...fresh, replayed: true }), { escapes: "colours", workflow: false });
 * ```
 */
export function filterRules(
  { terminal, colour, ci, raw, replayed, later }: {
    readonly terminal: boolean;
    readonly colour: boolean;
    readonly ci: boolean;
    readonly raw: boolean;
    readonly replayed: boolean;
    /** Shown when the task has ended, among the lines of others: cursor movements have lost their place. */
    readonly later: boolean;
  },
): FilterRules | undefined {
  if (raw) return undefined;
  const workflow = ci && replayed;
  if (terminal && (replayed || later)) return { escapes: colour ? "colours" : "none", workflow };
  return workflow ? { escapes: "keep", workflow } : undefined;
}

const LF = 0x0a, CR = 0x0d, ESC = 0x1b, BEL = 0x07, CAN = 0x18, SUB = 0x1a;
const HASH = 0x23, COLON = 0x3a, SPACE = 0x20, C2 = 0xc2;
/** No real colour sequence is longer; what is longer is dropped without being kept. */
const LONGEST = 96;

/**
 * `text`: outside of everything. `c2`: after the first byte of a C1 control in UTF-8. `escape`: after ESC.
 * `between`: ESC and intermediates. `csi`: in a control sequence. `string`: in OSC, DCS, SOS, PM or APC.
 * `closing`: after an ESC (or C2) that may end the string.
 */
type State = "text" | "c2" | "escape" | "between" | "csi" | "string" | "closing";

/**
 * Makes a filter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { outputFilter } from "./filter.ts";
 * const filter = outputFilter({ escapes: "colours", workflow: false });
 * const bytes = filter.push(new TextEncoder().encode("\x1b]0;title\x07\x1b[31mred\x1b[2J\x1b[0m"));
 * assert.equal(new TextDecoder().decode(bytes), "\x1b[31mred\x1b[0m");
 * ```
 */
export function outputFilter(rules: FilterRules): OutputFilter {
  const lines = rules.workflow ? new WorkflowBreaker() : undefined;
  const screen = rules.escapes === "keep"
    ? undefined
    : new EscapeFilter(rules.escapes === "colours");
  const both = (bytes: Uint8Array, screened: (bytes: Uint8Array) => Uint8Array) => {
    const harmless = screened(bytes);
    return lines ? lines.push(harmless) : harmless;
  };
  return {
    push: (bytes) => both(bytes, (all) => screen ? screen.push(all) : all),
    end: () => both(new Uint8Array(0), (none) => screen ? screen.end() : none),
  };
}

/** Bytes that grow; a plain array of numbers costs eight times as much. */
class GrowingBytes {
  #bytes: Uint8Array;
  #length = 0;
  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected + 16);
  }
  put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Drops controls and escapes, as a terminal would read them; colours (SGR) may stay. */
class EscapeFilter {
  #state: State = "text";
  /** The control sequence so far, ESC included; empty once it is too long to be a colour. */
  #held: number[] = [];
  #coloured = false;

  constructor(readonly colours: boolean) {}

  push(bytes: Uint8Array): Uint8Array {
    if (this.#state === "text" && isText(bytes)) return bytes;
    const sink = new GrowingBytes(bytes.length);
    for (const byte of bytes) this.#step(byte, sink);
    return sink.done();
  }

  end(): Uint8Array {
    const sink = new GrowingBytes(8);
    if (this.#coloured) { for (const byte of [ESC, 0x5b, 0x30, 0x6d]) sink.put(byte); }
    this.#state = "text";
    this.#coloured = false;
    return sink.done();
  }

  #step(byte: number, sink: GrowingBytes): void {
    switch (this.#state) {
      case "text":
        return this.#text(byte, sink);
      case "c2":
        return this.#afterC2(byte, sink);
      case "escape":
        return this.#afterEscape(byte, sink);
      case "between":
        if (byte >= 0x30 && byte <= 0x7e) this.#state = "text";
        else if (byte < 0x20 || byte > 0x7e) this.#restart(byte, sink);
        return;
      case "csi":
        return this.#inSequence(byte, sink);
      case "string":
        return this.#inString(byte, sink);
      case "closing":
        // ESC \ ends the string; after any other byte the terminal starts anew with that escape.
        if (byte === 0x5c || byte === 0x9c) this.#state = "text";
        else if (byte >= 0x80) this.#state = "string";
        else this.#afterEscape(byte, sink);
        return;
    }
  }

  #text(byte: number, sink: GrowingBytes): void {
    if (byte === ESC) this.#state = "escape";
    else if (byte === C2) this.#state = "c2";
    else if (isShown(byte)) sink.put(byte);
  }

  /** U+0080 to U+009F are controls; a terminal obeys them as it does ESC and a letter. */
  #afterC2(byte: number, sink: GrowingBytes): void {
    if (byte >= 0x80 && byte <= 0x9f) return this.#afterEscape(byte - 0x40, sink);
    // A C2 that begins nothing is dropped: kept, it could meet its second half behind a dropped escape.
    if (byte >= 0xa0 && byte <= 0xbf) sink.put(C2);
    this.#restart(byte, sink);
  }

  #afterEscape(byte: number, sink: GrowingBytes): void {
    if (byte === 0x5b) {
      this.#state = "csi";
      this.#held = [ESC, byte];
    } else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
      this.#state = "string";
    } else if (byte >= 0x20 && byte <= 0x2f) this.#state = "between";
    else if (byte < 0x20 || byte > 0x7e) this.#restart(byte, sink);
    else this.#state = "text";
  }

  #inSequence(byte: number, sink: GrowingBytes): void {
    if (byte < 0x20 || byte > 0x7e) return this.#restart(byte, sink);
    if (this.#held.length >= LONGEST) this.#held = [];
    if (this.#held.length > 0) this.#held.push(byte);
    if (byte < 0x40) return;
    this.#state = "text";
    if (!this.colours || !isColour(this.#held)) return;
    this.#held.forEach((held) => sink.put(held));
    this.#coloured =
      !(this.#held.length === 3 || this.#held.length === 4 && this.#held[2] === 0x30);
  }

  #inString(byte: number, sink: GrowingBytes): void {
    if (byte === BEL || byte === CAN || byte === SUB) this.#state = "text";
    else if (byte === ESC || byte === C2) this.#state = "closing";
    // No honest one spans lines; a forgotten end must not swallow the rest of the log.
    else if (byte === LF) this.#restart(byte, sink);
  }

  /** The byte does not belong to the sequence begun before it, which is dropped. */
  #restart(byte: number, sink: GrowingBytes): void {
    this.#state = "text";
    this.#text(byte, sink);
  }
}

/** Letters, tabs and line ends; of bytes above 0x7f all. */
function isShown(byte: number): boolean {
  return byte >= 0x20 ? byte !== 0x7f : byte === LF || byte === CR || byte === 0x09;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte !== C2 && isShown(byte));
}

/** ESC [ digits ; : m. Sequences with `>` or `?` before their `m` set keyboard modes. */
function isColour(sequence: readonly number[]): boolean {
  return sequence.at(-1) === 0x6d &&
    sequence.slice(2, -1).every((byte) => byte >= 0x30 && byte <= 0x3b);
}

/**
 * Puts a space where a CI system would see a command: into `::` at the start of a line and before the
 * `[`, `v`, `t` after `##` (`##[group]`, `##vso[`, `##teamcity[`), which are obeyed anywhere in a line.
 */
class WorkflowBreaker {
  /** Only blanks so far on this line, or those and one colon. Bytes that may be part of a blank count. */
  #start: "blank" | "colon" | "inside" = "blank";
  #hashes = 0;

  push(bytes: Uint8Array): Uint8Array {
    const sink = new GrowingBytes(bytes.length + 8);
    for (const byte of bytes) {
      if (this.#breaks(byte)) sink.put(SPACE);
      sink.put(byte);
      this.#remember(byte);
    }
    return sink.done();
  }

  #breaks(byte: number): boolean {
    if (byte === COLON) return this.#start === "colon";
    const lower = byte | 0x20;
    return this.#hashes >= 2 && (byte === 0x5b || lower === 0x76 || lower === 0x74);
  }

  #remember(byte: number): void {
    this.#hashes = byte === HASH ? this.#hashes + 1 : 0;
    if (byte === LF || byte === CR) this.#start = "blank";
    else if (this.#start === "blank" && byte === COLON) this.#start = "colon";
    else if (this.#start === "colon" || byte > SPACE && byte < 0x80 && byte !== 0x7f) {
      this.#start = "inside";
    }
  }
}
