/**
 * `deno task bench`: times qik and, where they are to be had, ninja, make and turbo on the same generated
 * repository. Every round runs every scenario with every tool in turn, so that all of them meet the same
 * minutes of the same machine; what is told are medians over the rounds.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { middlePackage, packageGraph, SIZES } from "./graph.ts";
import { ALONE, orderOf, peakMemory, summary, timeRun } from "./measure.ts";
import { artifactsText, type Repository, writeRepository } from "./repository.ts";
import { writeResults } from "./results.ts";
import { SCENARIOS } from "./scenarios.ts";
import { startFigures, startText } from "./start.ts";
import { type Figure, tableText } from "./table.ts";
import { findTools, type Tool } from "./tools.ts";

interface Contender {
  readonly tool: Tool;
  readonly repository: Repository;
  readonly samples: Map<string, number[]>;
  readonly peaks: Map<string, number>;
}

function options() {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      size: { type: "string", default: "medium" },
      rounds: { type: "string", default: "5" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: String(availableParallelism()) },
      keep: { type: "boolean", default: false },
      alone: { type: "boolean", default: false },
    },
  });
  if (!(values.size in SIZES)) {
    console.error(`Cannot use size "${values.size}": want ${Object.keys(SIZES).join(", ")}`);
    Deno.exit(2);
  }
  const [rounds, seed, workers] = [values.rounds, values.seed, values.workers].map(Number);
  const size = values.size as keyof typeof SIZES;
  const { keep, alone } = values;
  return { size, rounds: rounds!, seed: seed!, workers: workers!, keep, alone };
}

async function runRound(contenders: readonly Contender[], round: number): Promise<void> {
  const turn = orderOf(contenders.length, round).map((at) => contenders[at]!);
  for (const { name, prepare } of SCENARIOS) {
    for (const { tool, repository, samples } of turn) {
      await prepare(repository, round);
      samples.set(name, [...samples.get(name) ?? [], timeRun(tool, repository.directory)]);
    }
  }
}

async function measurePeaks(contenders: readonly Contender[], round: number): Promise<boolean> {
  for (const { name, prepare } of SCENARIOS) {
    for (const { tool, repository, peaks } of contenders) {
      await prepare(repository, round);
      const peak = await peakMemory(tool, repository.directory);
      if (peak === undefined) return false;
      peaks.set(name, peak);
    }
  }
  return true;
}

/** Figures of tools that did different work mean nothing. */
async function checkSameWork(contenders: readonly Contender[]): Promise<void> {
  const [first, ...others] = await Promise.all(
    contenders.map(({ repository }) => artifactsText(repository)),
  );
  others.forEach((text, index) => {
    if (text !== first) throw new Error(`${contenders[index + 1]!.tool.name} built something else`);
  });
}

function figuresOf(contenders: readonly Contender[]): Figure[] {
  return SCENARIOS.flatMap(({ name }) =>
    contenders.map(({ tool, samples, peaks }) => {
      const samplesMs = samples.get(name)!;
      const { median, spread, least } = summary(samplesMs);
      const peak = peaks.get(name);
      const figure = { scenario: name, tool: tool.name, samplesMs, medianMs: median };
      const rest = { spreadMs: spread, leastMs: least };
      return { ...figure, ...rest, ...(peak === undefined ? {} : { peakMiB: peak }) };
    })
  );
}

async function main(): Promise<void> {
  const { size, rounds, seed, workers, keep, alone } = options();
  const { tools, missing } = await findTools(workers);
  for (const { name, why } of missing) console.error(`MISSING ${name}: ${why}`);
  if (tools[0]?.name !== "qik") Deno.exit(1);
  const packages = packageGraph(SIZES[size], seed);
  const base = await mkdtemp(join(tmpdir(), "qik-bench-"));
  try {
    const contenders = await Promise.all(tools.map(async (found): Promise<Contender> => {
      const tool = alone ? { ...found, argv: [...ALONE, ...found.argv] } : found;
      const repository = await writeRepository(
        join(base, tool.name),
        packages,
        tool.files(packages),
      );
      return { tool, repository, samples: new Map(), peaks: new Map() };
    }));
    for (let round = 0; round < rounds; round++) {
      await runRound(contenders, round);
      await checkSameWork(contenders);
      console.error(`round ${round + 1} of ${rounds}`);
    }
    if (!await measurePeaks(contenders, rounds)) console.error("MISSING memory: no GNU time here");
    const figures = figuresOf(contenders);
    const versions = Object.fromEntries(tools.map(({ name, version }) => [name, version]));
    const start = await startFigures(tools[0]!.argv[0]!, base, rounds * 4);
    const found = { versions, missing, start, figures };
    const path = await writeResults({ size, seed, rounds, workers, ...found });
    const { packages: tasks, files } = SIZES[size];
    const { reached } = middlePackage(packages);
    console.log(`${tasks} tasks, ${files} files, ${workers} workers, median of ${rounds} rounds`);
    for (const { name, about } of SCENARIOS) console.log(`${name}: ${about}`);
    console.log(`edit reaches ${reached} tasks\n`);
    console.log(tableText(figures));
    console.log(startText(start));
    console.log(`versions: ${tools.map(({ name, version }) => `${name} ${version}`).join(", ")}`);
    console.log(`written to ${path}`);
  } finally {
    if (keep) console.error(`kept ${base}`);
    else await rm(base, { recursive: true, force: true });
  }
}

await main();
