/**
 * `deno run -A bench/inputs.ts [large]`: the input step (what is selected, and its content) beside `git status` on
 * the same generated repository, in turn. Under Bun and Deno, from source; the processes' start is not counted for
 * qik and is for git, where it is 1.5 ms.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { findBun } from "../scripts/build/bun.ts";
import { ROOT } from "../scripts/root.ts";
import { packageGraph, SIZES } from "./graph.ts";
import { summary } from "./measure.ts";
import { writeRepository } from "./repository.ts";
import { qikFiles } from "./rivals.ts";

const ROUNDS = 9;

const size = Deno.args[0] ?? "large";
if (!(size in SIZES)) {
  console.error(`Cannot use size "${size}": want ${Object.keys(SIZES).join(", ")}`);
  Deno.exit(2);
}
const packages = packageGraph(SIZES[size as keyof typeof SIZES], 1);
const base = await mkdtemp(join(tmpdir(), "qik-inputs-"));
const samples = new Map<string, number[]>();

function run(argv: readonly string[], cwd: string): string {
  const { code, stdout, stderr } = new Deno.Command(argv[0]!, { args: argv.slice(1), cwd })
    .outputSync();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

function note(name: string, took: number): void {
  samples.set(name, [...samples.get(name) ?? [], took]);
}

try {
  const root = join(base, "repo");
  await writeRepository(root, packages, qikFiles(packages));
  const once = join(ROOT, "bench/inputs_once.ts");
  const argvs = {
    "qik, Bun": [await findBun(), once, root, `${basename(base)}-bun`],
    "qik, Deno": [Deno.execPath(), "run", "-A", once, root, `${basename(base)}-deno`],
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, argv] of Object.entries(argvs)) {
      note(name, JSON.parse(run(argv, ROOT).trim().split("\n").at(-1)!).took);
    }
    const start = performance.now();
    run(["git", "status", "--porcelain"], root);
    note("git status", performance.now() - start);
  }
  const git = summary(samples.get("git status")!).median;
  for (const [name, list] of samples) {
    const { median, least } = summary(list);
    console.log(
      `${name.padEnd(12)} median ${median.toFixed(1)} ms, least ${least.toFixed(1)} ms, ` +
        `${(median / git).toFixed(2)} x git status`,
    );
  }
} finally {
  await rm(base, { recursive: true, force: true });
}
