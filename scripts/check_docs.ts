/** `deno task docs`: doc blocks run, fenced blocks are read, invariants have their tests. */
import { readdir } from "node:fs/promises";
import { runDocBlocks } from "./docs/doc_tests.ts";
import { readPages } from "./docs/pages.ts";
import { blockFaults, type Fault, invariantFaults } from "./docs/rules.ts";
import { ROOT } from "./root.ts";

/** File names of all tests, without `.ts`. */
async function testNames(): Promise<Set<string>> {
  const names = await readdir(`${ROOT}/tests`, { recursive: true });
  return new Set(
    names.filter((name) => name.endsWith("_test.ts"))
      .map((name) => name.split(/[/\\]/).at(-1)!.slice(0, -".ts".length)),
  );
}

const pages = await readPages();
const faults: Fault[] = pages.flatMap(blockFaults);
const architecture = pages.find(({ path }) => path === "ARCHITECTURE.md");
if (architecture === undefined) {
  faults.push({ path: "ARCHITECTURE.md", line: 1, message: "is missing" });
} else faults.push(...invariantFaults(architecture, await testNames()));
for (const { path, line, message } of faults) console.error(`${path}:${line}: ${message}`);

const trees = ["mod.ts", "lib", "plugins", "scripts", "tests/support"];
const broken = await runDocBlocks([...trees, ...pages.map(({ path }) => path)]);
if (broken !== undefined) console.error(broken);
console.error(`docs: ${pages.length} pages, ${faults.length} faults`);
Deno.exitCode = faults.length === 0 && broken === undefined ? 0 : 1;
