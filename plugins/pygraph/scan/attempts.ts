/**
 * Which imports may fail: those in a `try` whose `except` catches a failed import, and those in such an `except`.
 */
import * as letter from "./letters.ts";
import { isWordAt, nameAt } from "./names.ts";

const CATCHES = new Set(["ImportError", "ModuleNotFoundError", "Exception", "BaseException"]);
/** What is longer is not read to its end, so that many broken clauses cost no more than the file is long. */
const LONGEST_CLAUSE = 1000;

/** One `try`. */
interface Attempt {
  readonly column: number;
  /** The imports of its body: the first, and the one after the last, once a handler has begun. */
  readonly from: number;
  to: number | undefined;
  /** The lines that follow are a handler of failed imports. */
  inHandler: boolean;
  /** Some handler is one. */
  isCaught: boolean;
}

/** Follows the `try` statements of one file; the lines are told in order. */
export class Attempts {
  readonly #source: Uint8Array;
  readonly #open: Attempt[] = [];
  /** Pairs of numbers: imports from the first up to the second may fail. They lie in each other or apart. */
  readonly ranges: (readonly [number, number])[] = [];
  /** Whether the current logical line stands in a handler of a failed import. */
  inHandler = false;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  /** Whether imports were found in a body whose handlers have not been seen yet. */
  isWaiting(found: number): boolean {
    return this.#open.length > 0 &&
      this.#open.some((attempt) => attempt.from < found && !attempt.isCaught);
  }

  /**
   * A logical line begins.
   *
   * @param at Place of its first letter.
   * @param column Its indentation.
   * @param found How many imports were found before it.
   */
  line(at: number, column: number, found: number): void {
    const open = this.#open;
    while (open.length > 0 && open[open.length - 1]!.column > column) open.pop();
    const top = open[open.length - 1];
    const attempt = top?.column === column ? top : undefined;
    if (attempt !== undefined) this.#next(attempt, at, found);
    if (isWordAt(this.#source, at, "try")) {
      open.push({ column, from: found, to: undefined, inHandler: false, isCaught: false });
    }
    this.inHandler = open.length > 0 && open.some((one) => one.inHandler);
  }

  #next(attempt: Attempt, at: number, found: number): void {
    const isWord = (word: string) => isWordAt(this.#source, at, word);
    if (isWord("except")) {
      attempt.to ??= found;
      attempt.inHandler = this.#catches(at + "except".length);
      if (attempt.inHandler && !attempt.isCaught) this.ranges.push([attempt.from, attempt.to]);
      attempt.isCaught ||= attempt.inHandler;
    } else if (isWord("else") || isWord("finally")) attempt.inHandler = false;
    else this.#open.pop();
  }

  /** Whether a clause names a class that a failed import is one of, or none at all. */
  #catches(from: number): boolean {
    const source = this.#source;
    const end = Math.min(source.length, from + LONGEST_CLAUSE);
    let named = false;
    let depth = 0;
    for (let at = from; at < end;) {
      const byte = source[at];
      if (byte === letter.COLON || (byte === letter.NEWLINE && depth === 0)) break;
      if (byte === letter.OPEN_PAREN) depth++;
      if (byte === letter.CLOSE_PAREN) depth--;
      if (byte === letter.HASH) at = letter.lineEnd(source, at);
      else if (letter.isInName(byte)) {
        const { text, end } = nameAt(source, at);
        if (CATCHES.has(text)) return true;
        // The next clause: this one is broken, and nothing is read twice.
        if (text === "except") break;
        named = true;
        at = end;
      } else at++;
    }
    return !named;
  }
}
