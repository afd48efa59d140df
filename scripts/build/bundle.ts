import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../root.ts";
import { runCommand } from "../steps/command.ts";
import { findBun } from "./bun.ts";

/** Where {@link bundle} puts qik for `tests/cli`, below the checkout. */
export const BUNDLE = "dist/deno";

/** The words for `bun build`, without the program: plain JavaScript, with a file for each part that may wait. */
function bundleArguments(directory: string): string[] {
  return [
    "build",
    "--target=node",
    "--format=esm",
    "--splitting",
    `--outdir=${directory}`,
    "main.ts",
  ];
}

/**
 * Puts `main.ts` and all that it needs into a few files that Deno starts in two thirds of the time: the modules of qik
 * and its packages are no longer looked for one by one. What was there before is replaced as a whole.
 *
 * @throws {Error} With what the bundler said.
 */
export async function bundle(directory: string = BUNDLE): Promise<void> {
  const [place, draft, old] = ["", `.new-${Deno.pid}`, `.old-${Deno.pid}`]
    .map((end) => join(ROOT, directory + end)) as [string, string, string];
  try {
    await mkdir(draft, { recursive: true });
    const argv = [await findBun(), ...bundleArguments(draft)];
    const { code, text } = await runCommand({ argv });
    if (code !== 0) throw new Error(`Cannot bundle main.ts\n${text.trimEnd()}`);
    await rename(place, old).catch(() => {});
    await rename(draft, place);
  } finally {
    for (const path of [draft, old]) await rm(path, { recursive: true, force: true });
  }
}
