import { QikError } from "../base/problems.ts";
import { findProgram } from "../sys/find_program.ts";
import type { Files, Processes, Stat } from "../sys/sys.ts";

/** What answers version questions. */
export interface ToolPorts {
  readonly files: Files;
  readonly processes: Processes;
  /** Absolute root: version commands run in it. */
  readonly root: string;
  /** Absolute directory of rebuildable state. */
  readonly stateDir: string;
  readonly windows: boolean;
  readonly apple: boolean;
}

interface Program {
  readonly path: string;
  readonly stat: Stat;
}

interface Remembered {
  readonly stat: string;
  readonly output: string;
}

/** How long a program may take to tell its version. */
const LONGEST_MS = 60_000;
/** Programs that start another version of themselves: `global.json` or `.bazelversion` says which. */
const CHOOSERS = /^(bazel|bazelisk|dotnet)(\.exe)?$/;
const FORMAT = 1;

/**
 * Outputs of version commands, asked once per run. Where nothing but the program itself can decide the answer it
 * is remembered between runs under the program's path and stat: `ruff --version` costs 20 ms, an lstat 2 µs.
 */
export class ToolVersions {
  readonly #ports: ToolPorts;
  readonly #asked = new Map<string, Promise<string>>();
  #remembered: Map<string, Remembered> | undefined;
  #learned = false;

  constructor(ports: ToolPorts) {
    this.#ports = ports;
  }

  /**
   * @param argv Command that prints the version; its first word is found on `path`.
   * @param env Environment of the task that asks.
   * @throws {QikError} `tool-missing` where it cannot be found or fails.
   */
  version(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
    const program = this.#find(argv[0]!, env.PATH ?? "");
    if (program === undefined) throw missing(argv, `"${argv[0]}" is not on PATH`);
    const asked = JSON.stringify([program.path, argv, environmentOf(env)]);
    const known = this.#asked.get(asked);
    if (known !== undefined) return known;
    const answer = this.#answer(argv, program, env);
    this.#asked.set(asked, answer);
    return answer;
  }

  /** Writes what was learned, for the next run; a failure costs nothing but time. */
  save(): void {
    if (!this.#learned) return;
    const tools = Object.fromEntries(this.#remembered ?? []);
    const bytes = new TextEncoder().encode(JSON.stringify({ format: FORMAT, tools }));
    try {
      this.#ports.files.writeAtomic(this.#memoFile(), bytes, 0o600);
    } catch {
      // Nothing is lost: the tools are asked again.
    }
  }

  async #answer(
    argv: readonly string[],
    program: Program,
    env: Readonly<Record<string, string>>,
  ): Promise<string> {
    if (!this.#answersAlone(argv, program)) return await this.#ask(argv, program, env);
    const question = JSON.stringify([program.path, ...argv.slice(1)]);
    const stat = statText(program.stat);
    const remembered = this.#memo().get(question);
    if (remembered?.stat === stat) return remembered.output;
    const output = await this.#ask(argv, program, env);
    this.#memo().set(question, { stat, output });
    this.#learned = true;
    return output;
  }

  /**
   * Whether the answer changes only with the program's file. It does not where the arguments are more than flags
   * (`python -m ruff --version`), for scripts (`npx`, shims, entry points of Python packages), for programs that go
   * by another name (links to a multiplexer) or choose by files of the repository which one of many answers, for
   * rustup's proxies, and for what Apple puts into `/usr/bin`, which is whatever `xcode-select` says.
   */
  #answersAlone(argv: readonly string[], { path }: Program): boolean {
    const { files, apple } = this.#ports;
    if (!argv.slice(1).every((word) => word.startsWith("-"))) return false;
    if (CHOOSERS.test(baseName(path)) || /[\\/]shims[\\/][^\\/]+$/.test(path)) return false;
    if (apple && path.startsWith("/usr/bin/")) return false;
    try {
      const real = files.realPath(path);
      if (baseName(real) !== baseName(path)) return false;
      if (files.stat(`${real.slice(0, real.lastIndexOf("/"))}/rustup`) !== undefined) return false;
      return !isScript(files, real);
    } catch {
      return false;
    }
  }

  async #ask(
    argv: readonly string[],
    program: Program,
    env: Readonly<Record<string, string>>,
  ): Promise<string> {
    const { processes, root } = this.#ports;
    const ran = await processes.capture({
      argv: [program.path, ...argv.slice(1)],
      cwd: root,
      env,
      timeoutMs: LONGEST_MS,
    });
    if (ran.outOfTime) throw missing(argv, `it did not answer within ${LONGEST_MS / 1000} s`);
    if (ran.code !== 0) throw missing(argv, `it ended with ${ran.code}`);
    return new TextDecoder().decode(ran.stdout).trim() ||
      new TextDecoder().decode(ran.stderr).trim();
  }

  #memo(): Map<string, Remembered> {
    this.#remembered ??= readMemo(this.#ports.files.read, this.#memoFile());
    return this.#remembered;
  }

  #memoFile(): string {
    return `${this.#ports.stateDir}/tools.json`;
  }

  #find(name: string, path: string): Program | undefined {
    const { files, root, windows } = this.#ports;
    return findProgram(name, { files, path, from: root, windows });
  }
}

/** What may decide the answer: all but the variables that tell tasks apart. */
function environmentOf(env: Readonly<Record<string, string>>): string[][] {
  return Object.entries(env).filter(([name]) => !name.startsWith("QIK__"));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether the file starts with `#!`, or cannot be read. */
function isScript(files: Files, path: string): boolean {
  const reader = files.openReader(path);
  if (reader === undefined) return true;
  try {
    const start = new Uint8Array(2);
    return reader.read(start) < 2 || (start[0] === 0x23 && start[1] === 0x21);
  } finally {
    reader.close();
  }
}

function statText({ size, mtimeNs, ctimeNs, ino, dev }: Stat): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino} ${dev}`;
}

function readMemo(read: Files["read"], file: string): Map<string, Remembered> {
  try {
    const bytes = read(file);
    if (bytes === undefined) return new Map();
    const memo: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof memo !== "object" || memo === null || !("format" in memo) || !("tools" in memo)) {
      return new Map();
    }
    if (memo.format !== FORMAT || typeof memo.tools !== "object") return new Map();
    return new Map(Object.entries(memo.tools as Record<string, Remembered>));
  } catch {
    return new Map();
  }
}

function missing(argv: readonly string[], why: string): QikError {
  return new QikError({
    code: "tool-missing",
    message: `Cannot tell the version of "${argv[0]}" with "${argv.join(" ")}": ${why}`,
  });
}
