/**
 * `deno run -A bench/watch.ts saved [ROUNDS]`: how long it takes from saving a file to the start of the command, in a
 * repository of 5,000 files. `deno run -A bench/watch.ts idle [SECONDS]`: what watching 50,000 files costs while
 * nothing happens. qik, and watchers of npm that do nothing but watch; Linux only.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { packageGraph, SIZES } from "./graph.ts";
import { summary } from "./measure.ts";
import { type Repository, writeRepository } from "./repository.ts";
import { processorMs, start, startedMs, watchers, type Watching } from "./watchers.ts";

/** Something that was started is noted within this time, or never. */
const PATIENCE_MS = 10_000;

/** From saving a file to the start of the command, in milliseconds; another file each time. */
async function savedSamples(watching: Watching, repository: Repository, rounds: number) {
  const { directory, packages } = repository;
  const running = await start(watching, directory);
  const samples: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      // Whatever the last round set in motion has come to rest.
      await wait(400);
      const before = startedMs(directory).length;
      const { sources } = packages[round * 7 % packages.length]!;
      const savedMs = performance.timeOrigin + performance.now();
      await writeFile(join(directory, sources[round % sources.length]!), `saved ${round}\n`);
      for (const until = Date.now() + PATIENCE_MS;;) {
        const startedAt = startedMs(directory)[before];
        if (startedAt !== undefined) {
          samples.push(startedAt - savedMs);
          break;
        }
        if (Date.now() > until) throw new Error(`${watching.name} missed a change`);
        await wait(2);
      }
    }
  } finally {
    await running.stop();
  }
  return samples;
}

async function saved(watching: Watching, repository: Repository, rounds: number): Promise<string> {
  const { median, least } = summary(await savedSamples(watching, repository, rounds));
  return `${median.toFixed(0)} ms at the median of ${rounds}, ${least.toFixed(0)} ms at best`;
}

async function idle(watching: Watching, { directory }: Repository, seconds: number) {
  const running = await start(watching, directory);
  try {
    // The start itself, and the look that follows upon it, are no part of being idle.
    await wait(5_000);
    const before = processorMs(running.pid);
    await wait(seconds * 1000);
    const usedMs = processorMs(running.pid) - before;
    return `${(usedMs / seconds / 10).toFixed(2)} % of a processor over ${seconds} s`;
  } finally {
    await running.stop();
  }
}

const kind = Deno.args[0] ?? "saved";
if (kind !== "saved" && kind !== "idle") {
  console.error(`Cannot measure "${kind}": want saved or idle`);
  Deno.exit(2);
}
const count = Number(Deno.args[1] ?? (kind === "saved" ? "31" : "30"));
const size = kind === "saved" ? SIZES.medium : SIZES.large;
const packages = packageGraph(size, 1);
const base = await mkdtemp(join(tmpdir(), "qik-bench-"));
try {
  console.log(`${size.files} files, ${size.packages} commands`);
  for (const [at, watching] of (await watchers()).entries()) {
    const directory = join(base, String(at), "repository");
    await mkdir(directory, { recursive: true });
    const repository = await writeRepository(directory, packages, watching.files(packages));
    const told = await (kind === "saved" ? saved : idle)(watching, repository, count);
    console.log(`${watching.name}: ${told}`);
    await rm(directory, { recursive: true });
  }
} finally {
  await rm(base, { recursive: true, force: true });
}
