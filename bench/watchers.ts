import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { ROOT } from "../scripts/root.ts";
import { runCommand } from "../scripts/steps/command.ts";
import type { Package } from "./graph.ts";

const RIVALS = { chokidar: "4.0.3", nodemon: "3.1.14" };

/** Something that watches the packages of a repository and runs {@link MARK} when a file in one of them changes. */
export interface Watching {
  readonly name: string;
  /** Written into the repository before it is committed. */
  files(packages: readonly Package[]): Map<string, string>;
  /** From the root of the repository. */
  readonly argv: readonly string[];
  /** What it prints when it is ready. */
  readonly ready: RegExp;
}

/** The command: it notes the moment at which it starts, in nanoseconds. */
export const MARK = "date +%s%N >> ../started";

/** qik with one command for each package, or another configuration. */
export function ours(toml?: string): Watching {
  const named = process.env["QIK_BIN"] ?? join("dist", "qik");
  const qik = isAbsolute(named) ? named : join(ROOT, named);
  return {
    name: "qik --watch",
    files: (packages) => new Map([["qik.toml", toml ?? packages.map(commandOf).join("\n")]]),
    argv: [qik, "--watch"],
    ready: /for changes/,
  };
}

/** qik, and the rivals that npm has; those that are missing are named on standard error. */
export async function watchers(): Promise<Watching[]> {
  const modules = await npmModules();
  if (modules === undefined) return [ours()];
  return [ours(), {
    name: `chokidar ${RIVALS.chokidar}, a bare loop`,
    files: () => new Map([["watch.mjs", chokidarLoop(modules)]]),
    argv: ["node", "watch.mjs"],
    ready: /ready/,
  }, {
    name: `nodemon ${RIVALS.nodemon}, without its delay`,
    files: () => new Map(),
    argv: [
      ...["node", join(modules, "nodemon/bin/nodemon.js"), "--delay", "1ms", "-e", "*"],
      ...["--watch", "packages", "--exec", MARK],
    ],
    ready: /clean exit/,
  }];
}

function commandOf({ name }: Package): string {
  return `[commands.${name}]\nexec = "${MARK}"\ndeps = ["packages/${name}/src"]\n`;
}

/** The least that a program on Node's most used watcher can do. */
function chokidarLoop(modules: string): string {
  return `import { spawn } from "node:child_process";
import { watch } from ${JSON.stringify(join(modules, "chokidar/esm/index.js"))};
watch("packages", { ignoreInitial: true })
  .on("ready", () => console.log("ready"))
  .on("all", () => spawn("sh", ["-c", ${JSON.stringify(MARK)}]));
`;
}

async function npmModules(): Promise<string | undefined> {
  const home = join(tmpdir(), `qik-bench-watchers-${Object.values(RIVALS).join("-")}`);
  const modules = join(home, "node_modules");
  const isThere = () => Object.keys(RIVALS).every((name) => existsSync(join(modules, name)));
  if (isThere()) return modules;
  mkdirSync(home, { recursive: true });
  const words = ["install", "--no-save", "--no-audit", "--ignore-scripts", "--prefix", home];
  const wanted = Object.entries(RIVALS).map(([name, version]) => `${name}@${version}`);
  await runCommand({ argv: ["npm", ...words, ...wanted] });
  if (isThere()) return modules;
  console.error("MISSING chokidar, nodemon: their packages could not be installed with npm");
  return undefined;
}

/** A watcher that runs in a repository. */
export interface Started {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a watcher; resolves when it says that it is ready. */
export async function start({ name, argv, ready }: Watching, directory: string): Promise<Started> {
  writeFileSync(join(directory, "../started"), "");
  const child: ChildProcess = spawn(argv[0]!, argv.slice(1), {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let seen = "";
  await new Promise<void>((resolve, reject) => {
    const look = (text: Uint8Array) => {
      seen += new TextDecoder().decode(text);
      if (ready.test(seen)) resolve();
    };
    child.stdout!.on("data", look);
    child.stderr!.on("data", look);
    ended.then(() => reject(new Error(`${name} ended: ${seen}`)));
  });
  return {
    pid: child.pid!,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** The moments at which commands started, in milliseconds since 1970. */
export function startedMs(directory: string): number[] {
  const text = readFileSync(join(directory, "../started"), "utf8").trim();
  return text === "" ? [] : text.split("\n").map((line) => Number(line) / 1e6);
}

/** Processor time of a process so far, all its threads together, in milliseconds. */
export function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  // In hundredths of a second, on every Linux.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
