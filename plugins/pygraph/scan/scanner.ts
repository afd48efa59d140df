/**
 * Finds the import statements of a Python file without parsing it: one pass over its bytes that knows logical
 * lines, brackets, literals and comments, and reads only import statements themselves.
 */
import { compileCheaply } from "../../../mod.ts";
import { decodeSource } from "./encoding.ts";
import * as letter from "./letters.ts";
import { isWordAt } from "./names.ts";
import { Attempts } from "./attempts.ts";
import { readStatement } from "./statement.ts";
import { afterFields, afterString, fieldsOf } from "./strings.ts";
import { TYPE_CHECKING, TypeCheckingBlocks } from "./type_checking.ts";
import { Buffer, isUtf8 } from "node:buffer";

/** One module or one `from` clause that a file imports; `import a, b` are two. */
export interface Import {
  /** The dotted name after `import` or `from`; `""` after `from` with dots alone. */
  readonly module: string;
  /** Dots before it: 0 for an absolute import. */
  readonly level: number;
  /** The names after `from … import`, `*` among them; not there for `import …`. */
  readonly names?: readonly string[];
  /** Line of the statement's keyword, from 1. */
  readonly line: number;
  /** Stands below `if TYPE_CHECKING:`. */
  readonly typeChecking: boolean;
  /** May fail: a `try` around it catches failed imports, or it stands in that `except`. */
  readonly optional: boolean;
}

/** Something that is not Python. */
export interface SourceFlaw {
  readonly line: number;
  readonly message: string;
}

export interface Scan {
  /** In the order of the file. */
  readonly imports: readonly Import[];
  /** The first thing before the last import that cannot be Python. Imports around it are found all the same. */
  readonly flaw?: SourceFlaw;
}

/**
 * Scans a file.
 *
 * Cost: linear in its length, whatever it holds; what follows the last line with the word `import` is not looked at.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scan } from "./scanner.ts";
 * const text = `"""import nothing"""\nif x: import a.b\nfrom . import (c, # why\n  d as e)\n`;
 * assert.deepEqual(scan(new TextEncoder().encode(text)).imports, [
 *   { module: "a.b", level: 0, line: 2, typeChecking: false, optional: false },
 *   { module: "", level: 1, names: ["c", "d"], line: 3, typeChecking: false, optional: false },
 * ]);
 * ```
 */
export function scan(bytes: Uint8Array): Scan {
  const { source, imports, starts, flaw } = scanned(bytes);
  const lines = linesAt(source, starts);
  return {
    imports: imports.map((found, at) => ({ ...found, line: lines[at]! })),
    ...(flaw && { flaw }),
  };
}

/** The same without lines, which take a tenth of the time: the graph has none. */
export function scanImports(
  bytes: Uint8Array,
): { readonly imports: readonly Omit<Import, "line">[]; readonly flaw?: SourceFlaw } {
  const { imports, flaw } = scanned(bytes);
  return { imports, ...(flaw && { flaw }) };
}

function scanned(bytes: Uint8Array): Scanner {
  const { source, flaw } = decodeSource(bytes);
  const scanner = new Scanner(source);
  if (flaw !== undefined) scanner.fail(0, flaw);
  scanner.run();
  return scanner;
}

/** Lines, from 1, of places in ascending order. */
function linesAt(source: Uint8Array, places: readonly number[]): number[] {
  let line = 1;
  let counted = 0;
  return places.map((place) => {
    for (; counted < place; counted++) {
      const byte = source[counted]!;
      if (byte === letter.NEWLINE) line++;
      else if (byte === letter.RETURN && source[counted + 1] !== letter.NEWLINE) line++;
    }
    return line;
  });
}

/** An import whose surroundings are not known to the end yet. */
type Found = Omit<Import, "line" | "optional"> & { optional: boolean };

let isTold = false;

class Scanner {
  readonly imports: Found[] = [];
  /** Where the keyword of each stands. */
  readonly starts: number[] = [];
  flaw: SourceFlaw | undefined;
  /** In UTF-8. */
  readonly source: Uint8Array;
  /** Place of the last word `import`. */
  readonly #last: number;
  readonly #blocks: TypeCheckingBlocks | undefined;
  readonly #attempts: Attempts | undefined;
  /** After a bracket that nothing closes: line ends end statements, whatever is open. */
  #flat = false;
  /** After a broken literal with fields: they are taken as plain ones. */
  #noFields = false;
  /** Triple quotes that nothing closes: they are passed over. */
  readonly #unclosed = new Set<number>();

  constructor(source: Uint8Array) {
    this.source = source;
    const text = Buffer.from(source.buffer, source.byteOffset, source.length);
    this.#last = text.lastIndexOf("import");
    if (text.includes(TYPE_CHECKING)) this.#blocks = new TypeCheckingBlocks(source);
    if (text.includes("except")) this.#attempts = new Attempts(source);
    if (!isTold) this.#tellRuntime();
  }

  #tellRuntime(): void {
    isTold = true;
    compileCheaply([
      this.run,
      this.#goesOn,
      this.#logicalLine,
      this.#afterSpace,
      this.#statement,
      this.#keywordAt,
      this.#import,
      this.#rest,
      this.#continued,
      this.#literal,
    ]);
  }

  fail(at: number, message: string): void {
    this.flaw ??= { line: linesAt(this.source, [at])[0]!, message };
  }

  run(): void {
    const source = this.source;
    const nul = source.indexOf(0);
    for (let at = 0; at < source.length && this.#goesOn(at);) {
      let column = 0;
      for (;; at++) {
        const byte = source[at];
        if (byte === letter.SPACE) column++;
        else if (byte === letter.TAB) column += 8 - column % 8;
        else if (byte === letter.FORM_FEED) column = 0;
        else break;
      }
      at = this.#logicalLine(at, column);
    }
    this.#markOptional();
    if (nul >= 0) this.fail(nul, "a NUL byte");
    this.#checkUtf8();
  }

  /** Python reads comments in any bytes, and refuses all else that is not UTF-8. */
  #checkUtf8(): void {
    const source = this.source.subarray(0, letter.lineEnd(this.source, Math.max(0, this.#last)));
    if (this.flaw !== undefined || isUtf8(source)) return;
    for (let at = 0; at < source.length;) {
      const end = letter.lineEnd(source, at);
      const line = source.subarray(at, end);
      const hash = line.indexOf(letter.HASH);
      // What follows a `#` in a literal is taken for a comment, too.
      if (!isUtf8(hash < 0 ? line : line.subarray(0, hash))) {
        return this.fail(at, "bytes that are not UTF-8, and no other encoding is named");
      }
      at = letter.afterLineEnd(source, end);
    }
  }

  /** Marks what a `try` catches: known only when its handlers have been seen. */
  #markOptional(): void {
    const ranges = this.#attempts?.ranges ?? [];
    if (ranges.length === 0) return;
    const begins = new Int32Array(this.imports.length + 1);
    for (const [from, to] of ranges) {
      begins[from]!++;
      begins[to]!--;
    }
    let open = 0;
    this.imports.forEach((found, at) => {
      open += begins[at]!;
      if (open > 0) found.optional = true;
    });
  }

  /** Up to the last import, and to the handlers of the `try` around it. */
  #goesOn(at: number): boolean {
    return at <= this.#last || (this.#attempts?.isWaiting(this.imports.length) ?? false);
  }

  /** @returns The place after the line's end. */
  #logicalLine(from: number, column: number): number {
    const source = this.source;
    const first = source[from];
    if (first === letter.HASH) return letter.afterLineEnd(source, letter.lineEnd(source, from));
    if (first === letter.NEWLINE || first === letter.RETURN) {
      return letter.afterLineEnd(source, from);
    }
    this.#blocks?.line(from, column);
    this.#attempts?.line(from, column, this.imports.length);
    let at = from;
    for (;;) {
      at = this.#statement(at);
      if (at >= source.length) return at;
      const byte = source[at]!;
      if (byte === letter.NEWLINE || byte === letter.RETURN) return letter.afterLineEnd(source, at);
      // A statement may follow a semicolon, and the colon of `if`, `try`, `class`. After other colons none of
      // the two keywords can stand.
      at = this.#afterSpace(at + 1);
    }
  }

  #afterSpace(at: number): number {
    const source = this.source;
    for (;;) {
      const byte = source[at];
      if (byte === letter.SPACE || byte === letter.TAB || byte === letter.FORM_FEED) at++;
      else if (byte === letter.BACKSLASH && source[at + 1] === letter.NEWLINE) at += 2;
      else return at;
    }
  }

  /** @returns The place of the line end, semicolon or colon behind the statement that begins at `at`. */
  #statement(at: number): number {
    const byte = this.source[at];
    // i(mport), f(rom), l(azy), and a backslash before the line's first word
    if (byte === 0x69 || byte === 0x66 || byte === 0x6c || byte === letter.BACKSLASH) {
      const keyword = this.#keywordAt(byte === letter.BACKSLASH ? this.#afterSpace(at) : at);
      if (keyword >= 0) return this.#import(keyword);
    }
    return this.#rest(at);
  }

  /** Place of `import` or `from` (`lazy` may stand before it, PEP 810) where the statement at `at` is an import, else -1. */
  #keywordAt(at: number): number {
    const source = this.source;
    const isKeyword = (at: number) =>
      isWordAt(source, at, "import") || isWordAt(source, at, "from");
    if (isKeyword(at)) return at;
    if (!isWordAt(source, at, "lazy")) return -1;
    const next = this.#afterSpace(at + "lazy".length);
    return isKeyword(next) ? next : -1;
  }

  #import(at: number): number {
    const { imported, end, flaw } = readStatement(this.source, at);
    const typeChecking = this.#blocks?.active ?? false;
    const optional = this.#attempts?.inHandler ?? false;
    for (const { module, level, names, aliases } of imported) {
      this.imports.push({ module, level, ...(names && { names }), typeChecking, optional });
      this.starts.push(at);
      if (this.#blocks === undefined || names === undefined) continue;
      const named = names.indexOf(TYPE_CHECKING);
      if (named >= 0) this.#blocks.addName(aliases![named]!);
    }
    if (flaw !== undefined) this.fail(at, `an import that cannot be read: ${flaw}`);
    return this.#rest(end);
  }

  /** Passes over the rest of a statement. */
  #rest(from: number): number {
    const source = this.source;
    const end = source.length;
    let depth = 0;
    let opened = from;
    for (let at = from; at < end; at++) {
      const meaning = letter.MEANING[source[at]!];
      if (meaning === letter.PLAIN) continue;
      if (meaning === letter.QUOTE) at = this.#literal(at) - 1;
      else if (meaning === letter.OPEN) {
        if (depth++ === 0) opened = at;
      } else if (meaning === letter.CLOSE) {
        if (depth > 0) depth--;
        else if (!this.#flat) this.fail(at, `"${String.fromCharCode(source[at]!)}" closes nothing`);
      } else if (meaning === letter.COMMENT) at = letter.lineEnd(source, at) - 1;
      else if (meaning === letter.CONTINUE) at = this.#continued(at);
      else if (depth === 0 || (this.#flat && meaning === letter.LINE_END)) return at;
    }
    if (depth === 0 || this.#flat) return end;
    // The bracket has swallowed the rest of the file: from here on lines count again.
    this.#flat = true;
    this.fail(opened, `"${String.fromCharCode(source[opened]!)}" is never closed`);
    return letter.lineEnd(source, opened);
  }

  /** The last byte of what a backslash in code hides: a line end, or nothing. */
  #continued(at: number): number {
    const byte = this.source[at + 1];
    const hides = byte === letter.NEWLINE || byte === letter.RETURN;
    return hides ? letter.afterLineEnd(this.source, at + 1) - 1 : at;
  }

  /** The place after a literal, which may be the next line where it does not end. */
  #literal(at: number): number {
    const source = this.source;
    const fields = this.#noFields ? "none" : fieldsOf(source, at);
    if (fields !== "none") {
      const end = afterFields(source, at, fields === "raw");
      if (end >= 0) return end;
      this.#noFields = true;
      this.fail(at, "a string whose {fields} or quotes do not close");
    }
    const quote = source[at]!;
    const triple = source[at + 1] === quote && source[at + 2] === quote;
    if (triple && this.#unclosed.has(quote)) return at + 3;
    const end = afterString(source, at);
    if (end >= 0) return end;
    this.fail(at, "a string that is never closed");
    if (!triple) return ~end;
    this.#unclosed.add(quote);
    return letter.lineEnd(source, at);
  }
}
