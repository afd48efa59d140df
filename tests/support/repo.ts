/**
 * The rig: qik as its users run it, in a temporary git repository, with a closed environment.
 *
 * The program under test is the executable named by `QIK_BIN` (relative to the checkout or absolute), else what Deno
 * runs: the bundle named by `QIK_BUNDLE`, which starts in two thirds of the time, else `main.ts`. `QIK_KEEP=1` leaves the directories in place and prints where they are.
 */
import assert from "node:assert/strict";
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type RanBytes, Running, type RunningOptions } from "./running.ts";

export type { RanBytes };

/** The checkout that holds this file. */
export const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[/\\]$/, "");

/** How a program ended: `code` is 128 + N where signal N ended it. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Files of a repository: path to text or bytes; a value ending in `/` of the path makes a directory. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** What differs for the runs of one handle; see {@link Repo.with}. */
export interface RunOptions {
  /** Added to the closed environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Relative to the root. */
  readonly cwd?: string;
  /** Standard input; empty where unset. */
  readonly stdin?: string | Uint8Array;
  /** The outer time limit; the program is killed and the test fails. Default 120,000. */
  readonly limitMs?: number;
}

/** What all handles of one temporary repository share. */
interface Shared {
  /** Holds `repo/` and `home/`, and is removed as a whole. */
  readonly base: string;
  readonly log: string[];
  readonly running: Set<Running>;
}

/**
 * A temporary git repository and the means to run qik in it.
 *
 * ```ts ignore
 * await using repo = await Repo.create({ "qik.toml": '[commands]\nhello = "echo hi"\n' });
 * assert.equal((await repo.qik("hello")).out, "hi\n");
 * ```
 */
export class Repo implements AsyncDisposable {
  private constructor(
    /** The repository's directory, with all symlinks resolved. */
    readonly root: string,
    private readonly shared: Shared,
    private readonly options: RunOptions,
  ) {}

  /** Makes the directory, writes the files and, unless `git` is false, commits them. */
  static async create(files: Tree = {}, { git = true } = {}): Promise<Repo> {
    const base = await realpath(await mkdtemp(join(tmpdir(), "qik-")));
    await mkdir(join(base, "home"));
    await mkdir(join(base, "repo"));
    const repo = new Repo(join(base, "repo"), { base, log: [], running: new Set() }, {});
    await repo.write(files);
    if (git) {
      await repo.git("init", "-q", "-b", "main");
      await repo.commit("first");
    }
    return repo;
  }

  /** Another handle on the same repository whose runs differ as said; options add up. */
  with(options: RunOptions): Repo {
    const env = { ...this.options.env, ...options.env };
    return new Repo(this.root, this.shared, { ...this.options, ...options, env });
  }

  /** All that ran so far, with output: the first thing to read when a test fails. */
  get log(): string {
    return this.shared.log.join("\n");
  }

  /** The file's absolute path. */
  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  /** Writes files and their parents; a path that ends in `/` is an empty directory. */
  async write(files: Tree): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const whole = this.path(path);
      await mkdir(path.endsWith("/") ? whole : dirname(whole), { recursive: true });
      if (!path.endsWith("/")) await writeFile(whole, content);
    }
  }

  /** Writes one file that may be executed. */
  async writeScript(path: string, text: string): Promise<void> {
    await this.write({ [path]: text });
    await chmod(this.path(path), 0o755);
  }

  read(path: string): Promise<string> {
    return readFile(this.path(path), "utf8");
  }

  readBytes(path: string): Promise<Uint8Array> {
    return readFile(this.path(path));
  }

  /** Whether anything stands at the path, a broken symlink included. */
  async exists(path: string): Promise<boolean> {
    return await lstat(this.path(path)).then(() => true, () => false);
  }

  /** Removes a file or a whole directory; no error where nothing stands there. */
  async remove(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(this.path(path), { recursive: true, force: true });
  }

  /** Runs git, which must succeed, and returns what it printed. */
  async git(...args: readonly string[]): Promise<string> {
    const ran = await this.run("git", ...args);
    assert.equal(ran.code, 0, `git ${args.join(" ")}\n${this.log}`);
    return ran.out;
  }

  /** Adds everything and commits it. */
  async commit(message = "change"): Promise<void> {
    await this.git("add", "-A");
    await this.git("commit", "-q", "--allow-empty", "-m", message);
  }

  /** Runs any program to its end. */
  async run(file: string, ...args: readonly string[]): Promise<Ran> {
    return text(await this.start(file, ...args).ended);
  }

  /** Runs qik to its end. Output is decoded as UTF-8; use {@link qikBytes} where bytes matter. */
  async qik(...args: readonly string[]): Promise<Ran> {
    return text(await this.startQik(...args).ended);
  }

  /** Runs qik, which must exit with 0. */
  async must(...args: readonly string[]): Promise<Ran> {
    const ran = await this.qik(...args);
    assert.equal(ran.code, 0, `qik ${args.join(" ")}\n${this.log}`);
    return ran;
  }

  qikBytes(...args: readonly string[]): Promise<RanBytes> {
    return this.startQik(...args).ended;
  }

  /** Starts qik and returns while it runs: for signals, gates and watching. */
  startQik(...args: readonly string[]): Running {
    const [file, ...first] = qikCommand();
    return this.start(file!, ...first, ...args);
  }

  /** Writes a script that starts qik, whatever is under test, and returns the directory to put into PATH. */
  async writeProgram(): Promise<string> {
    const words = qikCommand().map((word) => `'${word}'`).join(" ");
    await this.writeScript("../bin/qik", `#!/bin/sh\nexec ${words} "$@"\n`);
    return join(this.shared.base, "bin");
  }

  /** Starts any program in the repository with the closed environment. */
  start(file: string, ...args: readonly string[]): Running {
    const { cwd = "", stdin, limitMs = 120_000 } = this.options;
    const options: RunningOptions = {
      cwd: this.path(cwd),
      env: this.environment(),
      limitMs,
      ...(stdin === undefined ? {} : { stdin }),
    };
    const running = new Running([file, ...args], options, (line) => this.shared.log.push(line));
    this.shared.running.add(running);
    return running;
  }

  /** No HOME, git configuration, locale, colour or terminal of the person who runs the tests. */
  environment(): Record<string, string> {
    const home = join(this.shared.base, "home");
    const env: Record<string, string | undefined> = {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      TMPDIR: home,
      LC_ALL: "C",
      TZ: "UTC",
      NO_COLOR: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CEILING_DIRECTORIES: this.shared.base,
      GIT_AUTHOR_NAME: "t",
      GIT_AUTHOR_EMAIL: "t@example.com",
      GIT_COMMITTER_NAME: "t",
      GIT_COMMITTER_EMAIL: "t@example.com",
      GIT_AUTHOR_DATE: "2000-01-01T00:00:00Z",
      GIT_COMMITTER_DATE: "2000-01-01T00:00:00Z",
      ...denoEnvironment(),
      ...this.options.env,
    };
    return Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  /** Kills what still runs and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.shared.running) await running.kill();
    if (process.env["QIK_KEEP"]) console.error(`kept ${this.root}`);
    else await rm(this.shared.base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * A test with a repository of its own. When it fails, every command that ran is printed with its output.
 */
export function repoTest(name: string, files: Tree, body: (repo: Repo) => Promise<void>): void {
  Deno.test(name, async () => {
    await using repo = await Repo.create(files);
    try {
      await body(repo);
    } catch (error) {
      console.error(`--- ${name}: what ran\n${repo.log}`);
      throw error;
    }
  });
}

/** Whether the program under test is the built executable. */
export function isExecutable(): boolean {
  return (process.env["QIK_BIN"] ?? "") !== "";
}

/** For a bundle: what `deno.json` says of `main.ts`, and functions are compiled once for all runs, not in each. */
const BUNDLED = [
  ...["-A", "-q", "--no-config", "--no-lock", "--unstable-lazy-dynamic-imports"],
  "--v8-flags=--no-lazy",
];

/** The words that start qik, before its arguments. */
export function qikCommand(): readonly string[] {
  const inCheckout = (path: string) => isAbsolute(path) ? path : join(CHECKOUT, path);
  const named = process.env["QIK_BIN"] ?? "";
  if (named !== "") return [inCheckout(named)];
  const bundle = process.env["QIK_BUNDLE"] ?? "";
  if (bundle !== "") return [Deno.execPath(), "run", ...BUNDLED, inCheckout(bundle)];
  const config = join(CHECKOUT, "deno.json");
  return [Deno.execPath(), "run", "-A", "-q", "--config", config, join(CHECKOUT, "main.ts")];
}

/**
 * Deno finds its caches through HOME, which the rig replaces, so they are named; nothing is fetched or
 * checked for while tests run.
 */
function denoEnvironment(): Record<string, string> {
  if (isExecutable()) return {};
  return { DENO_DIR: denoDirectory(), DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" };
}

/** Where the Deno that runs the tests keeps its caches. */
export function denoDirectory(): string {
  const named = process.env["DENO_DIR"] ?? "";
  if (named !== "") return named;
  const home = process.env["HOME"] ?? process.env["USERPROFILE"] ?? "";
  if (Deno.build.os === "darwin") return join(home, "Library", "Caches", "deno");
  if (Deno.build.os === "windows") return join(process.env["LOCALAPPDATA"] ?? home, "deno");
  return join(process.env["XDG_CACHE_HOME"] ?? join(home, ".cache"), "deno");
}

function text({ code, out, err }: RanBytes): Ran {
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(out), err: decoder.decode(err) };
}

/** Whether a program is to be had in PATH. Tests of a missing reference tool fail, they are not skipped. */
export async function inPath(program: string): Promise<boolean> {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    if (directory === "") continue;
    const found = await lstat(join(directory, program)).then(() => true, () => false);
    if (found) return true;
  }
  return false;
}
