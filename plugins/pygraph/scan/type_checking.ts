/**
 * Which lines stand below `if TYPE_CHECKING:`, by indentation.
 *
 * A test counts where it is a dotted name that ends in `TYPE_CHECKING`, or a name that stands for it
 * (`from typing import TYPE_CHECKING as TC`), with or without parentheses; `not` turns it round, so that the
 * `else` counts. Anything longer (`TYPE_CHECKING or DEBUG`) may also be true at run time and does not count.
 */
import * as letter from "./letters.ts";
import { isWordAt, nameAt } from "./names.ts";

export const TYPE_CHECKING = "TYPE_CHECKING";

/** An `if` chain that mentions the word: its own column, and whether its next branches are for type checkers. */
interface Chain {
  readonly column: number;
  now: boolean;
  rest: boolean;
}

/** What a test says of the branch below it. */
type Verdict = "checking" | "running" | "either";

/** Follows the blocks of one file; the lines are told in order. */
export class TypeCheckingBlocks {
  readonly #source: Uint8Array;
  readonly #names = new Set([TYPE_CHECKING]);
  readonly #chains: Chain[] = [];
  /** Whether the statements of the current logical line are for type checkers alone. */
  active = false;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  /** `from … import TYPE_CHECKING as alias` was seen. */
  addName(alias: string): void {
    this.#names.add(alias);
  }

  /**
   * A logical line begins.
   *
   * @param at Place of its first letter.
   * @param column Its indentation.
   */
  line(at: number, column: number): void {
    const chains = this.#chains;
    while (chains.length > 0 && chains[chains.length - 1]!.column > column) chains.pop();
    const top = chains[chains.length - 1];
    const chain = top?.column === column ? top : undefined;
    const isIf = isWordAt(this.#source, at, "if");
    const isElif = !isIf && isWordAt(this.#source, at, "elif");
    if (isIf || isElif) {
      if (chain !== undefined && isIf) chains.pop();
      this.#branch(this.#verdict(at + (isIf ? 2 : 4)), column, isElif ? chain : undefined);
    } else if (chain !== undefined) {
      if (isWordAt(this.#source, at, "else")) chain.now = chain.rest;
      else chains.pop();
    }
    this.active = chains.some(({ now }) => now);
  }

  #branch(verdict: Verdict, column: number, chain: Chain | undefined): void {
    if (verdict === "either") {
      if (chain !== undefined) chain.now = chain.rest;
      return;
    }
    const known = chain ?? { column, now: false, rest: false };
    if (chain === undefined) this.#chains.push(known);
    known.now = known.rest || verdict === "checking";
    if (verdict === "running") known.rest = true;
  }

  #verdict(at: number): Verdict {
    let to = this.#skip(at, true);
    let turned = false;
    let name = nameAt(this.#source, to);
    while (name.text === "not") {
      turned = !turned;
      to = this.#skip(name.end, true);
      name = nameAt(this.#source, to);
    }
    let last = name.text;
    let dotted = false;
    to = this.#skip(name.end, false);
    while (last !== "" && this.#source[to] === letter.DOT) {
      dotted = true;
      name = nameAt(this.#source, this.#skip(to + 1, false));
      last = name.text;
      to = this.#skip(name.end, false);
    }
    while (this.#source[to] === letter.CLOSE_PAREN) to = this.#skip(to + 1, false);
    const known = dotted ? last === TYPE_CHECKING : this.#names.has(last);
    if (!known || this.#source[to] !== letter.COLON) return "either";
    return turned ? "running" : "checking";
  }

  #skip(at: number, parentheses: boolean): number {
    for (;; at++) {
      const byte = this.#source[at];
      if (byte === letter.SPACE || byte === letter.TAB) continue;
      if (!parentheses || byte !== letter.OPEN_PAREN) return at;
    }
  }
}
