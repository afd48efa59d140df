import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import process from "node:process";
import { ROOT } from "../root.ts";

/** What to run, from the root of the checkout. */
export interface Command {
  readonly argv: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** After so long everything it started is killed. */
  readonly limitMs?: number;
}

/** How a command ended, with both streams as one text in the order in which they came. */
export interface Ended {
  readonly code: number;
  readonly text: string;
  readonly tookMs: number;
}

/** Runs a command without standard input and keeps its output. Never throws; 127 where it cannot start. */
export function runCommand({ argv, env, limitMs = 20 * 60_000 }: Command): Promise<Ended> {
  const start = performance.now();
  const [file, ...args] = argv;
  const grouped = process.platform !== "win32";
  const child = spawn(file!, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: grouped,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pieces: Uint8Array[] = [];
  child.stdout.on("data", (piece: Uint8Array) => void pieces.push(piece));
  child.stderr.on("data", (piece: Uint8Array) => void pieces.push(piece));
  let late = "";
  const limit = setTimeout(() => {
    late = `\nKilled after ${limitMs / 1000} s\n`;
    killGroup(child.pid, grouped);
  }, limitMs);
  return new Promise((resolve) => {
    const end = (code: number, note: string) => {
      clearTimeout(limit);
      const text = new TextDecoder().decode(Buffer.concat(pieces)) + late + note;
      resolve({ code, text, tookMs: performance.now() - start });
    };
    child.on("error", (error) => end(127, `Cannot start "${file}": ${error.message}\n`));
    child.on("close", (code) => end(code ?? 1, ""));
  });
}

function killGroup(pid: number | undefined, grouped: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(grouped ? -pid : pid, "SIGKILL");
  } catch {
    // It ended in the same moment.
  }
}
