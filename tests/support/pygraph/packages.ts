/**
 * Python packages to compare with, at pinned versions from PyPI: real code, and grimp, whose graph is the reference.
 *
 * They are installed once into a directory outside of the repository (`QIK_TEST_PACKAGES`, else the user's cache
 * directory), about 30 MB to download and 90 MB on disk, and used again while the pins are the same.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const GRIMP = ["grimp==3.20"];
const CODE = [
  "Django==5.2.8",
  "SQLAlchemy==2.0.44",
  // These share the namespace package `google`.
  "google-api-core==2.28.1",
  "google-auth==2.43.0",
  "google-cloud-core==2.5.0",
  "google-cloud-storage==3.6.0",
  "googleapis-common-protos==1.72.0",
];

export interface PinnedPackages {
  /** An interpreter that has grimp. */
  readonly python: string;
  /** The directory that the packages lie in, and nothing else. */
  readonly site: string;
}

/** @throws Where there is no python3, no pip or no network: without them nothing would be compared. */
export function pinnedPackages(): PinnedPackages {
  const pins = createHash("sha256").update([...GRIMP, ...CODE].join("\n")).digest("hex");
  const base = process.env["QIK_TEST_PACKAGES"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "qik-tests");
  const directory = join(base, `pygraph-${pins.slice(0, 12)}`);
  if (!existsSync(directory)) install(base, directory);
  return { python: join(directory, "venv", "bin", "python"), site: join(directory, "site") };
}

/** Made under another name: what is half there has never the name that is looked for. */
function install(base: string, directory: string): void {
  mkdirSync(base, { recursive: true });
  const half = `${directory}.${process.pid}`;
  const pip = [join(half, "venv", "bin", "python"), "-m", "pip", "install", "-q", "--no-deps"];
  const run = (argv: readonly string[]) =>
    execFileSync(argv[0]!, argv.slice(1), { stdio: ["ignore", "inherit", "inherit"] });
  try {
    run(["python3", "-m", "venv", join(half, "venv")]);
    run([...pip, "--disable-pip-version-check", ...GRIMP]);
    run([
      ...pip,
      "--disable-pip-version-check",
      "--no-compile",
      "--target",
      join(half, "site"),
      ...CODE,
    ]);
    // Another run of the tests may have been faster. The interpreter works at its new place; scripts would not.
    if (existsSync(directory)) return;
    renameSync(half, directory);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}
