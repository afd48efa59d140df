import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setImmediate } from "node:timers";

/** The state of a process as a letter (Linux); unset where it is gone, or dead and unburied. */
export async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const state = /\) (\w) /.exec(stat)?.[1];
  return state === "Z" || state === "X" ? undefined : state;
}

/** Those of them that still run. */
export async function running(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(pids.map(stateOf));
  return pids.filter((_, at) => states[at] !== undefined);
}

/** Waits until it is so; the outer limit of the test ends what never is. */
export async function until(
  isSo: () => Promise<boolean>,
  what: () => Promise<string> | string,
): Promise<void> {
  const limit = performance.now() + 60_000;
  while (!await isSo()) {
    if (performance.now() > limit) assert.fail(await what());
    await new Promise((done) => setImmediate(done));
  }
}

/** Numbers of processes that commands wrote into a file, one a line. */
export async function writtenPids(file: string): Promise<number[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "").map(Number);
}
