/**
 * `deno run -A bench/watch.ts saved [ROUNDS]`: how long it takes from saving a file to the start of the command, in a
 * repository of 5,000 files. `deno run -A bench/watch.ts idle [SECONDS]`: what watching 50,000 files costs while
 * nothing happens. qik, and watchers of npm that do nothing but watch; Linux only.
 *
 * `deno run -A bench/watch.ts lost [ROUNDS]`: qik alone, stopped while 20,000 of 100,000 files are touched, so that the
 * system drops events: how long it takes from going on to the start of the command, where the contents of one
 * of them or of all differ.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { packageGraph, SIZES } from "./graph.ts";
import { summary } from "./measure.ts";
import { type Repository, writeRepository } from "./repository.ts";
import { MARK, ours, processorMs, start, startedMs, watchers, type Watching } from "./watchers.ts";

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

/** More events than Linux keeps for one watcher (`fs.inotify.max_queued_events`), each write being two or three. */
const MANY = 20_000;

/** Milliseconds from going on to the start of the one command, after events were lost. */
async function lostSample(
  { pid }: { readonly pid: number },
  { directory, packages }: Repository,
  text: (path: string, at: number) => string,
): Promise<number> {
  await wait(3_000);
  const before = startedMs(directory).length;
  process.kill(pid, "SIGSTOP");
  const paths = packages.flatMap(({ sources }) => sources).slice(0, MANY);
  for (const [at, path] of paths.entries()) writeFileSync(join(directory, path), text(path, at));
  // Neither the disk nor the margin of young files is what is measured.
  await wait(3_000);
  const wentOn = performance.timeOrigin + performance.now();
  process.kill(pid, "SIGCONT");
  for (const until = Date.now() + 12 * PATIENCE_MS; Date.now() < until; await wait(2)) {
    const startedAt = startedMs(directory)[before];
    if (startedAt !== undefined) return startedAt - wentOn;
  }
  throw new Error("qik missed a change");
}

/** One command over everything: what is measured is the look, and not its 500 commands. */
async function lost(watching: Watching, repository: Repository, rounds: number): Promise<string> {
  const running = await start(watching, repository.directory);
  const samples = { one: [] as number[], all: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      const same = (path: string) => readFileSync(join(repository.directory, path), "utf8");
      const one = (path: string, at: number) => at === MANY - 1 ? `one ${round}\n` : same(path);
      samples.one.push(await lostSample(running, repository, one));
      const all = (_: string, at: number) => `all ${round} ${at}\n`;
      samples.all.push(await lostSample(running, repository, all));
    }
  } finally {
    await running.stop();
  }
  const told = (name: "one" | "all") => {
    const { median, least } = summary(samples[name]);
    return `${median.toFixed(0)} ms where ${name} differs (${least.toFixed(0)} at best)`;
  };
  return `${told("one")}, ${told("all")}, medians of ${rounds}`;
}

const EVERYTHING = `[commands.all]\nexec = "${MARK}"\ndeps = ["packages"]\n`;

const KINDS = {
  saved: { measure: saved, count: 31, size: SIZES.medium },
  idle: { measure: idle, count: 30, size: SIZES.large },
  lost: { measure: lost, count: 3, size: { packages: 1_000, files: 100_000 } },
} as const;

const kind = (Deno.args[0] ?? "saved") as keyof typeof KINDS;
if (!Object.hasOwn(KINDS, kind)) {
  console.error(`Cannot measure "${kind}": want ${Object.keys(KINDS).join(", ")}`);
  Deno.exit(2);
}
const { measure, size } = KINDS[kind];
const count = Number(Deno.args[1] ?? KINDS[kind].count);
const packages = packageGraph(size, 1);
const base = await mkdtemp(join(tmpdir(), "qik-bench-"));
try {
  console.log(`${size.files} files, ${kind === "lost" ? 1 : size.packages} commands`);
  for (
    const [at, watching] of (kind === "lost" ? [ours(EVERYTHING)] : await watchers()).entries()
  ) {
    const directory = join(base, String(at), "repository");
    await mkdir(directory, { recursive: true });
    const repository = await writeRepository(directory, packages, watching.files(packages));
    const told = await measure(watching, repository, count);
    console.log(`${watching.name}: ${told}`);
    await rm(directory, { recursive: true });
  }
} finally {
  await rm(base, { recursive: true, force: true });
}
