import { QikError } from "../base/problems.ts";
import { lowerText } from "./ascii.ts";
import { byteString } from "./names.ts";
import { compileWild, type WildMatcher } from "./wildmatch.ts";

/** One pathspec, ready to be asked about many paths. */
export interface Pathspec {
  readonly text: string;
  /** What it matches is taken away: a leading `!`, or git's `:!`, `:^`, `:(exclude)`. */
  readonly exclude: boolean;
  /** Every path that it can match starts with this text; `""` where nothing is known. */
  readonly prefix: string;
  /** The one file that it names where it has no wildcard (it may name a directory all the same). */
  readonly literal: string | undefined;
  /**
   * Whether it selects a path, exactly as `git ls-files` would.
   *
   * @param path Relative to the root.
   * @param module Whether a repository of its own stands there: `dir/` then matches `dir`.
   */
  matches(path: string, module: boolean): boolean;
}

const GLOB_SPECIAL = /[*?[\\]/;
const ESCAPED = /[\uD800-\uDFFF]/;
/** Punctuation that git keeps for magic to come. */
const RESERVED = /^["#%&',\-;<=>@_`~]/;
const MAGIC: ReadonlySet<string> = new Set(["top", "literal", "icase", "glob", "exclude"]);

/**
 * Compiles the text of a pathspec as git reads it.
 *
 * @param text As in configuration; a leading `!` subtracts (git itself has `:!` for that).
 * @param top Where the root lies below the top of its git repository: `""` or `dir/`. Only `:(top)` cares.
 * @throws {QikError} `glob-bad` for text that git refuses, that leaves the root, and for `:(attr:…)`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compilePathspec } from "./pathspec.ts";
 * const spec = compilePathspec("src/*.ts");
 * assert.equal(spec.matches("src/deep/a.ts", false), true);
 * assert.equal(spec.prefix, "src/");
 * assert.equal(compilePathspec("!docs").exclude, true);
 * ```
 */
export function compilePathspec(text: string, top = ""): Pathspec {
  if (top !== "") return compile(text, top);
  let spec = known.get(text);
  if (spec === undefined) {
    // Nobody has as many; whoever asks for ever new ones must not fill memory.
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, spec = compile(text, top));
  }
  return spec;
}

/** A plan checks what a tree and a cache ask for afterwards, and tasks share some: half of all texts come again. */
const known = new Map<string, Pathspec>();
const MOST_KNOWN = 10_000;

function compile(text: string, top: string): Pathspec {
  const subtracts = text.startsWith("!");
  const inner = subtracts ? text.slice(1) : text;
  if (inner === "") throw bad(text, `Write "." to match everything`);
  if (inner.includes("\0")) throw bad(text, "Remove the NUL character");
  const { magic, rest } = readMagic(inner, text);
  if (magic.has("literal") && magic.has("glob")) throw bad(text, "Use either literal or glob");
  const fromTop = magic.has("top");
  const match = fromTop ? rest : normalised(rest, text);
  const lift = fromTop ? top : "";
  const wildcard = magic.has("literal") ? -1 : match.search(GLOB_SPECIAL);
  // git looks for the first wildcard from the top of the repository, also in the names of directories above.
  const early = wildcard !== -1 && !fromTop && GLOB_SPECIAL.test(top);
  return {
    text,
    exclude: subtracts || magic.has("exclude"),
    ...matching({
      match,
      wildcard,
      wildFrom: early ? 0 : wildcard,
      pathname: magic.has("glob"),
      casefold: magic.has("icase"),
      lift,
    }),
  };
}

/**
 * Pathspecs with others beside them that are none of their business: a list that only subtracts, which means all
 * files but those, goes on to mean that.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { besides } from "./pathspec.ts";
 * assert.deepEqual(besides(["src"], [".env"]), ["src", ".env"]);
 * assert.deepEqual(besides(["!docs"], [".env"]), [".", "!docs", ".env"]);
 * ```
 */
export function besides(specs: readonly string[], others: readonly string[]): readonly string[] {
  const subtracts = (text: string) =>
    text.startsWith("!") || (text.startsWith(":") && compilePathspec(text).exclude);
  const onlyLess = others.length > 0 && specs.length > 0 && specs.every(subtracts);
  return [...(onlyLess ? ["."] : []), ...specs, ...others];
}

function bad(text: string, hint: string): QikError {
  return new QikError({ code: "glob-bad", message: `Cannot read the glob "${text}"`, hint });
}

interface ReadMagic {
  readonly magic: ReadonlySet<string>;
  readonly rest: string;
}

function readMagic(inner: string, text: string): ReadMagic {
  if (!inner.startsWith(":")) return { magic: new Set(), rest: inner };
  return inner.startsWith(":(") ? readLongMagic(inner, text) : readShortMagic(inner, text);
}

function readShortMagic(inner: string, text: string): ReadMagic {
  const magic = new Set<string>();
  let at = 1;
  for (; at < inner.length && inner[at] !== ":"; at++) {
    const sign = inner[at]!;
    if (sign === "!" || sign === "^") magic.add("exclude");
    else if (sign === "/") magic.add("top");
    else if (RESERVED.test(sign)) throw bad(text, `git knows no magic "${sign}"`);
    else break;
  }
  return { magic, rest: inner.slice(inner[at] === ":" ? at + 1 : at) };
}

function readLongMagic(inner: string, text: string): ReadMagic {
  const magic = new Set<string>();
  const close = inner.search(/(?<!\\)\)/);
  if (close === -1) throw bad(text, `Close the magic with ")"`);
  for (const word of inner.slice(2, close).split(",")) {
    if (word.startsWith("attr:")) throw bad(text, "Globs cannot ask for attributes");
    if (word !== "" && !MAGIC.has(word)) throw bad(text, `git knows no magic "${word}"`);
    if (word !== "") magic.add(word);
  }
  return { magic, rest: inner.slice(close + 1) };
}

/** git's own clean-up: no `//`, `.` or `..`; a trailing slash stays. */
function normalised(path: string, text: string): string {
  if (path.startsWith("/")) throw bad(text, "Write it relative to the root");
  const kept: string[] = [];
  const pieces = path.split("/");
  for (const piece of pieces) {
    if (piece === "" || piece === ".") continue;
    if (piece !== "..") kept.push(piece);
    else if (kept.pop() === undefined) throw bad(text, "Stay inside of the root");
  }
  const directory = /(^|\/)(\.\.?)?$/.test(path) && kept.length > 0;
  return kept.join("/") + (directory ? "/" : "");
}

interface Match {
  /** Text to compare with, as git keeps it. */
  readonly match: string;
  /** Index of the first wildcard, or -1. */
  readonly wildcard: number;
  /** Where the pattern starts that is matched as a whole: a "**" counts as standing at a start there. */
  readonly wildFrom: number;
  readonly pathname: boolean;
  readonly casefold: boolean;
  /** Put before each path before it is compared. */
  readonly lift: string;
}

function matching(item: Match): Pick<Pathspec, "prefix" | "literal" | "matches"> {
  const { match, wildcard, casefold, lift } = item;
  const plain = plainMatcher(match, casefold);
  const wild = wildcard === -1 ? undefined : wildMatcher(item);
  const matches = (path: string, module: boolean): boolean => {
    const whole = lift === "" ? path : lift + path;
    return plain(whole, module) || (wild !== undefined && wild(whole));
  };
  const known = wildcard === -1 ? match : match.slice(0, wildcard);
  const usable = casefold || lift !== "" ? "" : wellFormedStart(known);
  const names = wildcard === -1 && !casefold && lift === "" && match !== "" && !match.endsWith("/");
  return {
    // A repository of its own is listed without the slash that the pathspec may end in.
    prefix: usable.endsWith("/") && wildcard === -1 ? usable.slice(0, -1) : usable,
    literal: names ? match : undefined,
    matches,
  };
}

/** An escaped byte may become part of a character in the path, so only text before it bounds the search. */
function wellFormedStart(text: string): string {
  if (text.isWellFormed()) return text;
  return text.slice(0, text.search(ESCAPED));
}

/** The same path, everything below it, or everything where the text is empty. */
function plainMatcher(
  match: string,
  casefold: boolean,
): (path: string, module: boolean) => boolean {
  if (match === "") return () => true;
  const wanted = casefold ? lowerText(match) : match;
  const slashed = wanted.endsWith("/");
  const bare = slashed ? wanted.slice(0, -1) : wanted;
  const below = slashed ? wanted : wanted + "/";
  return (path, module) => {
    const name = casefold ? lowerText(path) : path;
    if (name.length <= wanted.length) {
      return name === wanted || (slashed && module && name === bare);
    }
    return name.startsWith(below);
  };
}

function wildMatcher({ match, wildFrom, pathname, casefold }: Match): (path: string) => boolean {
  const start = byteString(match.slice(0, wildFrom));
  const pattern = byteString(match.slice(wildFrom));
  const wanted = casefold ? lowerText(start) : start;
  const tail = casefold ? "" : literalTail(pattern, pathname);
  const onlyStar = !pathname && pattern.startsWith("*") && !GLOB_SPECIAL.test(pattern.slice(1));
  const rest = onlyStar
    ? endingIn(pattern.slice(1), casefold)
    : compileWild(pattern, { pathname, casefold });
  if (rest === undefined) return () => false;
  return (path) => {
    // Most paths end differently; that is known without a look at the rest.
    if (!path.endsWith(tail)) return false;
    const bytes = byteString(path);
    const head = casefold ? lowerText(bytes.slice(0, wanted.length)) : bytes;
    return head.startsWith(wanted) && rest(bytes, wanted.length);
  };
}

function endingIn(tail: string, casefold: boolean): WildMatcher {
  const wanted = casefold ? lowerText(tail) : tail;
  return (name, from) =>
    name.length - from >= tail.length && (casefold ? lowerText(name) : name).endsWith(wanted);
}

/** ASCII text that every match must end in. */
function literalTail(pattern: string, pathname: boolean): string {
  const plain = /[^*?[\]\\\x80-\uffff]*$/.exec(pattern)![0];
  const before = pattern[pattern.length - plain.length - 1];
  // Escaped characters are left to the matcher, and so is the slash of "**/", which may match nothing.
  const uncertain = before === "\\" || (pathname && before === "*" && plain.startsWith("/"));
  return uncertain ? plain.slice(1) : plain;
}

/** Whether some path could start as both do. */
export function mayMeet(a: Pathspec, b: Pathspec): boolean {
  return a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
}
