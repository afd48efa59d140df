import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openProcesses } from "../../../lib/sys/processes.ts";

/** What only says how a type is made: nobody has to write its name. */
const UNNAMED = ["PROBLEMS", "AnyFunction"];

Deno.test("whoever writes a plugin can name every type that its interface speaks of", async () => {
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  const { stdout, stderr } = await openProcesses().capture({
    argv: [Deno.execPath(), "doc", "--lint", "mod.ts"],
    cwd,
    env: { NO_COLOR: "1" },
  });
  const told = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const found = [...told.matchAll(/references private type '(\w+)'/g)].map(([, name]) => name!);
  assert.deepEqual([...new Set(found)].sort(), UNNAMED.toSorted());
});
