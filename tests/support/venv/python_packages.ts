/** Small wheels written on disk, so that the tools of environments need no index. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { TestPackage, Want } from "./contract.ts";

/** Writes a wheel for each package, and a directory that is an index of them. */
export function writeWheels(directory: string, packages: readonly TestPackage[]): void {
  mkdirSync(directory, { recursive: true });
  const script = fileURLToPath(new URL("packages.py", import.meta.url));
  execFileSync("python3", [script, directory], { input: JSON.stringify(packages) });
}

/** Where tools for tests are kept between runs. */
export function keptTools(): string {
  return process.env["QIK_TEST_PACKAGES"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "qik-tests");
}

/**
 * A directory that `make` fills, kept under its name for the next run of the tests. Made under another name: what is
 * half there has never the name that is looked for.
 *
 * @throws Where it cannot be made: without the tool nothing would be tested.
 */
export function kept(name: string, make: (half: string) => void): string {
  const directory = join(keptTools(), name);
  if (existsSync(directory)) return directory;
  const half = `${directory}.${process.pid}`;
  try {
    mkdirSync(half, { recursive: true });
    make(half);
    // Another run of the tests may have been faster.
    if (!existsSync(directory)) renameSync(half, directory);
    return directory;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

/** A line of a requirement file. */
export function requirement({ name, version, wheel }: Want): string {
  return wheel === undefined ? `${name}${version ? `==${version}` : ""}\n` : `./${wheel}\n`;
}
