/** `deno task layers`: every rule about who may import whom, and how long things may be. */
import { readdir, readFile, stat } from "node:fs/promises";
import { checkLayers } from "./layers/rules.ts";
import type { Source } from "./layers/source.ts";

const TREES = ["lib", "plugins", "scripts", "bench", "tests"];
const ROOTS = ["main.ts", "mod.ts"];

async function readSources(root: string): Promise<Source[]> {
  const paths: string[] = [];
  for (const path of ROOTS) if (await exists(`${root}/${path}`)) paths.push(path);
  for (const tree of TREES) {
    if (!await exists(`${root}/${tree}`)) continue;
    const names = await readdir(`${root}/${tree}`, { recursive: true });
    paths.push(...names.map((name) => `${tree}/${name.replaceAll("\\", "/")}`));
  }
  const wanted = paths.filter((path) => path.endsWith(".ts") && !path.includes("node_modules/"));
  return await Promise.all(
    wanted.sort().map(async (path) => ({ path, text: await readFile(`${root}/${path}`, "utf8") })),
  );
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

if (import.meta.main) {
  const sources = await readSources(new URL("..", import.meta.url).pathname.replace(/\/$/, ""));
  const violations = checkLayers(sources);
  for (const { path, line, message } of violations) console.error(`${path}:${line}: ${message}`);
  console.error(`layers: ${sources.length} files, ${violations.length} violations`);
  Deno.exitCode = violations.length === 0 ? 0 : 1;
}
