/**
 * `deno task build`: the executable for this machine, `dist/qik` and `dist/qikx` (one file, two names).
 *
 * `--target all` makes those for every machine into `dist/release`, with their SHA-256 sums; `--target NAME`
 * one of them. `--runtime deno` uses `deno compile` instead of Bun.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findBun } from "./build/bun.ts";
import { bunArguments, compileTo, denoArguments, type Target, TARGETS } from "./build/compile.ts";
import { ROOT } from "./root.ts";
import { runCommand } from "./steps/command.ts";

async function commit(): Promise<string> {
  const { code, text } = await runCommand({ argv: ["git", "rev-parse", "--short=12", "HEAD"] });
  return code === 0 ? text.trim() : "";
}

async function buildHere(runtime: string): Promise<string[]> {
  const extension = Deno.build.os === "windows" ? ".exe" : "";
  const outputs = [`dist/qik${extension}`, `dist/qikx${extension}`];
  if (runtime === "deno") {
    await compileTo((path) => [Deno.execPath(), ...denoArguments(path)], outputs);
  } else {
    const [bun, at] = [await findBun(), await commit()];
    await compileTo((path) => [bun, ...bunArguments(path, at)], outputs);
  }
  return outputs;
}

async function buildRelease(targets: readonly Target[]): Promise<string[]> {
  const [bun, at] = [await findBun(), await commit()];
  await mkdir(join(ROOT, "dist/release"), { recursive: true });
  const outputs: string[] = [];
  for (const target of targets) {
    const output = `dist/release/qik-${target}${target.startsWith("windows") ? ".exe" : ""}`;
    await compileTo((path) => [bun, ...bunArguments(path, at, target)], [output]);
    outputs.push(output);
  }
  const sums = await Promise.all(outputs.map(sumLine));
  await writeFile(join(ROOT, "dist/release/SHA256SUMS"), sums.join(""));
  return outputs;
}

/** A line as `sha256sum --check` reads it. */
async function sumLine(path: string): Promise<string> {
  const digest = createHash("sha256");
  for await (const piece of createReadStream(join(ROOT, path))) digest.update(piece);
  return `${digest.digest("hex")}  ${path.split("/").at(-1)}\n`;
}

function wantedTargets(target: string): readonly Target[] {
  if (target === "all") return TARGETS;
  const known = TARGETS.find((name) => name === target);
  if (known === undefined) {
    console.error(`Cannot build for "${target}": want all, ${TARGETS.join(", ")}`);
    Deno.exit(2);
  }
  return [known];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { target: { type: "string" }, runtime: { type: "string", default: "bun" } },
  });
  const made = values.target === undefined
    ? await buildHere(values.runtime)
    : await buildRelease(wantedTargets(values.target));
  for (const path of made) {
    const { size } = await stat(join(ROOT, path));
    console.log(`${path}  ${(size / 2 ** 20).toFixed(0)} MiB`);
  }
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  Deno.exitCode = 1;
}
