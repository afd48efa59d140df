/**
 * git's wildmatch as an automaton that reads each byte once.
 *
 * git's own matcher backtracks and can take exponential time; its language is regular, so a set of positions kept
 * in the bits of words decides the same question in time linear in the name. Patterns and names are
 * "byte strings": one character per byte of UTF-8, because git's `?` and `[…]` match single bytes.
 */
import { type Ascii, asciiIs, isUpper, lower } from "./ascii.ts";

export interface WildOptions {
  /** `*`, `?` and classes do not match `/`, and `**` between slashes matches any directories. */
  readonly pathname: boolean;
  /** Ignore the case of ASCII letters, with git's exceptions inside of classes. */
  readonly casefold: boolean;
}

/** Answers whether a byte string, from an offset to its end, matches. */
export type WildMatcher = (name: string, from: number) => boolean;

const SLASH = 0x2f;

/** Positions of the automaton: what each accepts to move on, and whether it may stay where it is. */
interface Positions {
  /** For each position the bytes that lead to the next one. */
  readonly steps: Uint8Array[];
  /** Positions that may stay: on any byte, or on any but `/`. */
  readonly loops: Map<number, "any" | "no-slash">;
  /** Positions that may be left without reading anything, but only at the moment they are reached. */
  readonly skips: Set<number>;
}

/**
 * Compiles a pattern.
 *
 * @returns The matcher; `undefined` for a pattern that matches nothing at all, such as an unclosed `[`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compileWild } from "./wildmatch.ts";
 * const crossing = compileWild("*.ts", { pathname: false, casefold: false });
 * assert.equal(crossing?.("src/a.ts", 0), true);
 * const oneLevel = compileWild("*.ts", { pathname: true, casefold: false });
 * assert.equal(oneLevel?.("src/a.ts", 0), false);
 * ```
 */
export function compileWild(pattern: string, options: WildOptions): WildMatcher | undefined {
  const positions = readPattern(pattern, options);
  if (positions === undefined) return undefined;
  return positions.steps.length < 31 ? narrowMatcher(positions) : wideMatcher(positions);
}

function readPattern(pattern: string, options: WildOptions): Positions | undefined {
  const positions: Positions = { steps: [], loops: new Map(), skips: new Set() };
  for (let at = 0; at < pattern.length;) {
    const code = pattern.charCodeAt(at);
    if (code === 0x2a) {
      at = readStars(pattern, at, options, positions);
    } else if (code === 0x5b) {
      const found = readClass(pattern, at + 1, options);
      if (found === undefined) return undefined;
      positions.steps.push(found.accepted);
      at = found.next;
    } else if (code === 0x3f) {
      positions.steps.push(anyByte(options.pathname));
      at += 1;
    } else if (code === 0x5c) {
      if (at + 1 === pattern.length) return undefined;
      // git folds the name but not an escaped character: "\A" never matches without case.
      positions.steps.push(oneByte(pattern.charCodeAt(at + 1), options.casefold));
      at += 2;
    } else {
      positions.steps.push(oneByte(options.casefold ? lower(code) : code, options.casefold));
      at += 1;
    }
  }
  return positions;
}

/** One or more stars from `at`; returns where reading goes on. */
function readStars(
  pattern: string,
  at: number,
  { pathname }: WildOptions,
  { steps, loops, skips }: Positions,
): number {
  let end = at + 1;
  while (pattern[end] === "*") end += 1;
  const here = steps.length;
  const whole = end - at > 1 && (at === 0 || pattern[at - 1] === "/") &&
    (end === pattern.length || pattern[end] === "/" || pattern.startsWith("\\/", end));
  if (!pathname) {
    loops.set(here, "any");
  } else if (whole && pattern[end] === "/") {
    // "**/" is nothing, or anything that ends in a slash. Twice in a row it says the same as once.
    if (skips.has(here - 1)) return end + 1;
    loops.set(here, "any");
    skips.add(here);
    steps.push(oneByte(SLASH, false));
    return end + 1;
  } else if (whole) {
    loops.set(here, "any");
  } else if (loops.get(here) !== "any") {
    loops.set(here, "no-slash");
  }
  return end;
}

function anyByte(pathname: boolean): Uint8Array {
  const accepted = new Uint8Array(256).fill(1);
  if (pathname) accepted[SLASH] = 0;
  return accepted;
}

function oneByte(code: number, casefold: boolean): Uint8Array {
  const accepted = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) {
    if ((casefold ? lower(byte) : byte) === code) accepted[byte] = 1;
  }
  return accepted;
}

interface ReadClass {
  readonly accepted: Uint8Array;
  readonly next: number;
}

/** A class whose first character after `[` is at `start`; `undefined` where it is malformed. */
function readClass(pattern: string, start: number, options: WildOptions): ReadClass | undefined {
  const negated = pattern[start] === "!" || pattern[start] === "^";
  const members = readMembers(pattern, negated ? start + 1 : start, options.casefold);
  if (members === undefined) return undefined;
  const accepted = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) {
    const folded = options.casefold ? lower(byte) : byte;
    const matched = members.tests.some((test) => test(folded));
    if (matched !== negated && !(options.pathname && byte === SLASH)) accepted[byte] = 1;
  }
  return { accepted, next: members.next };
}

type ByteTest = (byte: number) => boolean;

/** Members up to the closing bracket, in git's order of questions; a first `]` is a member. */
function readMembers(
  pattern: string,
  start: number,
  casefold: boolean,
): { readonly tests: readonly ByteTest[]; readonly next: number } | undefined {
  const tests: ByteTest[] = [];
  let previous = 0;
  let at = start;
  do {
    if (at >= pattern.length) return undefined;
    let code = pattern.charCodeAt(at);
    const range = code === 0x2d && previous !== 0 && at + 1 < pattern.length &&
      pattern[at + 1] !== "]";
    if (code === 0x5c) {
      at += 1;
      if (at >= pattern.length) return undefined;
      code = pattern.charCodeAt(at);
      tests.push(equals(code));
    } else if (range) {
      at += pattern[at + 1] === "\\" ? 2 : 1;
      if (at >= pattern.length) return undefined;
      tests.push(between(previous, pattern.charCodeAt(at), casefold));
      code = 0;
    } else if (code === 0x5b && pattern[at + 1] === ":") {
      const close = pattern.indexOf("]", at + 2);
      if (close === -1) return undefined;
      if (close - 1 >= at + 2 && pattern[close - 1] === ":") {
        const test = asciiIs(pattern.slice(at + 2, close - 1), casefold);
        if (test === undefined) return undefined;
        tests.push(test);
        at = close;
        code = 0;
      } else {
        tests.push(equals(code));
      }
    } else {
      tests.push(equals(code));
    }
    previous = code;
    at += 1;
  } while (pattern[at] !== "]");
  return { tests, next: at + 1 };
}

function equals(code: number): ByteTest {
  return (byte) => byte === code;
}

function between(low: number, high: number, casefold: boolean): ByteTest {
  return (byte) => {
    if (byte >= low && byte <= high) return true;
    const upper = byte - 0x20;
    return casefold && isUpper(upper as Ascii) && upper >= low && upper <= high;
  };
}

/** Up to 31 positions: one word holds them all. */
function narrowMatcher({ steps, loops, skips }: Positions): WildMatcher {
  const step = new Int32Array(256);
  steps.forEach((accepted, position) => {
    for (let byte = 0; byte < 256; byte++) step[byte]! |= accepted[byte]! << position;
  });
  let [stay, staySlash, skip] = [0, 0, 0];
  for (const [position, loop] of loops) {
    stay |= 1 << position;
    if (loop === "any") staySlash |= 1 << position;
  }
  for (const position of skips) skip |= 1 << position;
  const start = 1 | ((1 & skip) << 1);
  const end = 1 << steps.length;
  return (name, from) => {
    let now = start;
    for (let at = from; at < name.length; at++) {
      const byte = name.charCodeAt(at);
      const moved = (now & step[byte]!) << 1;
      now = moved | ((moved & skip) << 1) | (now & (byte === SLASH ? staySlash : stay));
      if (now === 0) return false;
    }
    return (now & end) !== 0;
  };
}

/** Any number of positions, 31 to a word so that a shift never reaches the sign. */
function wideMatcher({ steps, loops, skips }: Positions): WildMatcher {
  const width = Math.ceil((steps.length + 1) / 31);
  const step = new Int32Array(256 * width);
  const stay = new Int32Array(width);
  const staySlash = new Int32Array(width);
  const skip = new Int32Array(width);
  const mark = (into: Int32Array, position: number, base = 0) => {
    into[base + Math.floor(position / 31)]! |= 1 << position % 31;
  };
  steps.forEach((accepted, position) => {
    for (let byte = 0; byte < 256; byte++) {
      if (accepted[byte] === 1) mark(step, position, byte * width);
    }
  });
  for (const [position, loop] of loops) {
    mark(stay, position);
    if (loop === "any") mark(staySlash, position);
  }
  for (const position of skips) mark(skip, position);
  return (name, from) => {
    const now = new Int32Array(width);
    now[0] = 1;
    shiftInto(now, Int32Array.from(now, (word, at) => word & skip[at]!));
    const moving = new Int32Array(width);
    for (let at = from; at < name.length; at++) {
      const byte = name.charCodeAt(at);
      const loop = byte === SLASH ? staySlash : stay;
      let [carry, skipCarry, alive] = [0, 0, 0];
      for (let word = 0; word < width; word++) {
        const ready = now[word]! & step[byte * width + word]!;
        const moved = ((ready << 1) | carry) & 0x7fffffff;
        carry = (ready >>> 30) & 1;
        const skipping = moved & skip[word]!;
        const skipped = ((skipping << 1) | skipCarry) & 0x7fffffff;
        skipCarry = (skipping >>> 30) & 1;
        moving[word] = moved | skipped | (now[word]! & loop[word]!);
        alive |= moving[word]!;
      }
      if (alive === 0) return false;
      now.set(moving);
    }
    return (now[Math.floor(steps.length / 31)]! & (1 << steps.length % 31)) !== 0;
  };
}

/** Adds `from`, moved on by one position, to `into`. */
function shiftInto(into: Int32Array, from: Int32Array): void {
  let carry = 0;
  for (let word = 0; word < into.length; word++) {
    into[word]! |= ((from[word]! << 1) | carry) & 0x7fffffff;
    carry = (from[word]! >>> 30) & 1;
  }
}
