/**
 * The scanner of Python imports by itself, inside of an executable that is compiled as `dist/qik` is, on one core
 * (`taskset`, where there is one): megabytes a second over real code, and whether a worker would pay.
 *
 *     deno run -A bench/scanner.ts [--rounds 7] [--modules 20000]
 *
 * Needs python3 and PyPI for the code that is scanned.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findBun } from "../scripts/build/bun.ts";
import { bunArguments } from "../scripts/build/compile.ts";
import { ROOT } from "../scripts/root.ts";
import { pinnedPackages } from "../tests/support/pygraph/packages.ts";
import { summary } from "./measure.ts";
import { writeModules } from "./python_tree.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "7" },
    modules: { type: "string", default: "20000" },
  },
});
const { python, site } = pinnedPackages();
const stdlib = execFileSync(python, ["-c", "import os; print(os.path.dirname(os.__file__))"], {
  encoding: "utf8",
}).trim();
const base = mkdtempSync(join(tmpdir(), "qik-bench-scanner-"));
try {
  const program = join(base, "scanner");
  const [bun, ...words] = [
    await findBun(),
    ...bunArguments(program, "", undefined, "bench/scanner/once.ts"),
  ];
  execFileSync(bun!, [...words, "bench/scanner/worker.ts"], { cwd: ROOT, stdio: "ignore" });
  const one = existsSync("/usr/bin/taskset") ? ["/usr/bin/taskset", "-c", "0"] : [];
  const trees = [["Django", join(site, "django")], ["SQLAlchemy", join(site, "sqlalchemy")], [
    "Python's own",
    stdlib,
  ]];
  for (const [name, directory] of trees) tellSpeed(name!, [...one, program, "speed", directory!]);
  writeModules(join(base, "many"), Number(values.modules));
  for (const [name, directory] of [trees[0]!, [`${values.modules} modules`, join(base, "many")]]) {
    tellWorkers(name!, program, directory!);
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}

function ask(argv: readonly string[]): Record<string, number> {
  return JSON.parse(execFileSync(argv[0]!, argv.slice(1), { encoding: "utf8" }));
}

function tellSpeed(name: string, argv: readonly string[]): void {
  const rounds = Array.from({ length: Number(values.rounds) }, () => ask(argv));
  const { files, bytes } = rounds[0]!;
  const of = (which: "first" | "best") =>
    Math.round(summary(rounds.map((round) => round[which]!)).median);
  const size = `${files} files, ${(bytes! / 1e6).toFixed(1)} MB`;
  console.log(
    `${name.padEnd(14)} ${size.padEnd(22)} first pass ${of("first")} MB/s, then ${of("best")} MB/s`,
  );
}

/** Reading, digest, scan and text of all files: in one thread, and half of them in a worker. */
function tellWorkers(name: string, program: string, directory: string): void {
  const samples = { alone: [] as number[], worker: [] as number[] };
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const way of ["alone", "worker"] as const) {
      samples[way].push(ask([program, way, directory])["ms"]!);
    }
  }
  const text = (["alone", "worker"] as const).map((way) => {
    const { median, least } = summary(samples[way]);
    return `${way === "alone" ? "alone" : "with a worker"} ${median.toFixed(0)} ms (least ${
      least.toFixed(0)
    })`;
  });
  console.log(`${name.padEnd(14)} read, named and scanned: ${text.join(", ")}`);
}
