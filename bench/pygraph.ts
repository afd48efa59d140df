/**
 * The Python import graph beside grimp's: whole processes on the same files in turn, medians over the rounds.
 *
 *     deno run -A bench/pygraph.ts [--rounds 5] [--modules 20000]
 *
 * Needs dist/qik (`deno task build`), python3 and PyPI. Both are measured from the start of the process to its end.
 * qik's part is a run of `pygraph.build`: configuration, git's index, new files, contents by digest, key, graph, result
 * kept. grimp's is an interpreter that imports grimp and calls `build_graph`: files by name and time, the graph in
 * memory. So qik compares contents where grimp trusts times, and grimp scans on all processors where qik uses one.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/root.ts";
import { pinnedPackages } from "../tests/support/pygraph/packages.ts";
import { setAside } from "./aside.ts";
import { summary } from "./measure.ts";
import { writeModules } from "./python_tree.ts";
import { writeResults } from "./results.ts";
import { type Figure, tableText } from "./table.ts";

interface Tree {
  readonly name: string;
  readonly directory: string;
  /** The package whose graph is made. */
  readonly top: string;
  /** A module, relative to the directory. */
  readonly edited: string;
}

interface Contender {
  readonly name: string;
  argv(tree: Tree, scenario: string): readonly string[];
  /** Forgets what is remembered of imports. */
  forget(tree: Tree): void;
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "5" },
    modules: { type: "string", default: "20000" },
  },
});
const rounds = Number(values.rounds);
let edits = 0;
const qik = join(ROOT, "dist", "qik");
if (!existsSync(qik)) throw new Error("Cannot find dist/qik: run deno task build first");
const { python, site } = pinnedPackages();

const SCENARIOS: Readonly<Record<string, string>> = {
  cold: "nothing is remembered of imports; grimp keeps nothing either",
  edit: "one file has changed, but not what it imports",
  import: "one file imports something else than before",
  lock: "the same, and what a module needs is found anew: the time that qik's two tasks take",
};
/** Where qik tells how long its tasks took. */
const REPORT = "report.jsonl";

const CONTENDERS: readonly Contender[] = [{
  name: "qik",
  argv: (_, scenario) =>
    scenario === "lock"
      ? [qik, "-v", "0", "--report", `json=${REPORT}`, "pygraph.lock"]
      : [qik, "-v", "0", "pygraph.build"],
  forget({ directory }) {
    for (const path of ["cache", "artifacts", "state/pygraph-scans", "state/pygraph-build"]) {
      setAside(join(directory, "._qik", path), join(base, "aside"));
    }
  },
}, {
  name: "grimp",
  argv: ({ top }, scenario) => [
    python,
    "-c",
    `import sys; sys.path.insert(0, "."); import grimp; ` +
    `grimp.build_graph("${top}", cache_dir=${scenario === "cold" ? "None" : '".grimp_cache"'})`,
  ],
  forget: () => {},
}];

const base = mkdtempSync(join(tmpdir(), "qik-bench-pygraph-"));
try {
  const django = join(base, "django");
  cpSync(join(site, "django"), join(django, "django"), { recursive: true });
  const many = join(base, "many");
  writeModules(many, Number(values.modules));
  const figures = [
    { name: "Django", directory: django, top: "django", edited: "django/utils/text.py" },
    { name: `${values.modules} modules`, directory: many, top: "many", edited: "many/p0/m0.py" },
  ].flatMap(measured);
  for (const [name, about] of Object.entries(SCENARIOS)) console.log(`${name}: ${about}`);
  console.log(`median of ${rounds} rounds\n\n${tableText(figures)}`);
  const versions = {
    grimp: versionOf([python, "-m", "pip", "show", "grimp"]),
    qik: versionOf([qik, "--version"]),
  };
  console.log(`written to ${await writeResults({ rounds, versions, figures })}`);
} finally {
  rmSync(base, { recursive: true, force: true });
}

function versionOf([file, ...args]: readonly string[]): string {
  return /\d+(\.\d+)+/.exec(execFileSync(file!, args, { encoding: "utf8" }))![0];
}

function measured(tree: Tree): Figure[] {
  prepare(tree);
  const samples = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const scenario of Object.keys(SCENARIOS)) {
      // Another one goes first in each round.
      for (const at of [0, 1]) {
        const contender = CONTENDERS[(at + round + 2) % 2]!;
        if (scenario === "lock" && contender.name !== "qik") continue;
        const ms = timed(tree, contender, scenario);
        // The first round warms the disk, and makes what the others remember.
        const key = `${tree.name}, ${scenario}/${contender.name}`;
        if (round >= 0) samples.set(key, [...samples.get(key) ?? [], ms]);
      }
    }
  }
  return [...samples].map(([key, samplesMs]) => {
    const [scenario, tool] = key.split("/") as [string, string];
    const { median, spread, least } = summary(samplesMs);
    return { scenario, tool, samplesMs, medianMs: median, spreadMs: spread, leastMs: least };
  });
}

function prepare({ directory, edited }: Tree): void {
  const pyimport = edited.replace(".py", "").replaceAll("/", ".");
  const config = '[plugins.pygraph]\nplugin = "qik.pygraph"\nignore-pydists = true\n' +
    `[commands.uses]\nexec = "true"\ndeps = [{type = "pygraph", pyimport = "${pyimport}"}]\n`;
  writeFileSync(join(directory, "qik.toml"), config);
  writeFileSync(join(directory, ".gitignore"), `.grimp_cache\n__pycache__\n${REPORT}\n`);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: directory });
  git("init", "-q");
  git("add", "-A");
}

function timed(tree: Tree, contender: Contender, scenario: string): number {
  const { directory, edited } = tree;
  const text = scenario === "import" || scenario === "lock"
    ? `import module_${edits++}\n`
    : `X = ${edits++}\n`;
  if (scenario === "cold") contender.forget(tree);
  else writeFileSync(join(directory, edited), text, { flag: "a" });
  const [file, ...args] = contender.argv(tree, scenario);
  const start = performance.now();
  execFileSync(file!, args, { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
  return scenario === "lock" ? toldTime(join(directory, REPORT)) : performance.now() - start;
}

/** Milliseconds that the tasks of a run took. */
function toldTime(report: string): number {
  const events = readFileSync(report, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const ran = events.filter(({ type, ending }) => type === "task-ended" && ending === "ran");
  return ran.reduce((ms, { tookMs }) => ms + tookMs, 0);
}
