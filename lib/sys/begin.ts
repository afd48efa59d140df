import type { Terminal } from "./sys.ts";

/** As much of the outside as an answer needs that is given before anything else is loaded. */
export interface Beginning {
  readonly args: readonly string[];
  openTerminal(): Promise<Pick<Terminal, "write" | "failure">>;
  exit(code: number): void;
}

/** Loads nothing: see `later.ts` for what node's modules cost. */
export function begin(): Beginning {
  if ("Deno" in globalThis) {
    return {
      args: Deno.args,
      openTerminal: async () => (await import("./early.ts")).earlyTerminal(),
      exit: (code) => Deno.exit(code),
    };
  }
  const { process } = globalThis as unknown as {
    readonly process: { readonly argv: readonly string[]; exit(code: number): void };
  };
  return {
    args: process.argv.slice(2),
    openTerminal: async () => (await import("./terminal.ts")).openTerminal(),
    exit: (code) => process.exit(code),
  };
}
