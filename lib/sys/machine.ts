import { availableParallelism } from "node:os";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import type { Machine } from "./sys.ts";

const PLATFORMS: Readonly<Record<string, Machine["platform"]>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
};

/** conda's names, which the Python qik uses too. */
const ARCHS: Readonly<Record<string, string>> = {
  "linux-x64": "linux-64",
  "linux-arm64": "linux-aarch64",
  "darwin-x64": "osx-64",
  "darwin-arm64": "osx-arm64",
  "win32-x64": "win-64",
  "win32-arm64": "win-arm64",
};

/** Whole processors that the cgroup (version 2) of this process grants, or `undefined`. */
function cgroupProcessors(): number | undefined {
  try {
    const own = readFileSync("/proc/self/cgroup", "utf8").match(/^0::(.*)$/m)?.[1] ?? "/";
    const limit = readFileSync(`/sys/fs/cgroup${own === "/" ? "" : own}/cpu.max`, "utf8").split(
      " ",
    );
    const [quota, period] = limit.map(Number);
    if (!Number.isFinite(quota) || !period) return undefined;
    return Math.max(1, Math.floor(quota! / period));
  } catch {
    return undefined;
  }
}

function runtimeName(): Machine["runtime"] {
  if ("Deno" in globalThis) return "deno";
  return "Bun" in globalThis ? "bun" : "node";
}

/** The parts of Bun that are used here. */
interface BunRuntime {
  gc(isWhole: boolean): void;
  readonly unsafe: { setJITPolicy?(scale: number): void };
}

const { Bun: bun } = globalThis as { readonly Bun?: BunRuntime };

/** A whole collection takes 15 ms with 50,000 files in memory. */
function collect(): void {
  bun?.gc(true);
}

/** Undoes what `JIT_POLICY` of scripts/build/compile.ts says. */
function compileEagerly(): void {
  bun?.unsafe.setJITPolicy?.(1);
}

/** This machine and how qik was started on it. */
export function openMachine(): Machine {
  return {
    platform: PLATFORMS[process.platform] ?? "other",
    arch: ARCHS[`${process.platform}-${process.arch}`] ?? `${process.platform}-${process.arch}`,
    runtime: runtimeName(),
    cwd: process.cwd(),
    args: process.argv.slice(2),
    programName: basename(process.argv0 || process.execPath).replace(/\.exe$/i, ""),
    ...(process.geteuid !== undefined && { uid: process.geteuid() }),
    collect,
    compileEagerly,
    processors: () => Math.min(availableParallelism(), cgroupProcessors() ?? Infinity),
  };
}
