import { readdir, readFile } from "node:fs/promises";
import { ROOT } from "../root.ts";
import type { Page } from "./rules.ts";

/** Every page that people read: at the root, and below docs and examples. */
export async function readPages(): Promise<Page[]> {
  const paths = (await readdir(ROOT)).filter((name) => name.endsWith(".md"));
  for (const tree of ["docs", "examples"]) {
    const names = await readdir(`${ROOT}/${tree}`, { recursive: true }).catch(() => []);
    paths.push(...names.filter((name) => name.endsWith(".md")).map((name) => `${tree}/${name}`));
  }
  return await Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(`${ROOT}/${path}`, "utf8") })),
  );
}
