/** Compiled by `bench/scanner.ts`: one measurement in a process of its own, printed as JSON. */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { scanImports } from "../../plugins/pygraph/scan/scanner.ts";
import { workOf } from "./work.ts";

const [what, ...directories] = process.argv.slice(2);
const paths = directories.flatMap((directory) =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".py")).map((path) => `${directory}/${path}`)
);
const start = performance.now();
if (what === "speed") console.log(JSON.stringify(speed()));
else if (what === "alone") {
  const lines = workOf(paths);
  console.log(JSON.stringify({ ms: performance.now() - start, lines: lines.length }));
} else {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const theirs = new Promise<readonly string[]>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  worker.postMessage(paths.slice(paths.length >> 1));
  const own = workOf(paths.slice(0, paths.length >> 1));
  const lines = [...own, ...await theirs];
  console.log(JSON.stringify({ ms: performance.now() - start, lines: lines.length }));
}
process.exit(0);

/** All files are in memory; the first pass is what a run has, the best of the others what the machine can do. */
function speed(): object {
  const sources = paths.map((path) => readFileSync(path));
  const bytes = sources.reduce((sum, { length }) => sum + length, 0);
  const passes: number[] = [];
  for (let pass = 0; pass < 12; pass++) {
    const from = performance.now();
    for (const source of sources) scanImports(source);
    passes.push(performance.now() - from);
  }
  const rate = (ms: number) => Math.round(bytes / ms / 1000);
  return { files: paths.length, bytes, first: rate(passes[0]!), best: rate(Math.min(...passes)) };
}
