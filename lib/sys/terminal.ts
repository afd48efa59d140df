import { fstatSync, writeSync } from "node:fs";
import process from "node:process";
import { openOutput } from "./output.ts";
import type { Stream, Terminal } from "./sys.ts";

const DESCRIPTORS: Readonly<Record<Stream, number>> = { out: 1, err: 2 };
/** Linux's numbers for consoles and serial lines, and for pseudo-terminals. */
const TERMINAL_MAJORS = new Set([4, 5, 136, 137, 138, 139, 140, 141, 142, 143]);
const NULL_DEVICE = 0x103;

/** Asks `node:tty` only where nothing simpler tells: loading it takes Bun 8 ms. */
function isTerminal(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    if (process.platform !== "win32" && !stat.isCharacterDevice()) return false;
    if (process.platform === "linux" && stat.rdev === NULL_DEVICE) return false;
    if (process.platform === "linux" && TERMINAL_MAJORS.has(stat.rdev >> 8 & 0xfff)) return true;
  } catch {
    // Closed, or of a kind that cannot be asked.
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** What Node's terminals have, and Deno's and Bun's with them. */
interface Sized {
  readonly columns?: number;
  readonly rows?: number;
  _refreshSize?(): void;
}

/** The terminal, or whatever standard output and standard error are. */
export function openTerminal(): Terminal {
  return {
    isTerminal: (stream) => isTerminal(DESCRIPTORS[stream]),
    size() {
      if (!isTerminal(DESCRIPTORS.out) && !isTerminal(DESCRIPTORS.err)) {
        return { columns: 80, rows: 24 };
      }
      const stream: Sized = process.stdout.isTTY ? process.stdout : process.stderr;
      // The runtimes look for themselves at SIGWINCH only, and after our listener has been called: what was drawn then
      // would be for the size before.
      stream._refreshSize?.();
      const { columns, rows } = stream;
      return { columns: columns || 80, rows: rows || 24 };
    },
    ...openOutput((stream, bytes) => writeSync(DESCRIPTORS[stream], bytes)),
    onResize(listener) {
      if (!isTerminal(1) && !isTerminal(2)) return () => {};
      process.on("SIGWINCH", listener);
      return () => void process.off("SIGWINCH", listener);
    },
  };
}
