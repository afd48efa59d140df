import stringWidth from "string-width";

/**
 * A small terminal: enough to see what a person would see. Knows CR, LF (as a terminal in its usual mode: to the left
 * end of the next row), cursor up, erase in line, erase below, wrapping on and off, the cursor's visibility and
 * synchronised updates. Colours are dropped; any other escape is a failure, for we never send one.
 *
 * When it becomes narrower, rows that are too long are broken, as most terminals do.
 */
export class Screen {
  /** Everything ever shown, top to bottom; each cell one character, "" behind a wide one. */
  rows: string[][] = [[]];
  row = 0;
  column = 0;
  cursorShown = true;
  wraps = true;
  synchronised = false;
  #pending = "";
  readonly #decoder = new TextDecoder();

  constructor(public columns: number, public height: number) {}

  write(bytes: Uint8Array): void {
    this.#pending += this.#decoder.decode(bytes, { stream: true });
    while (this.#pending !== "") {
      const taken = this.#step(this.#pending);
      if (taken === 0) return;
      this.#pending = this.#pending.slice(taken);
    }
  }

  #step(text: string): number {
    if (text[0] === "\n") return this.#down(true);
    if (text[0] === "\r") return this.#goTo(0);
    if (text[0] === "\x1b") return this.#escape(text);
    // deno-lint-ignore no-control-regex
    const end = text.search(/[\n\r\x1b]/);
    const plain = end === -1 ? text : text.slice(0, end);
    for (const { segment } of new Intl.Segmenter().segment(plain)) this.#put(segment);
    return plain.length;
  }

  #goTo(column: number): number {
    this.column = column;
    return 1;
  }

  #down(left: boolean): number {
    this.row += 1;
    if (left) this.column = 0;
    if (this.row === this.rows.length) this.rows.push([]);
    return 1;
  }

  #put(char: string): void {
    const width = stringWidth(char);
    if (this.column + width > this.columns) {
      if (this.wraps) this.#down(true);
      else this.column = this.columns - width;
    }
    const cells = this.rows[this.row]!;
    while (cells.length < this.column) cells.push(" ");
    cells[this.column] = char;
    if (width === 2) cells[this.column + 1] = "";
    this.column += width;
  }

  #escape(text: string): number {
    // deno-lint-ignore no-control-regex
    const found = /^\x1b\[([?\d;]*)([A-Za-z])/.exec(text);
    if (found === null) {
      // deno-lint-ignore no-control-regex
      if (/^\x1b(\[[?\d;]*)?$/.test(text)) return 0;
      throw new Error(`Cannot show escape ${JSON.stringify(text.slice(0, 12))}`);
    }
    const [whole, numbers = "", letter] = found;
    this.#obey(numbers, letter!);
    return whole.length;
  }

  #obey(numbers: string, letter: string): void {
    const count = Number(numbers || 1);
    if (letter === "m") return;
    if (letter === "A") this.row = Math.max(this.top, this.row - count);
    else if (letter === "K" && numbers === "2") this.rows[this.row] = [];
    else if (letter === "h" || letter === "l") this.#mode(numbers, letter === "h");
    else throw new Error(`Cannot show escape "[${numbers}${letter}"`);
  }

  #mode(mode: string, on: boolean): void {
    if (mode === "?25") this.cursorShown = on;
    else if (mode === "?7") this.wraps = on;
    else if (mode === "?2026") this.synchronised = on;
    else throw new Error(`Cannot set mode "${mode}"`);
  }

  /** Index of the first row that is not scrolled away. */
  get top(): number {
    return Math.max(0, this.rows.length - this.height);
  }

  /** Changes the size; rows longer than the new width are broken into several. */
  resize(columns: number, height = this.height): void {
    const broken: string[][] = [];
    for (const [index, cells] of this.rows.entries()) {
      const parts = Math.max(1, Math.ceil(cells.length / columns));
      if (index === this.row) this.row = broken.length + parts - 1;
      for (let part = 0; part < parts; part++) {
        broken.push(cells.slice(part * columns, (part + 1) * columns));
      }
    }
    this.rows = broken;
    this.column = Math.min(this.column, this.rows[this.row]!.length, columns);
    this.columns = columns;
    this.height = height;
  }

  /** What a person sees, scrolled rows included; trailing blanks dropped. */
  text(): string {
    const lines = this.rows.map((cells) => cells.join("").trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines.map((line) => line + "\n").join("");
  }
}
