/**
 * Dotenv files: text in, assignments out; nothing is executed and no environment is changed.
 *
 * Own reader, because `dotenv` + `dotenv-expand` do not fit SPEC section 5: they expand inside single quotes
 * (which value was quoted how is lost between the two), pass over lines that they cannot read without a word,
 * know no escapes but `\n` and `\r`, and expand by repeated replacement, whose cost and result size have no bound.
 *
 * The rules:
 * - `KEY=value`, also `export KEY=value`; blanks around `=` are dropped; `#` begins a comment at the start of a
 *   line and after a blank. Names: letters, digits, `_`, `.`, `-`, not beginning with a digit.
 * - Unquoted values end with the line and lose blanks at both ends. `\${` is a literal `${`; nothing else is escaped.
 * - `'…'` is literal but for `\'` and `\\`. `"…"` knows `\n \r \t \b \f \v \a \\ \" \' \$` and the backtick; any other
 *   backslash stays. Both may run over several lines.
 * - `${NAME}`, `${NAME:-default}` (unset or empty) and `${NAME-default}` (unset) outside single quotes; defaults nest.
 *   A bare `$NAME` is literal text. A name that is not set comes to nothing.
 * - A byte order mark is dropped, CRLF reads as LF.
 */
import type { Checked, Problem } from "../base/problems.ts";
import { QikError } from "../base/problems.ts";

/** One `KEY=value` of a dotenv file, not expanded yet. */
export interface Assignment {
  readonly name: string;
  readonly value: readonly Piece[];
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * What a value is made of, in order. `open` … `close` frame the default of a variable that is used only where
 * the variable is unset (`unset`) or unset or empty (`empty`); kept flat so that nesting needs no recursion.
 */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "open"; readonly name: string; readonly when: "unset" | "empty" }
  | { readonly kind: "close" };

/** Most text that a file, and all expanded values together, may hold: far above what an environment can. */
const MOST_TEXT = 8 * 1024 * 1024;
const NAME = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_.]*)(:?-|\})/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "\\": "\\",
  '"': '"',
  "'": "'",
  "$": "$",
  "`": "`",
};

/**
 * Reads a dotenv file. Linear in its size.
 *
 * @param file Name of the file as the user knows it, for problems.
 * @returns Every assignment that could be read, in order, and a `dotenv-syntax` problem per line that could not.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { expandDotenv, parseDotenv } from "./dotenv.ts";
 * const bytes = new TextEncoder().encode("HOST=db # main\nexport URL=\"http://${HOST}:${PORT:-80}\"\n");
 * const { value, problems } = parseDotenv(bytes, "app.env");
 * assert.deepEqual(problems, []);
 * assert.equal(expandDotenv(value, () => undefined).get("URL"), "http://db:80");
 * ```
 */
export function parseDotenv(bytes: Uint8Array, file: string): Checked<readonly Assignment[]> {
  if (bytes.length > MOST_TEXT) {
    return { value: [], problems: [syntax(file, 1, "the file is larger than 8 MiB")] };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { value: [], problems: [syntax(file, 1, "the file is not UTF-8")] };
  }
  return new DotenvReader(text.replaceAll("\r\n", "\n"), file).read();
}

/**
 * Fills in `${NAME}`. Later assignments of a name win, and see what comes before them.
 *
 * @param outside The environment around the files; asked for names that no earlier assignment gave.
 * @returns Values by name, in the order in which the names first appear.
 * @throws {QikError} `dotenv-syntax` where the values come to more than 8 MiB together.
 */
export function expandDotenv(
  assignments: readonly Assignment[],
  outside: (name: string) => string | undefined,
): Map<string, string> {
  const values = new Map<string, string>();
  const look = (name: string) => values.get(name) ?? outside(name);
  let room = MOST_TEXT;
  for (const assignment of assignments) {
    const value = expanded(assignment.value, look, room);
    if (value === undefined) {
      const { file, line, name } = assignment;
      throw new QikError(syntax(file, line, `"${name}" grows beyond 8 MiB when expanded`));
    }
    room -= value.length;
    values.set(assignment.name, value);
  }
  return values;
}

/** The text of a value, or `undefined` where it is longer than `room`. */
function expanded(
  pieces: readonly Piece[],
  look: (name: string) => string | undefined,
  room: number,
): string | undefined {
  let text = "";
  let depth = 0;
  // The level of the variable that has a value of its own, so that everything inside its default is passed over.
  let silent = Infinity;
  for (const piece of pieces) {
    if (piece.kind === "text") {
      if (silent === Infinity) text += piece.text;
    } else if (piece.kind === "close") {
      if (depth === silent) silent = Infinity;
      depth -= 1;
    } else {
      depth += 1;
      if (silent !== Infinity) continue;
      const known = look(piece.name);
      if (known === undefined || (known === "" && piece.when === "empty")) continue;
      text += known;
      silent = depth;
    }
    if (text.length > room) return undefined;
  }
  return text;
}

const MOST_PROBLEMS = 100;

/** Walks a file once from front to back. */
class DotenvReader {
  readonly #text: string;
  readonly #file: string;
  readonly #assignments: Assignment[] = [];
  readonly #problems: Problem[] = [];
  #at = 0;
  #line = 1;
  /** Where `#line` was last counted up to. */
  #counted = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  read(): Checked<readonly Assignment[]> {
    while (this.#at < this.#text.length && this.#problems.length < MOST_PROBLEMS) {
      this.#skip(/[ \t\n\f\v\r]*/y);
      if (this.#at < this.#text.length) this.#readLine();
    }
    return { value: this.#assignments, problems: this.#problems };
  }

  #readLine(): void {
    if (this.#text[this.#at] === "#") return this.#skipLine();
    const line = this.#lineNumber();
    const exported = this.#skip(/export[ \t]+/y);
    const name = this.#match(NAME)?.[0];
    this.#skip(/[ \t]*/y);
    if (name !== undefined && this.#text[this.#at] === "=") {
      this.#at += 1;
      return this.#readAssignment(name, line);
    }
    // `export NAME` alone marks a shell variable for export and sets nothing.
    const alone = this.#at >= this.#text.length || /[\n#]/.test(this.#text[this.#at]!);
    if (!(exported && name !== undefined && alone)) this.#fail(line, "expected KEY=value");
    this.#skipLine();
  }

  #readAssignment(name: string, line: number): void {
    const start = this.#at;
    this.#skip(/[ \t]*/y);
    const quote = this.#text[this.#at];
    const value = quote === "'"
      ? this.#singleQuoted(line)
      : quote === '"'
      ? this.#expandable(line, true, start)
      : this.#expandable(line, false, start);
    if (value === undefined) return;
    const end = this.#match(/[ \t]*(#|\n|$)/y);
    if (end === undefined) {
      this.#fail(line, `unexpected text after the closing quote of "${name}"`);
    } else if (value.some((piece) => piece.kind === "text" && piece.text.includes("\0"))) {
      this.#fail(line, `the value of "${name}" holds a NUL`);
    } else {
      this.#assignments.push({ name, value, file: this.#file, line });
    }
    if (end?.[1] !== "\n") this.#skipLine();
  }

  #singleQuoted(line: number): readonly Piece[] | undefined {
    const parts: string[] = [];
    this.#at += 1;
    for (;;) {
      parts.push(this.#match(/[^'\\]+/y)?.[0] ?? "");
      const char = this.#text[this.#at];
      if (char === undefined) return this.#unclosed(line);
      this.#at += 1;
      if (char === "'") return [{ kind: "text", text: parts.join("") }];
      const next = this.#text[this.#at];
      const escaped = next === "'" || next === "\\";
      parts.push(escaped ? next : "\\");
      if (escaped) this.#at += 1;
    }
  }

  /** A double-quoted or bare value. `start`: just after the `=`, where a comment may begin after a blank. */
  #expandable(line: number, quoted: boolean, start: number): readonly Piece[] | undefined {
    const pieces: Piece[] = [];
    const add = (text: string) => void pieces.push({ kind: "text", text });
    let open = 0;
    if (quoted) this.#at += 1;
    for (;;) {
      const plain = this.#match(/[^\\"$}\n#]+/y);
      if (plain !== undefined) add(plain[0]);
      const char = this.#text[this.#at];
      if (char === undefined && quoted) return this.#unclosed(line);
      if (char === undefined || (!quoted && char === "\n")) break;
      if (quoted && char === '"') break;
      if (!quoted && char === "#" && open === 0 && this.#afterBlank(start)) break;
      if (char === "$" && this.#text[this.#at + 1] === "{") {
        const found = this.#match(VARIABLE);
        if (found === undefined) {
          this.#fail(line, "only ${NAME} and ${NAME:-default} can be expanded");
          this.#skipLine();
          return undefined;
        }
        const [, name, mark] = found;
        pieces.push({ kind: "open", name: name!, when: mark === ":-" ? "empty" : "unset" });
        if (mark === "}") pieces.push({ kind: "close" });
        else open += 1;
      } else if (char === "}" && open > 0) {
        open -= 1;
        this.#at += 1;
        pieces.push({ kind: "close" });
      } else {
        add(char === "\\" ? this.#escape(quoted) : char);
        if (char !== "\\") this.#at += 1;
      }
    }
    if (quoted) this.#at += 1;
    else trimEnd(pieces);
    if (open === 0) return pieces;
    this.#fail(line, "a ${ is not closed");
    this.#skipLine();
    return undefined;
  }

  /** What a backslash and what follows it come to; moves past both. */
  #escape(quoted: boolean): string {
    const next = this.#text[this.#at + 1] ?? "";
    const known = quoted ? ESCAPES[next] : undefined;
    if (known !== undefined) {
      this.#at += 2;
      return known;
    }
    if (!quoted && next === "$" && this.#text[this.#at + 2] === "{") {
      this.#at += 3;
      return "${";
    }
    this.#at += 1;
    return "\\";
  }

  #afterBlank(start: number): boolean {
    return this.#at > start && /[ \t]/.test(this.#text[this.#at - 1]!);
  }

  /** What follows an open quote cannot be told from its value, so that nothing after it is read. */
  #unclosed(line: number): undefined {
    this.#fail(line, "a quote is not closed");
    this.#at = this.#text.length;
  }

  #fail(line: number, what: string): void {
    this.#problems.push(syntax(this.#file, line, what));
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found ?? undefined;
  }

  #skip(pattern: RegExp): boolean {
    return this.#match(pattern) !== undefined;
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #lineNumber(): number {
    for (;;) {
      const next = this.#text.indexOf("\n", this.#counted);
      if (next < 0 || next >= this.#at) return this.#line;
      this.#counted = next + 1;
      this.#line += 1;
    }
  }
}

/** Drops the blanks before a comment or the end of the line; those inside a default stay. */
function trimEnd(pieces: Piece[]): void {
  for (let last = pieces.at(-1); last?.kind === "text"; last = pieces.at(-1)) {
    pieces.pop();
    const text = last.text.trimEnd();
    if (text !== "") return void pieces.push({ kind: "text", text });
  }
}

function syntax(file: string, line: number, what: string): Problem {
  return {
    code: "dotenv-syntax",
    message: `Cannot read the dotenv file "${file}": ${what}`,
    place: { file, line },
  };
}
