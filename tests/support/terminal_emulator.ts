/** What a person sees of bytes that were written to a terminal: a real emulator, not one of ours. */
import unicode from "@xterm/addon-unicode11";
import xterm from "@xterm/headless";
import type { TerminalRun } from "./pseudo_terminal.ts";

/** End of a synchronised update: between two of them a person sees nothing. */
const SHOWN = "\x1b[?2026l";

/** A terminal of today: wide characters and emoji take two columns, lines are broken anew when it gets another size. */
export class Emulator implements Disposable {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor(columns: number, rows: number) {
    const options = { cols: columns, rows, scrollback: 10_000, allowProposedApi: true };
    this.#terminal = new xterm.Terminal(options);
    this.#terminal.loadAddon(new unicode.Unicode11Addon());
    this.#terminal.unicode.activeVersion = "11";
  }

  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((done) => this.#terminal.write(bytes, done));
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** All that was ever shown, rows that scrolled away included; trailing blanks and empty rows dropped. */
  text(): string {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let row = 0; row < active.length; row++) {
      lines.push(active.getLine(row)!.translateToString(true).trimEnd());
    }
    while (lines.at(-1) === "") lines.pop();
    return lines.map((line) => `${line}\n`).join("");
  }

  /** The widest row, in columns; a row that goes on in the next one counts as one more than there are. */
  get widest(): number {
    const { active } = this.#terminal.buffer;
    let widest = 0;
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row)!;
      if (line.isWrapped) return this.#terminal.cols + 1;
      for (let column = 0; column < line.length; column++) {
        if (line.getCell(column)!.getChars().trim() !== "") {
          widest = Math.max(widest, column + line.getCell(column)!.getWidth());
        }
      }
    }
    return widest;
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }
}

/** What was seen at one moment. */
export interface Seen {
  readonly text: string;
  readonly widest: number;
}

/**
 * Shows what a program wrote, update by update.
 *
 * @param sizes The size at the start, then that after each step which changed it, with the step's place.
 * @param at Called whenever something becomes visible, with how many bytes have been shown.
 */
export async function replayed(
  { bytes }: Pick<TerminalRun, "bytes">,
  sizes: readonly { readonly at: number; readonly columns: number; readonly rows: number }[],
  at: (shown: number, seen: () => Seen) => void,
): Promise<string> {
  const first = sizes[0]!;
  using emulator = new Emulator(first.columns, first.rows);
  const later = sizes.slice(1);
  for (const [from, to] of updates(bytes, later.map((one) => one.at))) {
    await emulator.write(bytes.subarray(from, to));
    at(to, () => ({ text: emulator.text(), widest: emulator.widest }));
    for (const { columns, rows } of later.filter((one) => one.at === to)) {
      emulator.resize(columns, rows);
    }
  }
  return emulator.text();
}

/** Where the bytes are cut: behind each update, and where the size changed. */
function updates(bytes: Uint8Array, also: readonly number[]): [number, number][] {
  const text = new TextDecoder("latin1").decode(bytes);
  const ends = new Set([...also, bytes.length]);
  for (let end = text.indexOf(SHOWN); end >= 0; end = text.indexOf(SHOWN, end + 1)) {
    ends.add(end + SHOWN.length);
  }
  const cuts = [...ends].sort((a, b) => a - b);
  return cuts.map((to, index) => [cuts[index - 1] ?? 0, to]);
}
