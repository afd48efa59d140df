/**
 * `deno run -A bench/inputs.ts [large] [ROUNDS]`: the input step (what is selected, and its content) beside
 * `git status` on the same generated repository, in turn. qik as an executable that is compiled as `dist/qik` is, and on
 * Deno from source; the start of its process is not counted, for git it is, where it is 1.5 ms.
 *
 * "first": qik has kept nothing, as in a fresh clone, and waits for git's list of files beside the index. "again": with
 * the state that the run before left, as in a run that has something to do. "recalled": all that a run looks at which
 * finds nothing changed, artifacts and entries included. Needs the executable.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBun } from "../scripts/build/bun.ts";
import { bunArguments } from "../scripts/build/compile.ts";
import { ROOT } from "../scripts/root.ts";
import { packageGraph, SIZES } from "./graph.ts";
import { summary } from "./measure.ts";
import { writeRepository } from "./repository.ts";
import { qikFiles } from "./rivals.ts";

const [size = "large", rounds = "9"] = Deno.args;
if (!(size in SIZES)) {
  console.error(`Cannot use size "${size}": want ${Object.keys(SIZES).join(", ")}`);
  Deno.exit(2);
}
const packages = packageGraph(SIZES[size as keyof typeof SIZES], 1);
const base = await mkdtemp(join(tmpdir(), "qik-inputs-"));
const samples = new Map<string, Sample[]>();

/** Milliseconds by the clock, and of processor time where the process told it. */
interface Sample {
  readonly took: number;
  readonly busy?: number;
}

function run(argv: readonly string[], cwd: string): string {
  const { code, stdout, stderr } = new Deno.Command(argv[0]!, { args: argv.slice(1), cwd })
    .outputSync();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

function note(name: string, sample: Sample): void {
  samples.set(name, [...samples.get(name) ?? [], sample]);
}

/** Compiles a file of this directory as the executable is. */
async function compiled(name: string): Promise<string> {
  const program = join(base, name);
  run([await findBun(), ...bunArguments(program, "", undefined, `bench/${name}.ts`)], ROOT);
  return program;
}

/** A run that does everything, one that leaves a proof, and, once nothing is young any more, one that settles it. */
async function leaveProof(root: string): Promise<void> {
  const qik = Deno.env.get("QIK_BIN") ?? join(ROOT, "dist/qik");
  for (const pauseMs of [0, 0, 3000]) {
    await new Promise((done) => setTimeout(done, pauseMs));
    run([qik], root);
  }
}

try {
  const root = join(base, "repo");
  await writeRepository(root, packages, qikFiles(packages));
  await leaveProof(root);
  const recalled = await compiled("inputs_recalled");
  const argvs = {
    "qik": [await compiled("inputs_once"), root],
    "qik on Deno": [Deno.execPath(), "run", "-A", join(ROOT, "bench/inputs_once.ts"), root],
  };
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, argv] of Object.entries(argvs)) {
      const state = join(base, `state of ${name}, ${round}`);
      // What is left behind by the second is what the third goes on from: rules too young for the first are old then.
      for (const when of ["first", "", "again"]) {
        const sample = JSON.parse(run([...argv, state], ROOT));
        if (when !== "") note(`${name}, ${when}`, sample);
      }
    }
    note("qik, recalled", JSON.parse(run([recalled, root], ROOT)));
    const start = performance.now();
    run(["git", "status", "--porcelain"], root);
    note("git status", { took: performance.now() - start });
  }
  const git = summary(samples.get("git status")!.map(({ took }) => took)).median;
  for (const [name, list] of samples) {
    const { median, least } = summary(list.map(({ took }) => took));
    const busy = list.flatMap((sample) => sample.busy ?? []);
    const processor = busy.length === 0 ? "" : `, processor ${summary(busy).median.toFixed(1)} ms`;
    console.log(
      `${name.padEnd(18)} median ${median.toFixed(1)} ms, least ${least.toFixed(1)} ms, ` +
        `${(median / git).toFixed(2)} x git status${processor}`,
    );
  }
} finally {
  // git may still be tidying what was committed.
  await rm(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
}
