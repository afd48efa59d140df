/**
 * `deno run -A bench/environments.ts [ROUNDS [SPACES [PACKAGES]]]`: what environments that uv has made cost a warm run,
 * for each space: the same commands with and without them, in turn, told as medians. Once with the proof that the run
 * before left, once without it. Needs the executable, python3 and, the first time, PyPI for uv.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { ROOT } from "../scripts/root.ts";
import { uv } from "../tests/support/venv/uv.ts";
import { summary, timeRun } from "./measure.ts";
import type { Tool } from "./tools.ts";

const [rounds, spaces, packages] = [15, 10, 40].map((usual, at) => Number(Deno.args[at] ?? usual));
const base = mkdtempSync(join(tmpdir(), "qik-environments-"));
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

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
  const qik: Tool = {
    name: "qik",
    argv: [process.env["QIK_BIN"] ?? join(ROOT, "dist/qik")],
    env: {
      ...env,
      PATH: [path, process.env["PATH"] ?? ""].join(delimiter),
      UV_CACHE_DIR: join(base, "uv"),
    },
    version: "",
    files: () => new Map(),
  };
  const [plain, built] = [repository("plain", false), repository("built", true)];
  for (const directory of [plain, built]) for (const _ of numbers(2)) timeRun(qik, directory);
  for (const proven of [true, false]) {
    const times = { plain: [] as number[], built: [] as number[] };
    for (const _ of numbers(rounds!)) {
      for (const [name, directory] of [["plain", plain], ["built", built]] as const) {
        if (!proven) {
          rmSync(join(directory, "._qik/state/proofs"), { recursive: true, force: true });
        }
        times[name].push(timeRun(qik, directory));
      }
    }
    const [bare, full] = [summary(times.plain), summary(times.built)];
    const each = (full.median - bare.median) / spaces!;
    console.log(
      `${proven ? "by the proof" : "normal way  "}  ${spaces} spaces of ${packages} packages: ` +
        `${full.median.toFixed(1)} ms with environments, ${bare.median.toFixed(1)} ms without, ` +
        `${each.toFixed(2)} ms a space`,
    );
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
