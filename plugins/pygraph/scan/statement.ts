/** One import statement, from its keyword to its last name. */
import { compileCheaply } from "../../../mod.ts";
import * as letter from "./letters.ts";
import { isWordAt, nameAt } from "./names.ts";

/** What one statement imports. */
export interface Imported {
  /** The dotted name after `import` or `from`; `""` after `from` with dots alone. */
  readonly module: string;
  /** Dots before it: 0 for an absolute import. */
  readonly level: number;
  /** The names after `from … import`, `*` among them; not there for `import …`. */
  readonly names?: readonly string[];
  /** Of `names`, what each is called in this file. */
  readonly aliases?: readonly string[];
}

export interface Statement {
  readonly imported: readonly Imported[];
  /** Where it ends: before a line end, semicolon or comment, or where it stops making sense. */
  readonly end: number;
  /** What does not make sense there. What was understood before counts nevertheless. */
  readonly flaw?: string;
}

class Broken extends Error {}

/** Reads the statement whose keyword (`import` or `from`) begins at `at`. */
export function readStatement(source: Uint8Array, at: number): Statement {
  const reader = new StatementReader(source);
  const imported: Imported[] = [];
  try {
    if (source[at] === 0x69) reader.plain(at + "import".length, imported);
    else reader.from(at + "from".length, imported);
    reader.finish();
    return { imported, end: reader.at };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { imported, end: reader.at, flaw: error.message };
  }
}

let isTold = false;

class StatementReader {
  readonly #source: Uint8Array;
  at = 0;
  /** Inside parentheses line ends and comments are white space. */
  #wrapped = false;

  constructor(source: Uint8Array) {
    this.#source = source;
    if (!isTold) this.#tellRuntime();
  }

  #tellRuntime(): void {
    isTold = true;
    compileCheaply([
      this.plain,
      this.from,
      this.#dotted,
      this.#alias,
      this.#name,
      this.#isNext,
      this.#peek,
      this.#take,
      this.#skipSpace,
    ]);
  }

  /** `import a.b as c, d` */
  plain(at: number, into: Imported[]): void {
    this.at = at;
    do {
      const module = this.#dotted();
      into.push({ module, level: 0 });
      this.#alias("");
    } while (this.#take(letter.COMMA));
  }

  /** `from ..a.b import c as d, e`, `from a import (b, c,)`, `from a import *` */
  from(at: number, into: Imported[]): void {
    this.at = at;
    let level = 0;
    while (this.#take(letter.DOT)) level++;
    let module = "";
    if (level === 0) module = this.#dotted();
    else if (!this.#isNext("import")) module = this.#dotted();
    if (this.#name() !== "import") throw new Broken('"import" is missing');
    const names: string[] = [];
    const aliases: string[] = [];
    into.push({ module, level, names, aliases });
    if (this.#take(letter.STAR)) {
      names.push("*");
      aliases.push("*");
      return;
    }
    this.#wrapped = this.#take(letter.OPEN_PAREN);
    do {
      if (this.#wrapped && names.length > 0 && this.#peek() === letter.CLOSE_PAREN) break;
      const name = this.#name();
      if (name === "") throw new Broken("a name is missing");
      names.push(name);
      aliases.push(this.#alias(name));
    } while (this.#take(letter.COMMA));
    if (this.#wrapped && !this.#take(letter.CLOSE_PAREN)) throw new Broken('")" is missing');
    this.#wrapped = false;
  }

  /** Nothing else may stand on the line. */
  finish(): void {
    const byte = this.#peek();
    if (byte === undefined || byte === letter.SEMICOLON || byte === letter.HASH) return;
    if (byte === letter.NEWLINE || byte === letter.RETURN) return;
    throw new Broken("the line goes on after its last name");
  }

  #dotted(): string {
    let name = this.#name();
    if (name === "") throw new Broken("a name is missing");
    while (this.#take(letter.DOT)) {
      const part = this.#name();
      if (part === "") throw new Broken("a name is missing");
      name += `.${part}`;
    }
    return name;
  }

  #alias(name: string): string {
    if (!this.#isNext("as")) return name;
    this.at += "as".length;
    const alias = this.#name();
    if (alias === "") throw new Broken("a name is missing");
    return alias;
  }

  #name(): string {
    this.#skipSpace();
    const { text, end } = nameAt(this.#source, this.at);
    this.at = end;
    return text;
  }

  /** Costs no text: this is asked after every name. */
  #isNext(word: string): boolean {
    this.#skipSpace();
    return isWordAt(this.#source, this.at, word);
  }

  #peek(): number | undefined {
    this.#skipSpace();
    return this.#source[this.at];
  }

  #take(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.at++;
    return true;
  }

  #skipSpace(): void {
    const source = this.#source;
    for (;;) {
      const byte = source[this.at];
      if (byte === letter.SPACE || byte === letter.TAB || byte === letter.FORM_FEED) this.at++;
      else if (byte === letter.BACKSLASH && isLineEnd(source[this.at + 1])) {
        this.at = letter.afterLineEnd(source, this.at + 1);
      } else if (this.#wrapped && isLineEnd(byte)) this.at = letter.afterLineEnd(source, this.at);
      else if (this.#wrapped && byte === letter.HASH) this.at = letter.lineEnd(source, this.at);
      else return;
    }
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === letter.NEWLINE || byte === letter.RETURN;
}
