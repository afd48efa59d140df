/**
 * `deno run -A bench/warm.ts [medium|large] [ROUNDS] [--alone]`: a run that finds everything as it was, told from its
 * proof and the normal way, beside ninja, turbo's native binary and `git status` in turn; qik on Deno from source; and
 * the peak memory of each. `--alone`: see `ALONE`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/root.ts";
import { packageGraph, SIZES } from "./graph.ts";
import { ALONE, peakMemory, summary, timeRun } from "./measure.ts";
import { type Repository, writeRepository } from "./repository.ts";
import { findTools, type Tool } from "./tools.ts";

const words = Deno.args.filter((word) => !word.startsWith("-"));
const size = words[0] === "large" ? "large" : "medium";
const rounds = Number(words[1] ?? "7");
const front = Deno.args.includes("--alone") ? ALONE : [];

/** A way to run one of the tools. */
interface Way {
  readonly tool: Tool;
  readonly repository: Repository;
  readonly samples: number[];
}

/** Without the path from which a proof is believed: reports for machines are not made from one. */
const NORMAL = ["--report", "json"];

function waysOf(tool: Tool, repository: Repository): Way[] {
  const way = (name: string, argv: readonly string[]): Way => ({
    tool: { ...tool, name, argv: [...front, ...argv] },
    repository,
    samples: [],
  });
  if (tool.name !== "qik") return [way(tool.name, tool.argv)];
  const onDeno = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), ...tool.argv.slice(1)];
  return [
    way("qik", tool.argv),
    way("qik, the normal way", [...tool.argv, ...NORMAL]),
    way("qik on Deno", onDeno),
    way("git status", ["git", "status", "--porcelain"]),
  ];
}

const packages = packageGraph(SIZES[size], 1);
const base = await mkdtemp(join(tmpdir(), "qik-warm-"));
try {
  const { tools, missing } = await findTools(availableParallelism());
  for (const { name, why } of missing) console.error(`MISSING ${name}: ${why}`);
  const ways: Way[] = [];
  for (const tool of tools.filter(({ name }) => name !== "make")) {
    const directory = join(base, tool.name);
    ways.push(...waysOf(tool, await writeRepository(directory, packages, tool.files(packages))));
  }
  // Twice: what one run leaves behind, the next one may still have to believe.
  for (let before = 0; before < 2; before++) {
    for (const { tool, repository } of ways) timeRun(tool, repository.directory);
  }
  for (let round = 0; round < rounds; round++) {
    const turn = ways.map((_, at) => ways[(at + round) % ways.length]!);
    for (const { tool, repository, samples } of turn) {
      samples.push(timeRun(tool, repository.directory));
    }
  }
  console.log(`${size}, warm, median of ${rounds}`);
  const ours = summary(ways[0]!.samples).median;
  for (const { tool, repository, samples } of ways) {
    const { median, least } = summary(samples);
    const peak = await peakMemory(tool, repository.directory);
    const ratio = tool.name.startsWith("qik") ? median / ours : ours / median;
    const times = `${median.toFixed(0).padStart(6)} ms, least ${least.toFixed(0).padStart(5)}`;
    console.log(
      `${tool.name.padEnd(20)}${times}  ${ratio.toFixed(2)}×  ${peak?.toFixed(0) ?? "?"} MiB`,
    );
  }
  console.log("× of a rival: qik's time by its; of qik: its by that of a recalled run");
} finally {
  await rm(base, { recursive: true, force: true });
}
