import { mkdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { ROOT } from "../scripts/root.ts";
import { runCommand } from "../scripts/steps/command.ts";
import type { Package } from "./graph.ts";
import { type Files, makeFiles, ninjaFiles, qikFiles, turboFiles } from "./rivals.ts";

const TURBO_VERSION = "2.11.11";

/** A tool that can run the generated graph. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Runs everything, from the root of the repository. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  files(packages: readonly Package[]): Files;
}

/** A tool that is not to be had, and why. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

/** Every tool that starts on this machine, qik first, and those that do not. */
export async function findTools(workers: number): Promise<{ tools: Tool[]; missing: Missing[] }> {
  const tools: Tool[] = [];
  const missing: Missing[] = [];
  for (const find of [findQik, findNinja, findMake, findTurbo]) {
    const found = await find(String(workers));
    if ("why" in found) missing.push(found);
    else tools.push(found);
  }
  return { tools, missing };
}

async function findQik(workers: string): Promise<Tool | Missing> {
  const named = process.env["QIK_BIN"] ?? join("dist", "qik");
  const path = isAbsolute(named) ? named : join(ROOT, named);
  const version = await versionOf([path, "--version"]);
  if (version === undefined) {
    return { name: "qik", why: `${named} does not start: deno task build` };
  }
  return { name: "qik", version, argv: [path, "-n", workers], env: {}, files: qikFiles };
}

async function findNinja(workers: string): Promise<Tool | Missing> {
  const version = await versionOf(["ninja", "--version"]);
  if (version === undefined) return { name: "ninja", why: "not in PATH" };
  return { name: "ninja", version, argv: ["ninja", "-j", workers], env: {}, files: ninjaFiles };
}

async function findMake(workers: string): Promise<Tool | Missing> {
  const version = await versionOf(["make", "--version"]);
  if (version === undefined) return { name: "make", why: "not in PATH" };
  // -r: without its built-in rules, which cost it five times as long as the work itself.
  const argv = ["make", "-r", "-j", workers, "all"];
  return { name: "make", version, argv, env: {}, files: makeFiles };
}

async function findTurbo(workers: string): Promise<Tool | Missing> {
  const path = await turboPath();
  const version = path === undefined ? undefined : await versionOf([path, "--version"]);
  if (path === undefined || version === undefined) {
    return { name: "turbo", why: "its package could not be installed with npm" };
  }
  const words = [
    "run",
    "build",
    "--concurrency",
    workers,
    "--output-logs=errors-only",
    "--ui=stream",
  ];
  const env = { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
  return { name: "turbo", version, argv: [path, ...words], env, files: turboFiles };
}

/** turbo's native binary, without the Node launcher in front of it; kept between runs. */
async function turboPath(): Promise<string | undefined> {
  const os = { linux: "linux", darwin: "darwin", win32: "windows" }[process.platform as "linux"];
  const scope = `@turbo/${os}-${process.arch === "x64" ? "64" : process.arch}`;
  const home = join(tmpdir(), `qik-bench-turbo-${TURBO_VERSION}`);
  const path = join(home, "node_modules", scope, "bin", os === "windows" ? "turbo.exe" : "turbo");
  const isThere = () => stat(path).then(() => true, () => false);
  if (await isThere()) return path;
  await mkdir(home, { recursive: true });
  const words = ["install", "--no-save", "--no-audit", "--ignore-scripts", "--prefix", home];
  await runCommand({ argv: ["npm", ...words, `${scope}@${TURBO_VERSION}`] });
  return await isThere() ? path : undefined;
}

async function versionOf(argv: readonly string[]): Promise<string | undefined> {
  const { code, text } = await runCommand({ argv });
  return code === 0 ? text.trim().split("\n")[0]!.replace(/^.*?(?=\d)/, "") : undefined;
}
