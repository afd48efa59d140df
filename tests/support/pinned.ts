/**
 * Python packages at pinned versions from PyPI, installed once into a directory outside of the repository
 * (`QIK_TEST_PACKAGES`, else the user's cache directory) and used again while the pins are the same.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Packages that an interpreter of their own has, and others that only lie there as files. */
export interface Pins {
  readonly importable: readonly string[];
  /** Put into a directory `site` beside `venv`. */
  readonly asFiles?: readonly string[];
}

/**
 * A directory with `venv/bin/python`, and `site` where packages were wanted as files.
 *
 * @param name Tells this set of packages from others.
 * @throws Where there is no python3, no pip or no network: without them nothing would be compared.
 */
export function pinnedPython(name: string, { importable, asFiles = [] }: Pins): string {
  const pins = createHash("sha256").update([...importable, ...asFiles].join("\n")).digest("hex");
  const base = process.env["QIK_TEST_PACKAGES"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "qik-tests");
  const directory = join(base, `${name}-${pins.slice(0, 12)}`);
  if (!existsSync(directory)) install(base, directory, { importable, asFiles });
  return directory;
}

/** Made under another name: what is half there has never the name that is looked for. */
function install(base: string, directory: string, { importable, asFiles }: Required<Pins>): void {
  mkdirSync(base, { recursive: true });
  const half = `${directory}.${process.pid}`;
  const pip = [join(half, "venv", "bin", "python"), "-m", "pip", "install", "-q"];
  const once = "--disable-pip-version-check";
  const run = (argv: readonly string[]) =>
    execFileSync(argv[0]!, argv.slice(1), { stdio: ["ignore", "inherit", "inherit"] });
  try {
    run(["python3", "-m", "venv", join(half, "venv")]);
    run([...pip, once, "--no-deps", ...importable]);
    if (asFiles.length > 0) {
      run([...pip, once, "--no-deps", "--no-compile", "--target", join(half, "site"), ...asFiles]);
    }
    // Another run of the tests may have been faster. The interpreter works at its new place; scripts would not.
    if (existsSync(directory)) return;
    renameSync(half, directory);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}
