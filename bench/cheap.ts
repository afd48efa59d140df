/**
 * `deno run -A bench/cheap.ts [ROUNDS] [--alone]`: a cold run of 1,000 `true` commands, with qik and with ninja in turn. What is
 * told are medians, the ratio, and the processor time of qik itself for each task.
 * `--alone`: see `ALONE`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../scripts/root.ts";
import { setAside } from "./aside.ts";
import { ALONE } from "./measure.ts";

const TASKS = 1000;
const rounds = Number(Deno.args[0] ?? "5");
const front = Deno.args.includes("--alone") ? ALONE : [];
const workers = String(availableParallelism());
const qik = process.env["QIK_BIN"] ?? join(ROOT, "dist/qik");
const directory = mkdtempSync(join(tmpdir(), "qik-cheap-"));

const names = Array.from({ length: TASKS }, (_, at) => `t${at}`);
writeFileSync(
  join(directory, "qik.toml"),
  `[commands]\n${names.map((name) => `${name} = "true"\n`).join("")}`,
);
writeFileSync(
  join(directory, "build.ninja"),
  `rule r\n  command = true\n${names.map((name) => `build ${name}: r\n`).join("")}`,
);
spawnSync("git", ["init", "-q"], { cwd: directory });

/** Wall time, and that of the processor in the program itself without what it started; milliseconds. */
function run(program: string, args: readonly string[]): { wallMs: number; ownMs: number } {
  const time = join(directory, ".time");
  const script =
    "import os,sys,time,subprocess\nt=time.monotonic()\np=subprocess.Popen(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL)\n" +
    // The program's own times can be read as long as it is dead and unburied.
    "os.waitid(os.P_PID,p.pid,os.WEXITED|os.WNOWAIT)\nw=time.monotonic()-t\n" +
    'f=open(f"/proc/{p.pid}/stat").read().rsplit(")",1)[1].split()\n' +
    'h=os.sysconf("SC_CLK_TCK")\nopen(".time","w").write(f"{w*1000} {(int(f[11])+int(f[12]))*1000/h}")\nsys.exit(p.wait())\n';
  const ran = spawnSync("python3", ["-c", script, ...front, program, ...args], {
    cwd: directory,
  });
  if (ran.status !== 0) throw new Error(`${program} failed: ${ran.stderr}`);
  const [wallMs, ownMs] = readFileSync(time, "utf8").split(" ").map(Number);
  return { wallMs: wallMs!, ownMs: ownMs! };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const aside = `${directory}.aside`;
const qikRuns = [];
const ninjaRuns = [];
try {
  for (let round = 0; round < rounds; round++) {
    setAside(join(directory, "._qik"), aside);
    qikRuns.push(run(qik, ["-n", workers]));
    setAside(join(directory, ".ninja_log"), aside);
    ninjaRuns.push(run("ninja", ["-j", workers]));
  }
} finally {
  for (const path of [directory, aside]) rmSync(path, { recursive: true, force: true });
}
const [ours, theirs] = [qikRuns, ninjaRuns].map((runs) => median(runs.map(({ wallMs }) => wallMs)));
const own = median(qikRuns.map(({ ownMs }) => ownMs)) / TASKS;
console.log(
  `${TASKS} x true, ${workers} workers: qik ${ours!.toFixed(0)} ms, ninja ${
    theirs!.toFixed(0)
  } ms, ` +
    `ratio ${(ours! / theirs!).toFixed(2)}; qik's own processor time ${own.toFixed(2)} ms a task`,
);
