/**
 * `deno run -A bench/environments.ts [ROUNDS [SPACES [PACKAGES]]]`: what environments that uv has made cost a warm run,
 * for each space: the same commands with and without them, in turn, told as medians of wall and
 * processor time. Once with the proof that the run
 * before left, once the normal way. Needs the executable, python3 and, the first time, PyPI for uv.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { ROOT } from "../scripts/root.ts";
import { uv } from "../tests/support/venv/uv.ts";
import { summary } from "./measure.ts";

const [rounds, spaces, packages] = [15, 10, 40].map((usual, at) => Number(Deno.args[at] ?? usual));
const base = mkdtempSync(join(tmpdir(), "qik-environments-"));
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Milliseconds of one run; those of the processor are what others on the machine change least. */
interface Spent {
  readonly wall: number;
  readonly processor: number;
}

const TIMER = `
import os, sys, time
start = time.monotonic()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
wall = time.monotonic() - start
print(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000)
sys.exit(os.waitstatus_to_exitcode(status))
`;

function timed(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Spent {
  const [qik] = argv;
  const args = ["-c", TIMER, ...argv];
  const { success, stdout, stderr } = new Deno.Command("python3", { args, cwd, env }).outputSync();
  const [text, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${qik} failed in ${cwd}\n${error}`);
  const [wall, processor] = text!.split(" ").map(Number);
  return { wall: wall!, processor: processor! };
}

/** The same commands, in spaces with environments of their own or in the default space. */
function repository(name: string, withVenvs: boolean): string {
  const directory = join(base, name);
  mkdirSync(directory);
  const commands = numbers(spaces!).map((at) =>
    `[commands.c${at}]\nexec = "true"\ndeps = ["c${at}"]\n${withVenvs ? `space = "s${at}"\n` : ""}`
  );
  const venvs = numbers(spaces!).map((at) => `[spaces.s${at}]\nvenv = "r${at}.txt"\n`);
  const toml = withVenvs ? ['[plugins]\nuv = "qik.uv"\n', ...venvs, ...commands] : commands;
  writeFileSync(join(directory, "qik.toml"), toml.join("\n"));
  for (const at of numbers(spaces!)) {
    writeFileSync(join(directory, `c${at}`), "");
    writeFileSync(
      join(directory, `r${at}.txt`),
      numbers(packages!).map((one) => `qikpackage${one}\n`).join(""),
    );
  }
  const git = (...args: string[]) =>
    new Deno.Command("git", { args, cwd: directory, stdout: "null", stderr: "inherit" })
      .outputSync();
  git("init", "-q");
  git("add", "-A");
  return directory;
}

try {
  const index = join(base, "index");
  const names = numbers(packages!).map((at) => ({ name: `qikpackage${at}`, version: "1.0" }));
  await uv().publish(index, names);
  const { path, env } = await uv().environment(index);
  const qik = process.env["QIK_BIN"] ?? join(ROOT, "dist/qik");
  const variables = {
    ...env,
    PATH: [path, process.env["PATH"] ?? ""].join(delimiter),
    UV_CACHE_DIR: join(base, "uv"),
  };
  const run = (directory: string, words: readonly string[] = []) =>
    timed([qik, ...words], directory, variables);
  const [plain, built] = [repository("plain", false), repository("built", true)];
  for (const directory of [plain, built]) run(directory);
  // What is younger than 2 s when a proof is made is compared by content once more.
  await new Promise((done) => setTimeout(done, 3000));
  for (const directory of [plain, built]) run(directory);
  for (const proven of [true, false]) {
    const times = { plain: [] as Spent[], built: [] as Spent[] };
    for (const _ of numbers(rounds!)) {
      for (const [name, directory] of [["plain", plain], ["built", built]] as const) {
        // A run with a report takes no proof and leaves none.
        const words = proven ? [] : ["--report", `json=${join(base, "report")}`];
        times[name].push(run(directory, words));
      }
    }
    console.log(
      `${proven ? "by the proof" : "normal way"}, ${spaces} spaces of ${packages} packages:`,
    );
    for (const what of ["wall", "processor"] as const) {
      const [bare, full] = [times.plain, times.built]
        .map((spent) => summary(spent.map((one) => one[what])).median);
      const each = (full! - bare!) / spaces!;
      console.log(
        `  ${what.padEnd(9)} ${full!.toFixed(1)} ms with environments, ${
          bare!.toFixed(1)
        } ms without: ` +
          `${each.toFixed(2)} ms a space`,
      );
    }
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
