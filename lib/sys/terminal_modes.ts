import process from "node:process";

/**
 * Remembers how the terminal on standard input echoes, buffers and so on; no runtime has a call for it.
 *
 * @returns How to bring that back, `undefined` where there is no terminal. Never throws.
 */
export function terminalModes(): (() => void) | undefined {
  // Loaded here, since only commands that own the terminal need them: both load the runtime's streams (3 ms).
  const { isatty } = process.getBuiltinModule("node:tty");
  if (process.platform === "win32" || !isatty(0)) return undefined;
  const modes = stty("-g")?.trim();
  return modes === undefined ? undefined : () => void stty(modes);
}

function stty(words: string): string | undefined {
  try {
    const { execFileSync } = process.getBuiltinModule("node:child_process");
    const stdio = ["inherit", "pipe", "ignore"] as ["inherit", "pipe", "ignore"];
    // Without a time limit: given one, Deno starts it in another group, which the terminal stops.
    return execFileSync("stty", [words], { stdio, encoding: "utf8" });
  } catch {
    return undefined;
  }
}
