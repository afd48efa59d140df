import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { CHECKOUT, qikCommand, type Repo } from "./repo.ts";

/**
 * What to do when the program has printed a text, after that of the step before: type something, make the window
 * another size, run a shell command, or nothing, where only the moment counts.
 */
export interface Step {
  readonly when: string;
  readonly send?: string;
  readonly resize?: readonly [columns: number, rows: number];
  readonly run?: string;
}

/** What to do at a time, whatever the program does then; not at all where it has ended before. */
export interface TimedStep {
  readonly afterMs: number;
  readonly send?: string;
  readonly signal?: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGCONT";
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** One after the other. All of them must have happened when the program ends. */
  readonly steps?: readonly Step[];
  readonly timed?: readonly TimedStep[];
  /** Added to the environment; `NO_COLOR` of the rig is taken away. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TerminalRun {
  /** Negative where a signal ended the program. */
  readonly code: number;
  /** Whether all modes of the terminal were what they had been. */
  readonly restored: boolean;
  /** Everything that was written to the terminal, its own echo of what was typed included. */
  readonly output: string;
  /** The same as bytes, and how many of them there were when each step was taken. */
  readonly bytes: Uint8Array;
  readonly marks: readonly number[];
}

/** Runs qik as in a terminal window. */
export async function inTerminal(
  repo: Repo,
  args: readonly string[],
  { columns = 80, rows = 24, steps = [], timed = [], env = {} }: TerminalOptions = {},
): Promise<TerminalRun> {
  const wanted = { argv: [...qikCommand(), ...args], columns, rows, steps, timed };
  const own = repo.with({
    stdin: JSON.stringify(wanted),
    env: { NO_COLOR: undefined, TERM: "xterm-256color", ...env },
  });
  const driver = join(CHECKOUT, "tests/support/pseudo_terminal.py");
  const { code, out } = await own.run("python3", driver);
  assert.equal(code, 0, repo.log);
  const answer = JSON.parse(out);
  const bytes = Buffer.from(answer.output, "base64");
  const output = new TextDecoder().decode(bytes);
  assert.equal(answer.stepsLeft, 0, `Ended before all steps were taken:\n${output}`);
  return { code: answer.code, restored: answer.restored, output, bytes, marks: answer.marks };
}
