import { dirname, resolve } from "node:path";
import { decodeName } from "../base/bytes.ts";
import { QikError } from "../base/problems.ts";
import type { Captured, Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";

/** In git's own directory. */
const READ_BY_GIT = ["HEAD", "config", "index", "info/exclude"];
/** No repository takes git as long as this; whatever it waits for will not come. */
const MOST_MS = 600_000;

/** A git repository as found from a directory inside of it. */
export interface Repository {
  /** Top of its working tree. */
  readonly top: string;
  readonly gitDirectory: string;
  readonly indexPath: string;
  /** What git must be told so that it finds the same, from whatever directory. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * No locks against the user's own git, messages that can be read by a program, and none of what `git
 * --literal-pathspecs` and its like tell the hooks that they start: `check-ignore` refuses all of these.
 */
const QUIET = {
  GIT_OPTIONAL_LOCKS: "0",
  LC_ALL: "C",
  GIT_LITERAL_PATHSPECS: "0",
  GIT_GLOB_PATHSPECS: "0",
  GIT_NOGLOB_PATHSPECS: "0",
  GIT_ICASE_PATHSPECS: "0",
};
/** Set by git for its hooks. They mean the outer repository and are relative to where the hook started. */
const HOOK_VARIABLES = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] as const;
/** Both let git believe a record of the working tree instead of the working tree. */
const NO_SHORTCUTS = ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"];

/**
 * The repository that holds `root`; `undefined` where there is none.
 *
 * @param inner A submodule or nested repository: what a hook's variables say is not about it.
 */
export function findRepository(sys: Sys, root: string, inner = false): Repository | undefined {
  const [gitVariable, treeVariable, indexVariable] = HOOK_VARIABLES.map((name) => sys.env[name]);
  const inHook = [gitVariable, treeVariable, indexVariable].some((value) => value !== undefined);
  const found = findUpward(sys, root);
  if (found === undefined && (inner || gitVariable === undefined)) return undefined;
  if (!inHook || inner) {
    const indexPath = `${found!.gitDirectory}/index`;
    return { ...found!, indexPath, env: inHook ? hookEnv(found!, indexPath) : QUIET };
  }
  const gitDirectory = gitVariable === undefined
    ? found!.gitDirectory
    : resolve(sys.machine.cwd, gitVariable);
  const top = treeVariable === undefined
    ? found?.top ?? sys.machine.cwd
    : resolve(sys.machine.cwd, treeVariable);
  // git changes to the top before it opens the index.
  const indexPath = indexVariable === undefined
    ? `${gitDirectory}/index`
    : resolve(top, indexVariable);
  return { top, gitDirectory, indexPath, env: hookEnv({ top, gitDirectory }, indexPath) };
}

type Place = Pick<Repository, "top" | "gitDirectory">;

function hookEnv({ top, gitDirectory }: Place, indexPath: string): Record<string, string> {
  return { ...QUIET, GIT_DIR: gitDirectory, GIT_WORK_TREE: top, GIT_INDEX_FILE: indexPath };
}

function findUpward({ files }: Sys, root: string): Place | undefined {
  for (let at = root;; at = dirname(at)) {
    const path = at.endsWith("/") ? `${at}.git` : `${at}/.git`;
    const stat = unlessClosed(() => files.stat(path));
    if (stat?.kind === "directory") return { top: at, gitDirectory: path };
    if (stat?.kind === "file") {
      const bytes = unlessClosed(() => files.read(path)) ?? new Uint8Array();
      const named = /^gitdir: ([^\n]*)/.exec(decodeName(bytes));
      return { top: at, gitDirectory: named === null ? path : resolve(at, named[1]!) };
    }
    if (at === dirname(at)) return undefined;
  }
}

/** Runs git in a directory. */
export class Git {
  constructor(
    private readonly sys: Sys,
    private readonly cwd: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /**
   * Runs git to its end, whatever it answers.
   *
   * @throws {QikError} `git-failed` where it would wait for a named pipe.
   */
  // deno-lint-ignore require-await -- what is thrown is the promise's
  async ask(args: readonly string[], stdin?: Uint8Array): Promise<Captured> {
    this.#refusePipes(args);
    return this.sys.processes.capture({
      argv: ["git", ...NO_SHORTCUTS, ...args],
      cwd: this.cwd,
      env: this.env,
      timeoutMs: MOST_MS,
      ...(stdin === undefined ? {} : { stdin }),
    });
  }

  /** git opens its files without asking what they are, and waits without an end for who writes into a pipe. */
  #refusePipes(args: readonly string[]): void {
    const { files } = this.sys;
    const found = findUpward(this.sys, this.cwd);
    const directory = this.env["GIT_DIR"] ?? found?.gitDirectory;
    const read = [
      ...directory === undefined ? [] : READ_BY_GIT.map((name) => `${directory}/${name}`),
      ...[found?.top ?? this.cwd, this.cwd]
        .flatMap((at) => [`${at}/.gitignore`, `${at}/.gitattributes`]),
    ];
    const pipe = read.find((path) => unlessClosed(() => files.lstat(path)?.kind) === "other");
    if (pipe === undefined) return;
    throw new QikError({
      code: "git-failed",
      message: `Cannot run "git ${args.join(" ")}": "${pipe}" is no regular file`,
      hint: "Put a file in its place, or remove it",
    });
  }

  /**
   * What git prints.
   *
   * @throws {QikError} `git-failed`, with git's own message.
   */
  async read(args: readonly string[]): Promise<Uint8Array> {
    const captured = await this.ask(args);
    if (captured.code !== 0) throw gitFailed(args, captured);
    return captured.stdout;
  }
}

const OUT_OF_TIME = "it did not end within ten minutes: a file that it reads may be a named pipe";

/** The problem of a git command that failed. */
export function gitFailed(
  args: readonly string[],
  { code, stderr, outOfTime }: Captured,
): QikError {
  const text = decodeName(stderr).trim();
  // What it warns of may stand before why it gives up.
  const lines = text.split("\n");
  const reason = lines.find((line) => !line.startsWith("warning: ")) ?? lines[0]!;
  const said = reason.replace(/^fatal: /, "");
  const command = `git ${args.join(" ")}`;
  if (code === 127 || code === 126) {
    const message = `Cannot run "${command}": the program was not found`;
    return new QikError({ code: "git-failed", message, hint: "Install git" });
  }
  const why = outOfTime ? OUT_OF_TIME : said === "" ? `exit code ${code}` : said;
  const message = `Cannot run "${command}": ${why}`;
  // git tells how to go on in the lines below the first one.
  const trust = /git config --global --add safe\.directory .+/.exec(text)?.[0];
  const hint = trust && `The repository is somebody else's. If you trust it, run ${trust}`;
  return new QikError({ code: "git-failed", message, ...(hint === undefined ? {} : { hint }) });
}
