import { readFile, rm, writeFile } from "node:fs/promises";
import { runCommand } from "../steps/command.ts";
import { ROOT } from "../root.ts";

/** Beside deno.json, so that packages and the lock file are found from it. */
const CONFIG = ".deno.doc.json";

/**
 * Runs the `ts` blocks of doc comments and pages, type-checked.
 *
 * Deno puts an import of everything that the file exports above each block, so the one compiler option that
 * forbids unused names is off here; it holds for the code itself.
 *
 * @returns What went wrong, or `undefined` where all passed.
 */
export async function runDocBlocks(paths: readonly string[]): Promise<string | undefined> {
  const project = JSON.parse(await readFile(`${ROOT}/deno.json`, "utf8"));
  project.compilerOptions.noUnusedLocals = false;
  await writeFile(`${ROOT}/${CONFIG}`, JSON.stringify(project));
  try {
    const argv = [Deno.execPath(), "test", "--doc", "-A", "-q", "--frozen", "--config", CONFIG];
    const { code, text } = await runCommand({ argv: [...argv, ...paths], env: { NO_COLOR: "1" } });
    return code === 0 ? undefined : text.trimEnd();
  } finally {
    await rm(`${ROOT}/${CONFIG}`, { force: true });
  }
}
