import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { BUNDLE } from "../build/bundle.ts";
import { ROOT } from "../root.ts";
import { type Command, type Ended, runCommand } from "./command.ts";
import { longestFirst } from "./longest_first.ts";

/** One line of the gate: a check that passes or fails as a whole, or a suite of tests that are counted. */
export interface Step extends Command {
  readonly name: string;
  readonly kind: "check" | "tests";
  /** A step that fails stops the others; set where they could only fail after it. */
  readonly needed?: boolean;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Tests that said they cannot run here; shown, so that nobody takes them for passed. */
  readonly ignored: number;
}

/** A step that runs this Deno with the given words. */
export function denoCheck(name: string, ...args: readonly string[]): Step {
  return { name, kind: "check", argv: [Deno.execPath(), ...args] };
}

/**
 * A suite: every test file below the directories. Directories without tests yield no step. Types are checked
 * by a step of their own, so that one file which does not compile does not hide the results of all others.
 *
 * Tests wait a lot (for programs, for stats to become 2 s old), so that more files run at a time than there are
 * processors; `DENO_JOBS` says otherwise.
 */
export async function denoTests(
  name: string,
  directories: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Step[]> {
  const files = (await Promise.all(directories.map(testFiles))).flat();
  if (files.length === 0) return [];
  const argv = [
    Deno.execPath(),
    "test",
    "-A",
    "-q",
    "--no-check",
    "--frozen",
    "--parallel",
    ...longestFirst(files),
  ];
  const jobs = Deno.env.get("DENO_JOBS") ?? String(2 * availableParallelism());
  return [{ name, kind: "tests", argv, env: { DENO_JOBS: jobs, ...env } }];
}

/** Relative to the checkout, sorted. */
async function testFiles(directory: string): Promise<string[]> {
  const names = await readdir(`${ROOT}/${directory}`, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith("_test.ts"))
    .map((name) => `${directory}/${name.replaceAll("\\", "/")}`).sort();
}

/** The command line on Deno: as a bundle, which starts faster; `tests/docs` and `tests/torture` run `main.ts` itself. */
export async function denoCliSteps(): Promise<Step[]> {
  const build = denoCheck("bundle", "run", "-A", "--frozen", "scripts/bundle.ts");
  const bundled = { QIK_BUNDLE: `${BUNDLE}/main.js` };
  const tests = await denoTests("cli on Deno", ["tests/cli"], bundled);
  return [{ ...build, needed: true }, ...tests];
}

/** The executable's build, and a directory of tests with it. */
export async function executableSteps(directory: string): Promise<Step[]> {
  const build = denoCheck("build", "run", "-A", "--frozen", "scripts/build.ts");
  const bin = Deno.build.os === "windows" ? "dist/qik.exe" : "dist/qik";
  const tests = await denoTests(`${directory} on the executable`, [directory], { QIK_BIN: bin });
  return [{ ...build, needed: true }, ...tests];
}

/**
 * What a step's output says about its tests.
 *
 * A suite that ended badly without a failed test (it did not compile, it was killed) counts as one failure,
 * and one that says nothing at all does so too: silence is no success.
 */
export function countTests({ code, text }: Pick<Ended, "code" | "text">): Counts {
  const summary = /^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/gm;
  const said = [...text.matchAll(summary)].at(-1);
  const [passed, failed, ignored] = [1, 2, 3].map((group) => Number(said?.[group] ?? 0)) as [
    number,
    number,
    number,
  ];
  const silent = said === undefined || (code !== 0 && failed === 0);
  return { passed, failed: silent ? failed + 1 : failed, ignored };
}

/** Runs the steps in turn, prints a line for each and the output of those that fail, and adds them up. */
export async function runSteps(steps: readonly Step[]): Promise<Counts> {
  let passed = 0;
  let failed = 0;
  let ignored = 0;
  for (const [index, step] of steps.entries()) {
    const ended = await runCommand({ ...step, env: { NO_COLOR: "1", ...step.env } });
    const good = ended.code === 0;
    const counts = step.kind === "tests"
      ? countTests(ended)
      : { passed: good ? 1 : 0, failed: good ? 0 : 1, ignored: 0 };
    passed += counts.passed;
    failed += counts.failed;
    ignored += counts.ignored;
    if (counts.failed > 0) console.log(ended.text.trimEnd());
    console.log(lineFor(step, counts, ended.tookMs));
    if (counts.failed > 0 && step.needed) {
      const skipped = steps.slice(index + 1).map(({ name }) => name);
      if (skipped.length > 0) console.log(`NOT RUN after ${step.name}: ${skipped.join(", ")}`);
      break;
    }
  }
  return { passed, failed, ignored };
}

function lineFor({ name, kind }: Step, counts: Counts, tookMs: number): string {
  const { passed, failed, ignored } = counts;
  const mark = failed === 0 ? "ok    " : "FAILED";
  const left = ignored === 0 ? "" : `, ${ignored} ignored`;
  const tests = kind === "tests" ? `, ${passed} passed, ${failed} failed${left}` : "";
  return `${mark} ${name}${tests} (${(tookMs / 1000).toFixed(1)} s)`;
}

/** Prints the closing line that CI reads and sets the exit code. */
export function closeWith({ passed, failed, ignored }: Counts): void {
  if (ignored > 0) console.log(`${ignored} tests were ignored: they say why`);
  console.log(`${passed} passed, ${failed} failed`);
  Deno.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
