import process from "node:process";
import type { Terminal } from "./sys.ts";
import { openTerminal } from "./terminal.ts";

/** As much of the outside as an answer needs that is given before anything else is loaded. */
export interface Beginning {
  readonly args: readonly string[];
  readonly terminal: Pick<Terminal, "write" | "failure">;
  exit(code: number): void;
}

export function begin(): Beginning {
  return {
    args: process.argv.slice(2),
    terminal: openTerminal(),
    exit: (code) => process.exit(code),
  };
}
