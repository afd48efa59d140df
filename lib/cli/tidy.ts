import { attempt } from "../cache/blobs.ts";
import type { Config } from "../config/types.ts";
import { OUT_DIRECTORY } from "../run/log_file.ts";
import { RUN_TAG } from "../run/run_tag.ts";
import type { Files, Sys } from "../sys/sys.ts";
import type { WorkPaths } from "./paths.ts";
import type { Project } from "./project.ts";
import { proofsIn } from "./proofs.ts";

const DAY_MS = 86_400_000;
const MAX_SIZE = 10e9;
const MAX_AGE_MS = 30 * DAY_MS;

/**
 * Keeps the local store within `[caches.local]`. At most once a day, because every entry is read for it; the
 * day of the first run has nothing to remove. Nobody waits for it where another process can do it. Never fails: a store
 * that is too large hurts nobody.
 */
export async function tidyStore(
  { files, clock, processes, machine }: Sys,
  { plan, paths }: Project,
): Promise<void> {
  const { root, cacheDir: dir } = paths;
  const stamp = `${dir}/collected`;
  try {
    const now = clock.now();
    const before = files.read(stamp);
    const last = before === undefined ? now : Number(new TextDecoder().decode(before));
    const isDue = !(Math.abs(now - last) < DAY_MS);
    if (before !== undefined && !isDue) return;
    files.writeAtomic(stamp, new TextEncoder().encode(`${now}\n`));
    if (!isDue) return;
    // As `qikx` this program would take the words for those of a tool. The tag would make a qik around this one end it.
    const apart = machine.programName !== "qikx" &&
      await processes.startApart([":cache", "gc"], root, [RUN_TAG]);
    if (apart) return;
    const { collect } = await import("../cache/collection.ts");
    await collect({
      files,
      clock,
      dir,
      beside: besideStore(files, paths),
      ...storeLimits(plan.config),
    });
  } catch {
    // A read-only store, or one that another process removes: the next run tries again.
  }
}

/** Where else a killed qik may have left half of a file. */
export function besideStore(
  { list }: Pick<Files, "list">,
  { root, stateDir }: WorkPaths,
): readonly string[] {
  const modules: string[] = [];
  attempt(() => {
    for (const { name } of list(`${stateDir}/modules`) ?? []) {
      modules.push(`${stateDir}/modules/${name}`);
    }
  });
  return [stateDir, proofsIn(root), ...modules, `${root}/${OUT_DIRECTORY}`];
}

/** What `[caches.local]` says, else the defaults. */
export function storeLimits(
  { caches }: Pick<Config, "caches">,
): { readonly maxSize: number; readonly maxAgeMs: number } {
  const settings = caches.find(({ name }) => name === "local")?.settings ?? {};
  return {
    maxSize: numberOr(settings["max-size"], MAX_SIZE),
    maxAgeMs: numberOr(settings["max-age"], MAX_AGE_MS),
  };
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}
