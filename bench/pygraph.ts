/**
 * The Python import graph beside grimp's: whole processes on the same files in turn, medians over the rounds.
 *
 *     deno run -A bench/pygraph.ts [--rounds 5] [--modules 20000]
 *
 * Needs dist/qik (`deno task build`), python3 and PyPI. Cold: nothing is remembered about imports. Warm: one file has
 * changed since. qik's part holds all that a run of `pygraph.build` does: configuration, git's index, key, result.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/root.ts";
import { pinnedPackages } from "../tests/support/pygraph/packages.ts";
import { summary } from "./measure.ts";

interface Contestant {
  readonly name: string;
  /** Before each run, not measured. */
  prepare(): void;
  readonly argv: readonly string[];
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "5" },
    modules: { type: "string", default: "20000" },
  },
});
const rounds = Number(values.rounds);
const qik = join(ROOT, "dist", "qik");
if (!existsSync(qik)) throw new Error("Cannot find dist/qik: run deno task build first");
const { python, site } = pinnedPackages();
const base = mkdtempSync(join(tmpdir(), "qik-bench-pygraph-"));
try {
  cpSync(join(site, "django"), join(base, "django", "django"), { recursive: true });
  measure(join(base, "django"), "django", "django/utils/text.py");
  writeModules(join(base, "many"), Number(values.modules));
  measure(join(base, "many"), "many", "many/p0/m0.py");
} finally {
  rmSync(base, { recursive: true, force: true });
}

/** Packages of 100 modules; each module imports eight others, all with lower numbers, and Python's own. */
function writeModules(directory: string, modules: number): void {
  const nameOf = (at: number) => `many.p${Math.floor(at / 100)}.m${at % 100}`;
  let state = 7;
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  write("many/__init__.py", "");
  const body = "\n\ndef work(value: int) -> int:\n    return value + 1\n".repeat(20);
  for (let at = 0; at < modules; at++) {
    const imports = Array.from({ length: at === 0 ? 0 : 8 }, () => `import ${nameOf(pick(at))}`);
    const path = `${nameOf(at).replaceAll(".", "/")}.py`;
    if (at % 100 === 0) write(`${dirname(path)}/__init__.py`, "");
    write(path, ["import os, typing", ...imports].join("\n") + body);
  }
}

function measure(directory: string, top: string, edited: string): void {
  writeFileSync(join(directory, "qik.toml"), '[plugins]\npygraph = "qik.pygraph"\n');
  const git = (...args: string[]) => execFileSync("git", args, { cwd: directory });
  git("init", "-q");
  writeFileSync(join(directory, ".gitignore"), ".grimp_cache\n__pycache__\n");
  git("add", "-A");
  let edits = 0;
  const edit = () => writeFileSync(join(directory, edited), `X = ${edits++}\n`, { flag: "a" });
  const forget = () => {
    for (const path of ["cache", "artifacts", "state/pygraph-scans"]) {
      rmSync(join(directory, "._qik", path), { recursive: true, force: true });
    }
  };
  const grimp = (cache: string) => [
    python,
    "-c",
    `import sys; sys.path.insert(0, "."); import grimp; grimp.build_graph("${top}", cache_dir=${cache})`,
  ];
  const contestants: Contestant[] = [
    { name: "qik cold", prepare: forget, argv: [qik, "-v", "0", "pygraph.build"] },
    { name: "qik warm", prepare: edit, argv: [qik, "-v", "0", "pygraph.build"] },
    { name: "grimp cold", prepare: () => {}, argv: grimp("None") },
    { name: "grimp warm", prepare: edit, argv: grimp('".grimp_cache"') },
  ];
  const samples = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, prepare, argv } of contestants) {
      prepare();
      const start = performance.now();
      execFileSync(argv[0]!, argv.slice(1), {
        cwd: directory,
        stdio: ["ignore", "ignore", "inherit"],
      });
      // The first round warms the disk, and makes what the warm runs remember.
      if (round >= 0) samples.get(name)!.push(performance.now() - start);
    }
  }
  for (const [name, times] of samples) {
    const { median, least } = summary(times);
    console.log(
      `${top.padEnd(8)} ${name.padEnd(11)} ${median.toFixed(0)} ms (least ${least.toFixed(0)})`,
    );
  }
}
