/** Temporary directories and repositories for the tests of `lib/git`, in which git answers too. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { Buffer } from "node:buffer";
import { decodeName, encodeName, hasEscapedBytes } from "../../lib/base/bytes.ts";
import { byCodeUnit } from "../../lib/base/order.ts";
import { joinNames, splitNames } from "../../lib/git/names.ts";
import { openTree, type OpenTreeOptions } from "../../lib/git/open.ts";
import type { FileState, SelectOptions, Tree } from "../../lib/git/tree.ts";
import { openSys } from "../../lib/sys/open.ts";
import type { Sys } from "../../lib/sys/sys.ts";

/** Variables that let no configuration of this machine in. */
const GIT_ENV = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "t",
  GIT_AUTHOR_EMAIL: "t@example.com",
  GIT_COMMITTER_NAME: "t",
  GIT_COMMITTER_EMAIL: "t@example.com",
  GIT_ALLOW_PROTOCOL: "file",
  LC_ALL: "C",
};

/** A directory of its own, by default a git repository, that is gone when the test is over. */
export class Ground implements Disposable {
  readonly base = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "qik-git-")));
  readonly root = join(this.base, "repo");
  /** Every process that qik's own code started here, as argv. */
  readonly started: (readonly string[])[] = [];
  /** What the environment says to both, qik and git. */
  readonly variables: Readonly<Record<string, string>> = {};

  private constructor(files: Readonly<Record<string, string>>) {
    fs.mkdirSync(this.root);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  /** A repository whose files are not committed yet. */
  static create(
    files: Readonly<Record<string, string>> = {},
    git: readonly string[] = ["-q"],
  ): Ground {
    const ground = new Ground(files);
    ground.git("init", ...git);
    return ground;
  }

  /** Without git. */
  static bare(files: Readonly<Record<string, string>> = {}): Ground {
    return new Ground(files);
  }

  /** The path as both runtimes take it; Deno has no form for one that is not UTF-8, and Bun's `join` breaks it. */
  native(path: string): string | Buffer {
    const whole = `${this.root}/${path}`;
    return hasEscapedBytes(whole) ? Buffer.from(encodeName(whole)) : whole;
  }

  write(path: string, content: string | Uint8Array): void {
    fs.mkdirSync(dirname(join(this.root, path)), { recursive: true });
    fs.writeFileSync(this.native(path), content);
  }

  /** Makes the file as old as a file of a checkout is, so that its stat can be trusted. */
  age(...paths: readonly string[]): void {
    const old = new Date(Date.now() - 3_600_000);
    for (const path of paths) fs.lutimesSync(this.native(path), old, old);
  }

  git(...args: readonly string[]): string {
    return decodeName(this.gitBytes(args));
  }

  gitBytes(args: readonly string[], input?: Uint8Array, cwd = this.root): Buffer {
    const env = {
      ...process.env,
      ...GIT_ENV,
      GIT_CEILING_DIRECTORIES: this.base,
      ...this.variables,
    };
    const options = {
      cwd,
      env,
      maxBuffer: 1 << 28,
      stdio: ["pipe", "pipe", "pipe"] as ["pipe", "pipe", "pipe"],
    };
    return execFileSync("git", [...args], input === undefined ? options : { ...options, input });
  }

  commit(): void {
    this.git("add", "-A");
    this.git("commit", "-q", "--allow-empty", "-m", "change");
  }

  /** The real outside, which remembers the processes that it starts. */
  sys(changes: Partial<Sys> = {}): Sys {
    const sys = openSys();
    const env = { ...sys.env, ...GIT_ENV, GIT_CEILING_DIRECTORIES: this.base };
    return {
      ...sys,
      env: { ...this.variables },
      processes: {
        ...sys.processes,
        capture: (request) => {
          this.started.push(request.argv);
          return sys.processes.capture({ ...request, env: { ...env, ...request.env } });
        },
      },
      ...changes,
    };
  }

  tree(options: Partial<OpenTreeOptions> = {}): Promise<Tree> {
    const stateDir = join(this.base, "state");
    return openTree({ sys: this.sys(), root: this.root, stateDir, ...options });
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.base, { recursive: true, force: true });
  }
}

/** The same ground under a hook's variables. */
export function withVariables(ground: Ground, variables: Readonly<Record<string, string>>): Ground {
  return Object.create(ground, { variables: { value: variables } });
}

/** States of what the pathspecs select. */
export async function look(
  tree: Tree,
  specs: readonly string[] = ["."],
  options?: SelectOptions,
): Promise<readonly FileState[]> {
  return tree.states(await tree.select(specs, options));
}

/** Paths of what the pathspecs select. */
export async function pathsOf(
  tree: Tree,
  specs: readonly string[] = ["."],
  options?: SelectOptions,
): Promise<readonly string[]> {
  return (await tree.select(specs, options)).paths;
}

/**
 * What git says about the same files: `git ls-files` for the names, and for the content the id of the bytes on disk,
 * made here from nothing but the format of git's objects.
 */
export function gitStates(ground: Ground, specs: readonly string[] = ["."]): readonly FileState[] {
  // Without its own records of the working tree, which may be of another moment.
  const git = ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "ls-files", "-z"];
  const tracked = splitNames(ground.gitBytes([...git, "--", ...specs]));
  const others = splitNames(
    ground.gitBytes([...git, "--others", "--exclude-standard", "--", ...specs]),
  );
  const algorithm = ground.git("rev-parse", "--show-object-format").trim();
  const paths = [...new Set([...tracked, ...others])].sort(byCodeUnit);
  return paths.map((path) => rawState(ground, path, algorithm));
}

/** A file's state from its bytes on disk alone. */
export function rawState(ground: Ground, path: string, algorithm: string): FileState {
  const absent: FileState = { path, kind: "absent", digest: "" };
  const parts = path.split("/");
  for (let count = 1; count < parts.length; count++) {
    const parent = fs.lstatSync(ground.native(parts.slice(0, count).join("/")), {
      throwIfNoEntry: false,
    });
    if (!parent?.isDirectory()) return absent;
  }
  const stat = fs.lstatSync(ground.native(path), { throwIfNoEntry: false });
  if (stat === undefined || !(stat.isFile() || stat.isSymbolicLink())) return absent;
  const bytes = stat.isFile()
    ? fs.readFileSync(ground.native(path))
    : fs.readlinkSync(ground.native(path), { encoding: "buffer" });
  const kind = stat.isSymbolicLink() ? "link" : (stat.mode & 0o100) !== 0 ? "exec" : "file";
  return { path, kind, digest: `${algorithm}:${blobId(algorithm, bytes)}` };
}

function blobId(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Ids that `git hash-object --no-filters` gives to files; names must not hold a newline. */
export function gitIds(ground: Ground, paths: readonly string[]): readonly string[] {
  const input = Buffer.from(decodeLines(paths));
  const printed = ground.gitBytes(["hash-object", "--no-filters", "--stdin-paths"], input);
  return decodeName(printed).trimEnd().split("\n");
}

function decodeLines(paths: readonly string[]): Uint8Array {
  return joinNames(paths).map((byte) => byte === 0 ? 0x0a : byte);
}

/** Asserts that qik selects what git selects, with the states that the bytes on disk have. */
export async function assertLikeGit(
  ground: Ground,
  specs: readonly string[] = ["."],
  options: Partial<OpenTreeOptions> = {},
): Promise<void> {
  assert.deepEqual(await look(await ground.tree(options), specs), gitStates(ground, specs));
}
