/** The example repository does what its comments say. */
import assert from "node:assert/strict";
import { readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { CHECKOUT, denoDirectory, Repo } from "../support/repo.ts";

const SHOP = join(CHECKOUT, "examples/shop");

/** What git would hold of the example: somebody may have run it in place. */
async function exampleFiles(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(SHOP, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(SHOP.length + 1).replaceAll("\\", "/");
    const ignored = /^(\._qik|dist)\/|__pycache__/.test(path);
    if (entry.isFile() && !ignored) files[path] = await readFile(join(SHOP, path), "utf8");
  }
  return files;
}

Deno.test("examples/shop passes cold, is warm then, and runs what an edit touches", async () => {
  await using repo = await Repo.create(await exampleFiles());
  // The example says `deno`, which is not in PATH where it came through npx.
  await repo.write({ "../bin/": "" });
  await symlink(Deno.execPath(), repo.path("../bin/deno"));
  const path = `${repo.path("../bin")}:${repo.environment()["PATH"]}`;
  const shop = repo.with({ env: { PATH: path, DENO_DIR: denoDirectory() } });
  const cold = async () => {
    const { out } = await shop.must("--cache-status", "cold", "--isolated", "--ls");
    return out.trim().split("\n").toSorted();
  };

  const first = await shop.must();
  assert.match(first.out + first.err, /7 tasks: 7 ran/);
  assert.deepEqual(await cold(), ["hello"], "without deps it always runs");

  const text = await repo.read("pricing/catalogue.py");
  await repo.write({ "pricing/catalogue.py": text.replace("150", "200") });
  const edited = await shop.must();
  assert.match(edited.out + edited.err, /6 ran, 1 cached/);
  assert.match(await repo.read("dist/index.html"), /pen: 2\.38/);

  // The price list comes out the same, so that nothing after it runs.
  await repo.write({
    "pricing/catalogue.py": `# A remark\n${await repo.read("pricing/catalogue.py")}`,
  });
  const remarked = await shop.must("smoke", "-v", "1");
  assert.match(remarked.out + remarked.err, /1 ran, 3 cached/);
});
