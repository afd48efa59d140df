/**
 * Finds where values stand in the text of a TOML file.
 *
 * The reader of TOML (toml.ts) answers values without lines. This walks the text once, without building
 * values, and notes the offsets of wanted paths only: time is linear in the text, memory in what is wanted.
 * The text may be broken TOML (the walk is also the guard in front of the reader): what follows the first
 * thing that is not understood is then not found.
 */

/** A tree of wanted paths; the walk fills in the offsets. */
export interface Wanted {
  readonly next: Map<string | number, Wanted>;
  /** UTF-16 offset of the first mention of the key, or of the element of a list. */
  offset?: number;
  /** How many `[[headers]]` of this name were passed. */
  tables?: number;
}

/** An empty tree. */
export function wantNothing(): Wanted {
  return { next: new Map() };
}

/** Adds a path to the tree and answers its node. */
export function want(tree: Wanted, path: readonly (string | number)[]): Wanted {
  let node = tree;
  for (const part of path) {
    let child = node.next.get(part);
    if (child === undefined) node.next.set(part, child = wantNothing());
    node = child;
  }
  return node;
}

/** A key of more parts than `most` was met, at this offset. */
export interface DeepKey {
  readonly offset: number;
}

/**
 * Walks the text and fills in the offsets of `tree`.
 *
 * @param most Stops at the first dotted key with more parts than this and answers it.
 */
export function scan(text: string, tree: Wanted, most = Infinity): DeepKey | undefined {
  const walk = new Walk(text, most);
  let table: Wanted | undefined = tree;
  for (walk.skipLines(); !walk.atEnd() && walk.deep === undefined; walk.skipLines()) {
    const before = walk.at;
    if (walk.char() === "[") table = header(walk, tree);
    else if (!keyValue(walk, table)) break;
    if (walk.at === before) break;
  }
  return walk.deep === undefined ? undefined : { offset: walk.deep };
}

function header(walk: Walk, tree: Wanted): Wanted | undefined {
  const start = walk.at;
  const isList = walk.text.startsWith("[[", start);
  walk.at += isList ? 2 : 1;
  let node: Wanted | undefined = tree;
  walk.key((part) => node = step(current(node), part, start));
  if (isList && node !== undefined) {
    node.tables = (node.tables ?? 0) + 1;
    node = step(node, node.tables - 1, start);
  }
  walk.skipLine();
  return current(node);
}

function keyValue(walk: Walk, table: Wanted | undefined): boolean {
  let node = table;
  walk.key((part, offset) => node = step(current(node), part, offset));
  if (walk.char() !== "=") return false;
  walk.at += 1;
  value(walk, node);
  walk.skipLine();
  return true;
}

function step(
  node: Wanted | undefined,
  part: string | number,
  offset: number,
): Wanted | undefined {
  const child = node?.next.get(part);
  if (child !== undefined) child.offset ??= offset;
  return child;
}

/** A name that stands for a list of tables means the last of them. */
function current(node: Wanted | undefined): Wanted | undefined {
  return node?.tables === undefined ? node : node.next.get(node.tables - 1);
}

/** An open list (with the index of its next element) or inline table. */
interface Open {
  readonly node: Wanted | undefined;
  /** -1 for an inline table. */
  index: number;
}

/** Walks over one value; nesting is kept on a list, since it may be as deep as the file is long. */
function value(walk: Walk, node: Wanted | undefined): void {
  const open: Open[] = [];
  let into = node;
  do {
    walk.skipSpace();
    const char = walk.char();
    if (char === "[" || char === "{") {
      walk.at += 1;
      open.push({ node: into, index: char === "[" ? 0 : -1 });
    } else walk.scalar();
    into = nextItem(walk, open);
  } while (open.length > 0 && !walk.atEnd() && walk.deep === undefined);
}

/** Closes what ends here and steps to the value that comes next. */
function nextItem(walk: Walk, open: Open[]): Wanted | undefined {
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    walk.skipLines();
    if (walk.char() === ",") {
      walk.at += 1;
      walk.skipLines();
    }
    if (walk.char() === "]" || walk.char() === "}") {
      walk.at += 1;
      open.pop();
    } else if (frame.index >= 0) {
      return step(frame.node, frame.index++, walk.at);
    } else {
      let node = frame.node;
      const before = walk.at;
      walk.key((part, offset) => node = step(node, part, offset));
      if (walk.char() === "=") walk.at += 1;
      else if (walk.at === before) walk.at = walk.text.length;
      return node;
    }
  }
  return undefined;
}

/** A place in the text and the steps that move it. Plain loops: a regular expression's own stack has an end. */
class Walk {
  at = 0;
  /** Offset of the key that was too deep. */
  deep: number | undefined;

  constructor(readonly text: string, readonly most: number) {}

  char(): string {
    return this.text[this.at] ?? "";
  }

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  skipSpace(): void {
    while (this.char() === " " || this.char() === "\t") this.at += 1;
  }

  /** Skips spaces, line ends and comments. */
  skipLines(): void {
    for (let char = this.char();; char = this.char()) {
      if (char === "#") this.skipLine();
      else if (char === " " || char === "\n" || char === "\t" || char === "\r") this.at += 1;
      else return;
    }
  }

  /** Goes to the end of the line. */
  skipLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end === -1 ? this.text.length : end;
  }

  /** Skips a value that is neither list nor inline table. */
  scalar(): void {
    const quote = this.char();
    if (quote !== '"' && quote !== "'") this.#until(",]}#\n");
    else if (this.text.startsWith(quote.repeat(3), this.at)) this.#multiline(quote);
    else this.#quoted(quote);
  }

  /** Reads a dotted key; calls `onPart` for each part with the offset where it begins. */
  key(onPart: (part: string, offset: number) => void): void {
    const start = this.at;
    for (let parts = 1;; parts++) {
      this.skipSpace();
      const offset = this.at;
      const quote = this.char();
      if (quote === '"') onPart(unescaped(this.#quoted(quote)), offset);
      else if (quote === "'") onPart(this.#quoted(quote), offset);
      else onPart(this.#until(" \t\r\n.=[]{}\"',#"), offset);
      this.skipSpace();
      if (parts > this.most) this.deep = start;
      if (this.char() !== "." || this.deep !== undefined) return;
      this.at += 1;
    }
  }

  /** Moves to the first of the characters in `stops` and answers what was passed. */
  #until(stops: string): string {
    const start = this.at;
    while (!this.atEnd() && !stops.includes(this.char())) this.at += 1;
    return this.text.slice(start, this.at);
  }

  /** Moves behind a string on one line and answers what stands between its quotes. */
  #quoted(quote: string): string {
    const start = this.at + 1;
    for (this.at = start; !this.atEnd(); this.at++) {
      const char = this.char();
      if (char === "\n") break;
      if (char === quote) return this.text.slice(start, this.at++);
      if (char === "\\" && quote === '"') this.at += 1;
    }
    return this.text.slice(start, this.at);
  }

  #multiline(quote: string): void {
    for (this.at += 3; !this.atEnd(); this.at++) {
      const char = this.char();
      if (char === "\\" && quote === '"') this.at += 1;
      else if (char === quote && this.text.startsWith(quote.repeat(3), this.at)) break;
    }
    this.at += 3;
    // Up to two quotes may stand right before the closing three.
    for (let more = 0; more < 2 && this.char() === quote; more++) this.at += 1;
  }
}

const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g;
const LETTERS: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\x1b",
};

/** What a basic string means. */
function unescaped(quoted: string): string {
  return quoted.replace(ESCAPE, (_, byte, short, long, letter) => {
    if (letter !== undefined) return LETTERS[letter] ?? letter;
    const code = parseInt(byte ?? short ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}
