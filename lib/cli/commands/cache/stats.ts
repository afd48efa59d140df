import { formatDuration } from "../../../base/duration.ts";
import { formatSize } from "../../../base/size.ts";
import { storeSize } from "../../../cache/inventory.ts";
import { readRuns, type Runs } from "../../../cache/journal.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { storeLimits } from "../../tidy.ts";
import { openCache } from "./open.ts";
import { ago, columns, print, printJson } from "./print.ts";

/** `qik :cache stats`. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const { project, kind, remote, results } = await openCache(parts, call);
  const { cacheDir, root } = project.paths;
  const all = [...results()];
  const local = kind === "local";
  const stats = {
    directory: remote?.place ?? (local ? cacheDir : `${root}/.qik/cache`),
    results: all.length,
    tasks: new Set(all.map(({ manifest }) => manifest.task)).size,
    bytes: local
      ? storeSize(sys.files, cacheDir)
      : all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    limits: local ? storeLimits(project.plan.config) : undefined,
    oldestUse: all.reduce((oldest, { usedAt }) => Math.min(oldest, usedAt), Infinity),
    runs: local ? readRuns(sys.files, cacheDir) : undefined,
  };
  if (call.json) printJson(sys, record(stats));
  else print(sys, shown(stats, sys.clock.now()));
  return { code: 0 };
}

interface Stats {
  readonly directory: string;
  readonly results: number;
  readonly tasks: number;
  /** On the disk, what results share counted once. */
  readonly bytes: number;
  readonly limits: { readonly maxSize: number; readonly maxAgeMs: number } | undefined;
  /** Infinity where there are no results. */
  readonly oldestUse: number;
  /** Unset where no run was recorded, and for the repo cache, which keeps no such record. */
  readonly runs: Runs | undefined;
}

function record({ limits, oldestUse, runs, ...rest }: Stats) {
  return {
    ...rest,
    oldestUse: oldestUse === Infinity ? null : new Date(oldestUse).toISOString(),
    maxBytes: limits?.maxSize ?? null,
    maxAgeMs: limits?.maxAgeMs ?? null,
    runs: runs === undefined ? null : { ...runs, since: new Date(runs.since).toISOString() },
  };
}

function shown({ directory, results, tasks, bytes, limits, oldestUse, runs }: Stats, now: number) {
  const limit = limits === undefined
    ? ""
    : ` (at most ${formatSize(limits.maxSize)}, ${formatDuration(limits.maxAgeMs)} unused)`;
  return columns([
    [directory.includes("://") ? "place" : "directory", directory],
    ["results", `${results} of ${tasks} ${tasks === 1 ? "task" : "tasks"}`],
    ["size", formatSize(bytes) + limit],
    ...oldestUse === Infinity ? [] : [["oldest use", ago(oldestUse, now)]],
    ...runs === undefined ? [] : runRows(runs, now),
  ]);
}

function runRows({ since, runs, hits, ran, savedMs }: Runs, now: number): string[][] {
  const tasks = hits + ran;
  const share = tasks === 0 ? "" : ` (${Math.round(100 * hits / tasks)}%)`;
  return [
    ["runs", `${runs}, the first ${ago(since, now)}`],
    ["hits", `${hits} of ${tasks} ${tasks === 1 ? "task" : "tasks"}${share}`],
    ["time saved", formatDuration(savedMs)],
  ];
}
