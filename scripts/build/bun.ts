import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../steps/command.ts";
import { ROOT } from "../root.ts";

/**
 * The Bun executable that the package registry brought, ready to be run.
 *
 * The package `bun` is a launcher that wants an install script; the executables lie in one package per
 * platform, which Deno puts below node_modules/.deno. On Linux both the glibc and the musl one are there,
 * so the first that starts is taken.
 *
 * @throws {Error} Where none starts, also after an install.
 */
export async function findBun(): Promise<string> {
  const found = await firstThatStarts();
  if (found !== undefined) return found;
  const installed = await runCommand({ argv: [Deno.execPath(), "install", "--frozen"] });
  const again = await firstThatStarts();
  if (again !== undefined) return again;
  throw new Error(`Cannot find a Bun that starts on this machine\n${installed.text}`);
}

async function firstThatStarts(): Promise<string | undefined> {
  const store = join(ROOT, "node_modules", ".deno");
  const version = await pinnedVersion();
  const names = await readdir(store).catch(() => []);
  for (const name of names.sort()) {
    if (!name.startsWith("@oven+bun-") || !name.endsWith(`@${version}`)) continue;
    const scope = name.slice("@oven+".length, -version.length - 1);
    const file = process.platform === "win32" ? "bun.exe" : "bun";
    const path = join(store, name, "node_modules", "@oven", scope, "bin", file);
    if (!await stat(path).then(() => true, () => false)) continue;
    const { code, text } = await runCommand({ argv: [path, "--version"] });
    if (code === 0 && text.trim() === version) return path;
  }
  return undefined;
}

async function pinnedVersion(): Promise<string> {
  const project = JSON.parse(await readFile(join(ROOT, "deno.json"), "utf8"));
  return String(project.imports.bun).split("@").at(-1)!;
}
