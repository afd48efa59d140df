import { link, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../steps/command.ts";
import { ROOT } from "../root.ts";

/** Every machine that an executable is made for, by Bun's word for it. */
export const TARGETS = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
  "windows-arm64",
] as const;

export type Target = typeof TARGETS[number];

/**
 * How many times as often as usual a function has to be called until JavaScript's compilers take it up. A run of 100
 * tasks calls hundreds of functions a hundred times each, just enough to be compiled and too late to gain from it: with
 * 5 a cold run takes 9 % less processor time (1,437 ms, with 1,580 before) and `--version` 8 %; 10 and 20 win no more,
 * 100 makes 20,000 Python modules a quarter slower. Where there is much to do, `compileEagerly` (lib/sys) undoes it.
 */
const JIT_POLICY = 5;

/** The words for `bun build`, without the program. The executable reads no file of the place it runs in. */
export function bunArguments(
  outfile: string,
  commit: string,
  target?: Target,
  entry = "main.ts",
): string[] {
  return [
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    `--compile-jit-policy=${JIT_POLICY}`,
    "--format=esm",
    // A chunk for each part that is loaded when it is needed: what a run does not ask for, it does not read either.
    "--splitting",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-tsconfig",
    "--no-compile-autoload-package-json",
    `--define=QIK_COMMIT=${JSON.stringify(commit)}`,
    ...(target === undefined ? [] : [`--target=bun-${target}`]),
    `--outfile=${outfile}`,
    entry,
  ];
}

/** The words for `deno compile`, which makes the same program with the other runtime. */
export function denoArguments(outfile: string): string[] {
  // Types are checked because only then Deno follows imports that wait until they are needed (`unstable` in deno.json).
  return ["compile", "--check", "-A", "--frozen", "--no-prompt", "--output", outfile, "main.ts"];
}

/**
 * Runs a compiler and puts what it made into place in one step, so that whoever runs the old executable
 * meanwhile is not disturbed, and a failed build leaves it as it was.
 *
 * @param argv Given the path to write to.
 * @param outputs All get the same file; the first decides where the work is done.
 */
export async function compileTo(
  argv: (outfile: string) => readonly string[],
  outputs: readonly string[],
): Promise<void> {
  const [first, ...others] = outputs.map((path) => join(ROOT, path)) as [string, ...string[]];
  const draft = join(dirname(first), `.draft-${Deno.pid}`);
  await mkdir(draft, { recursive: true });
  try {
    const extension = first.endsWith(".exe") ? ".exe" : "";
    const made = join(draft, `made${extension}`);
    const { code, text } = await runCommand({ argv: argv(made) });
    const there = await stat(made).then(() => true, () => false);
    if (code !== 0 || !there) throw new Error(`Cannot compile ${outputs[0]}\n${text.trimEnd()}`);
    for (const other of others) {
      await link(made, join(draft, "link"));
      await rename(join(draft, "link"), other);
    }
    await rename(made, first);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
