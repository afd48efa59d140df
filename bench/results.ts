import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/root.ts";
import { runCommand } from "../scripts/steps/command.ts";

/** Writes what was measured, with the commit and the machine, and returns where: a path relative to the root. */
export async function writeResults(results: object): Promise<string> {
  const stamp = new Date().toISOString().replace(/[:.]/g, "-");
  const path = `bench/results/${stamp}.json`;
  const { text } = await runCommand({ argv: ["git", "rev-parse", "--short=12", "HEAD"] });
  const machine = {
    processor: cpus()[0]?.model ?? "unknown",
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${Deno.build.os} ${release()}`,
  };
  await mkdir(join(ROOT, "bench/results"), { recursive: true });
  const whole = { at: new Date().toISOString(), commit: text.trim(), machine, ...results };
  await writeFile(join(ROOT, path), JSON.stringify(whole, undefined, 2) + "\n");
  return path;
}
