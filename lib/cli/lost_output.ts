import type { Terminal } from "../sys/sys.ts";

/** @returns 1 where output was lost (a full disk, say), so that scripts do not take what arrived for all. */
export function tellLostOutput(terminal: Pick<Terminal, "write" | "failure">): number {
  const write = (stream: "out" | "err", text: string) =>
    terminal.write(stream, new TextEncoder().encode(text));
  const out = terminal.failure("out");
  const err = terminal.failure("err");
  if (out !== undefined) write("err", `Cannot write to standard output: ${out}\n`);
  else if (err !== undefined) write("out", `Cannot write to standard error: ${err}\n`);
  return out === undefined && err === undefined ? 0 : 1;
}
