import { nearest } from "../base/nearest.ts";
import { QikError } from "../base/problems.ts";
import type { SpaceConfig } from "../config/types.ts";
import { unknownWord } from "../plan/select.ts";
import { standing } from "../space/built_venv.ts";
import { taskEnvironment, variable } from "../space/environ.ts";
import { spaceOf } from "../space/space_of.ts";
import { findProgram, pathDirectories } from "../sys/find_program.ts";
import { errorCode, type Sys } from "../sys/sys.ts";
import { assertAbsent, unusable } from "./unusable_program.ts";
import { parseArgs } from "./args.ts";
import type { AppParts, Exit } from "./parts.ts";
import { openProject, type Project } from "./project.ts";
import { openSpacesOf } from "./session.ts";

const HELP = `qikx: runs a program in the environment of a space

Usage: qikx [options] TOOL[@SPACE] [ARGS...]     the same as: qik :x ...
       qikx [options] --install

Without @SPACE: the space whose root holds the working directory, else default.
Everything after TOOL is for the program. The working directory stays, and its
exit code is that of the program; 127 where there is none.

Options:
  -C, --directory <dir>   start in this directory
      --install           install the environments of all spaces
  -V, --version           print the version of qik
  -h, --help              print this help
`;

/** The command line of qikx, understood. */
interface ToolCall {
  readonly directory?: string;
  readonly action: "run" | "install" | "help" | "version";
  /** The program and its arguments. */
  readonly argv: readonly string[];
}

/**
 * Runs `qikx WORDS…`: becomes the program, where the platform can.
 *
 * @throws {QikError} `usage`, `space-unknown`, `program-missing`, `program-unusable`, and what is wrong with the
 *   configuration.
 */
export async function runTool(parts: AppParts, words: readonly string[]): Promise<Exit> {
  const { sys } = parts;
  const call = readCall(words);
  if (call.action === "help") return print(sys, HELP);
  const { directory } = call;
  const moved = directory === undefined ? [] : ["-C", directory];
  if (call.action === "version") {
    return print(sys, `qik ${(await import("../base/version.ts")).VERSION}\n`);
  }
  const invocation = parseArgs(moved);
  const project = await openProject(parts, invocation);
  if (call.action === "install") {
    const { installSpaces } = await import("./install.ts");
    return await installSpaces(parts, project, invocation);
  }
  return await become(sys, project, call.argv);
}

/** Options stand before the program's name; what comes after it is the program's own. */
function readCall(words: readonly string[]): ToolCall {
  let directory: string | undefined;
  let action: ToolCall["action"] = "run";
  let at = 0;
  for (; words[at]?.startsWith("-"); at++) {
    const word = words[at]!;
    if (word === "-h" || word === "--help") action = "help";
    else if (word === "-V" || word === "--version") action = "version";
    else if (word === "--install") action = "install";
    else if (word === "-C" || word === "--directory") {
      directory = words[++at];
      if (directory === undefined) throw usage(`Cannot use ${word} without a directory`);
    } else if (word.startsWith("--directory=")) directory = word.slice("--directory=".length);
    else if (word === "--") {
      at++;
      break;
    } else throw usage(`Cannot understand the option "${word}"`);
  }
  const argv = words.slice(at);
  if (action === "run" && (argv[0] ?? "") === "") {
    throw usage("Cannot run a program without its name");
  }
  if (action === "install" && argv.length > 0) {
    throw usage(`Cannot use "${argv.join(" ")}" with --install`);
  }
  return { ...(directory === undefined ? {} : { directory }), action, argv };
}

function usage(message: string): QikError {
  return new QikError({ code: "usage", message, hint: "See: qikx --help" });
}

async function become(
  sys: Sys,
  project: Project,
  argv: readonly string[],
): Promise<Exit> {
  const { name, space } = spaceFor(project, argv[0]!);
  const isStale = assertInstalled(sys, project, name, space);
  const env = environmentIn(sys, project, space);
  const { files, machine, processes } = sys;
  const windows = machine.platform === "windows";
  const path = variable(env, "PATH", machine.platform) ?? "";
  const from = project.start;
  const program = findProgram(name, { files, path, from, windows });
  if (program === undefined) {
    if (name.includes("/")) assertAbsent(files, name, from);
    throw missing(sys, { name, space, isStale, directories: pathDirectories(path, windows) });
  }
  const end = await processes.become({
    file: program.path,
    argv: [name, ...argv.slice(1)],
    env,
    cwd: from,
  });
  if (!end.started) throw unusable(files, program.path, end.reason);
  const signal = STOPPING.find((word) => word === end.signal);
  return { code: end.code, ...(signal === undefined ? {} : { signal }) };
}

const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The word up to its last `@`, and the space that is meant: the one named behind it, else that of the directory. */
function spaceFor({ plan, paths, start }: Project, word: string) {
  const { spaces } = plan.config;
  const at = word.lastIndexOf("@");
  if (at <= 0 || at === word.length - 1) {
    return { name: word, space: spaceOf(spaces, start.slice(paths.root.length + 1)) };
  }
  const wanted = word.slice(at + 1);
  const space = spaces.find(({ name }) => name === wanted);
  if (space !== undefined) return { name: word.slice(0, at), space };
  const names = new Set(spaces.map(({ name }) => name));
  throw new QikError(unknownWord("space-unknown", "space", wanted, names, names));
}

/** What a command of the space would get, without what belongs to commands. */
function environmentIn(sys: Sys, project: Project, space: SpaceConfig): Record<string, string> {
  const { venv, dotenv } = openSpacesOf(sys, project).open(space.name);
  return taskEnvironment({
    base: sys.env,
    strictEnv: false,
    passEnv: [],
    venv: venv.environ,
    dotenv,
    commandEnv: [],
    qik: {},
    platform: sys.machine.platform,
  });
}

/** What was looked for, and where. */
interface Sought {
  readonly name: string;
  readonly space: SpaceConfig;
  readonly directories: readonly string[];
  /** The lock of the environment has changed since it was installed. */
  readonly isStale: boolean;
}

function missing({ files }: Sys, { name, space, directories, isStale }: Sought): QikError {
  const known = new Set(directories.flatMap((directory) => namesIn(files, directory)));
  const close = name.includes("/") ? [] : nearest(name, known);
  const hint = isStale
    ? "Its environment is not what its lock says: run qikx --install"
    : close.length === 0
    ? undefined
    : `Did you mean "${close.join('" or "')}"?`;
  return notInEnvironment(name, space, hint);
}

/**
 * Without its environment a program of the same name elsewhere on `PATH` would run in its place, with other versions
 * and other packages. An environment whose lock has changed since may be used as it is.
 *
 * @returns Whether its lock has changed.
 */
function assertInstalled(
  { files }: Sys,
  { paths: { root }, venvs }: Project,
  name: string,
  space: SpaceConfig,
): boolean {
  const built = venvs.of(space.name);
  if (built === undefined) return false;
  const found = standing(files, root, built);
  if (found !== "absent" && found !== "broken") return found !== "same";
  const what = found === "absent" ? "not installed" : "not as it was installed";
  throw notInEnvironment(name, space, `Its environment is ${what}: run qikx --install`);
}

function notInEnvironment(name: string, space: SpaceConfig, hint: string | undefined): QikError {
  return new QikError({
    code: "program-missing",
    message: `Cannot find the program "${name}" in the environment of the space "${space.name}"`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A directory of `PATH` that cannot be listed holds nothing to suggest. */
function namesIn(files: Sys["files"], directory: string): string[] {
  try {
    return (files.list(directory) ?? []).map(({ name }) => name);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

function print(sys: Sys, text: string): Exit {
  sys.terminal.write("out", new TextEncoder().encode(text));
  return { code: 0 };
}
