import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A repository that is ready to run qik in, and what is known about its tasks. */
export interface RealRepository {
  readonly directory: string;
  readonly tasks: number;
  /** The directory that all artifacts are in. */
  readonly artifacts: string;
  /** One change of one file, and the number of tasks that it concerns. */
  readonly edit: {
    readonly what: string;
    readonly file: string;
    readonly text: string;
    readonly ran: number;
  };
  /** A digest of all artifacts. */
  result(): string;
}

/** Runs a program, which must succeed. */
export function run(cwd: string, file: string, ...args: readonly string[]): string {
  return execFileSync(file, [...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Unpacks a published source and makes a git repository of it, with some files of ours. */
export function repositoryOf(
  directory: string,
  archive: string,
  files: Readonly<Record<string, string>>,
): void {
  mkdirSync(directory);
  run(directory, "tar", "xzf", archive, "--strip-components=1");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  run(directory, "git", "init", "-q");
  run(directory, "git", "add", "-A");
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  run(directory, "git", ...who, "commit", "-q", "-m", "as published");
}

/** Digest of the names and bytes of all files below a directory. */
export function digestOf(directory: string): string {
  const digest = createHash("sha256");
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
    join(parentPath, name)
  );
  for (const file of files.sort()) {
    digest.update(`${file}\0`).update(readFileSync(file)).update("\0");
  }
  return digest.digest("hex");
}
