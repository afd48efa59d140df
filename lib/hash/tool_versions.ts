import { QikError } from "../base/problems.ts";
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
}

interface Remembered {
  readonly stat: string;
  readonly output: string;
}

const FORMAT = 1;

/**
 * Outputs of version commands, remembered under the program's path and stat: `ruff --version` costs 20 ms and
 * more, an lstat 2 µs. A program that is replaced is asked again.
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
    const question = JSON.stringify([program.path, ...argv.slice(1)]);
    const known = this.#asked.get(question);
    if (known !== undefined) return known;
    const answer = this.#answer(question, argv, program, env);
    this.#asked.set(question, answer);
    return answer;
  }

  /** Writes what was learned, for the next run; a failure costs nothing but time. */
  save(): void {
    if (!this.#learned) return;
    const tools = Object.fromEntries(this.#remembered ?? []);
    const bytes = new TextEncoder().encode(JSON.stringify({ format: FORMAT, tools }));
    try {
      this.#ports.files.writeAtomic(this.#memoFile(), bytes);
    } catch {
      // Nothing is lost: the tools are asked again.
    }
  }

  async #answer(
    question: string,
    argv: readonly string[],
    program: { path: string; stat: Stat },
    env: Readonly<Record<string, string>>,
  ): Promise<string> {
    const stat = statText(program.stat);
    const remembered = this.#memo().get(question);
    if (remembered?.stat === stat) return remembered.output;
    const { processes, root } = this.#ports;
    const ran = await processes.capture({ argv: [program.path, ...argv.slice(1)], cwd: root, env });
    if (ran.code !== 0) throw missing(argv, `it ended with ${ran.code}`);
    const output = new TextDecoder().decode(ran.stdout).trim() ||
      new TextDecoder().decode(ran.stderr).trim();
    this.#memo().set(question, { stat, output });
    this.#learned = true;
    return output;
  }

  #memo(): Map<string, Remembered> {
    this.#remembered ??= readMemo(this.#ports.files.read, this.#memoFile());
    return this.#remembered;
  }

  #memoFile(): string {
    return `${this.#ports.stateDir}/tools.json`;
  }

  #find(name: string, path: string): { path: string; stat: Stat } | undefined {
    const { files, root, windows } = this.#ports;
    const absolute = /^([a-zA-Z]:)?[\\/]/.test(name);
    const places = absolute
      ? [name]
      : name.includes("/")
      ? [`${root}/${name}`]
      : path.split(windows ? ";" : ":").filter((dir) => dir !== "").map((dir) => `${dir}/${name}`);
    const endings = windows ? ["", ".exe", ".cmd", ".bat"] : [""];
    for (const place of places.flatMap((at) => endings.map((ending) => at + ending))) {
      const stat = files.stat(place);
      if (stat?.kind === "file" && (windows || (stat.mode & 0o111) !== 0)) {
        return { path: place, stat };
      }
    }
    return undefined;
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
