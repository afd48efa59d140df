import { readFile, rm } from "node:fs/promises";
import type { Tool } from "./tools.ts";

/**
 * In front of a program: it goes before everything else that the machine does (Linux, root), as if there were nothing
 * else. Disk and memory are shared all the same.
 */
export const ALONE: readonly string[] = ["chrt", "-f", "1"];

/** Robust centre and spread, in the unit of the samples. */
export interface Summary {
  readonly median: number;
  /** Median distance from the median. */
  readonly spread: number;
  readonly least: number;
}

/**
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { summary } from "./measure.ts";
 * assert.deepEqual(summary([10, 11, 10, 90, 12]), { median: 11, spread: 1, least: 10 });
 * ```
 */
export function summary(samples: readonly number[]): Summary {
  const middle = (list: readonly number[]) => {
    const sorted = list.toSorted((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  };
  const median = middle(samples);
  const spread = middle(samples.map((sample) => Math.abs(sample - median)));
  return { median, spread, least: Math.min(...samples) };
}

/**
 * The order in which tools take turns in a round: whoever follows a rival's cold run meets a busy disk, so that over as
 * many rounds as there are tools each goes first once, and each follows each other once (an even number of tools;
 * Williams, 1949).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { orderOf } from "./measure.ts";
 * assert.deepEqual([0, 1, 2, 3].map((round) => orderOf(4, round).join("")), ["0132", "1203", "2310", "3021"]);
 * ```
 */
export function orderOf(tools: number, round: number): readonly number[] {
  const zigzag = Array.from(
    { length: tools },
    (_, at) => at % 2 === 1 ? (at + 1) / 2 : tools - at / 2,
  );
  return zigzag.map((at) => (at + round) % tools);
}

/** Wall time of one run of the whole process, in milliseconds. A run that fails ends the benchmark. */
export function timeRun(tool: Tool, directory: string): number {
  const start = performance.now();
  run(tool.argv, tool, directory);
  return performance.now() - start;
}

/**
 * Peak resident memory of one run, in MiB: the largest single process, as the operating system counts it.
 *
 * @returns `undefined` where GNU time is missing.
 */
export async function peakMemory(tool: Tool, directory: string): Promise<number | undefined> {
  // Beside it: a new file inside would be a change, and the run no longer a warm one.
  const file = `${directory}.peak`;
  const time = ["/usr/bin/time", "-f", "%M", "-o", file];
  try {
    run([...time, ...tool.argv], tool, directory);
    return Number(await readFile(file, "utf8")) / 1024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await rm(file, { force: true });
  }
}

function run(argv: readonly string[], { name, env }: Tool, directory: string): void {
  const [file, ...args] = argv;
  const command = new Deno.Command(file!, { args, cwd: directory, env: { ...env }, stdin: "null" });
  const { code, stdout, stderr } = command.outputSync();
  if (code === 0) return;
  const decoder = new TextDecoder();
  throw new Error(`${name} ended with ${code}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}
