import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { RUNTIME_NAMES } from "../../../lib/config/ctx.ts";
import { configJsonSchema } from "../../../lib/config/json_schema.ts";
import { KINDS, problemsOf } from "./rig.ts";

const TEXT = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

Deno.test("docs: every example of the configuration reference loads", async () => {
  const blocks = [...TEXT.matchAll(/^```toml.*\n([^]*?)^```$/gm)].map(([, block]) => block!);
  assert.ok(blocks.length > 10);
  const directories = { "my/module/a/": "", "app/core/": "", "app/api/": "" };
  for (const block of blocks) assert.deepEqual(await problemsOf(block, directories), [], block);
});

/** All property names inside a JSON Schema. */
function keysOf(schema: unknown): string[] {
  const keys: string[] = [];
  const open = [schema];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at !== "object" || at === null) continue;
    if ("properties" in at) keys.push(...Object.keys(at.properties as object));
    open.push(...Object.values(at));
  }
  return keys;
}

Deno.test("docs: every key and every runtime name is in the configuration reference", async () => {
  const none = new Map();
  const kinds = { deps: KINDS.kinds, caches: none, venvs: none, plugins: none };
  const keys = [...keysOf(await configJsonSchema(kinds)), ...RUNTIME_NAMES];
  assert.ok(keys.includes("order-only") && keys.includes("cache-when"));
  const missing = keys.filter((key) =>
    key !== "pyimport" && !TEXT.includes(`\`${key}\``) && !TEXT.includes(`[${key}]`)
  );
  assert.deepEqual([...new Set(missing)], []);
});
