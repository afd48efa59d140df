/** What a new file costs the import graph: read it, name its content, find its imports, write them as text. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { scanImports } from "../../plugins/pygraph/scan/scanner.ts";

/** @returns A line for each file, as the memory of scans has it. */
export function workOf(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const bytes = readFileSync(path);
    const digest = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    return `sha1:${digest}\t${JSON.stringify(scanImports(bytes))}\n`;
  });
}
