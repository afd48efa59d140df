/** The example repository does what its comments say. */
import assert from "node:assert/strict";
import { readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pythonTest } from "../support/python.ts";
import { CHECKOUT, denoDirectory, Repo } from "../support/repo.ts";
import { uv } from "../support/venv/uv.ts";

/** What git would hold of an example: somebody may have run it in place. */
async function exampleFiles(name: string): Promise<Record<string, string>> {
  const directory = join(CHECKOUT, "examples", name);
  const files: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(directory.length + 1).replaceAll(
      "\\",
      "/",
    );
    const ignored = /^(\._qik|dist)\/|__pycache__/.test(path);
    if (entry.isFile() && !ignored) files[path] = await readFile(join(directory, path), "utf8");
  }
  return files;
}

Deno.test("examples/shop passes cold, is warm then, and runs what an edit touches", async () => {
  await using repo = await Repo.create(await exampleFiles("shop"));
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

Deno.test("examples/imports runs the tests of what imports an edited file", async () => {
  await using repo = await Repo.create(await exampleFiles("imports"));
  const cold = async () => {
    const { out } = await repo.must("test", "--cache-status", "cold", "--isolated", "--ls");
    return out.trim().split("\n").toSorted();
  };
  const first = await repo.must();
  assert.match(first.out + first.err, /6 tasks: 6 ran/);
  const billing = await repo.read("billing/invoice.py");
  await repo.write({ "billing/invoice.py": `${billing}\n` });
  assert.deepEqual(await cold(), ["test@shop#billing"]);
  await repo.write({ "money/rates.py": `${await repo.read("money/rates.py")}\n` });
  assert.deepEqual(await cold(), ["test@shop#billing", "test@shop#money"]);
  await repo.write({
    "billing/invoice.py": billing.replace("from money", "import tools.odd\nfrom money"),
  });
  await repo.write({ "tools/odd.py": "" });
  const checked = await repo.qik("pygraph.check");
  assert.equal(checked.code, 1);
  assert.match(checked.out, /billing\/invoice\.py:1: imports "tools\.odd"/);
});

pythonTest("examples/environments makes its environments, and makes them once", async () => {
  await using repo = await Repo.create(await exampleFiles("environments"));
  const packages = repo.path("../packages");
  // In place of the real ones, so that no index is asked.
  await uv().publish(packages, ["ruff", "pytest"].map((name) => ({ name, version: "1.0" })));
  const { path, env } = await uv().environment(packages);
  const real = repo.with({ env: { ...env, PATH: `${path}:${repo.environment()["PATH"]}` } });
  const first = await real.must();
  assert.match(first.out + first.err, /6 tasks: 6 ran/);
  assert.match(await repo.read("app/requirements.lock"), /pytest==1\.0/);
  const second = await real.must();
  assert.match(second.out + second.err, /6 tasks: 6 cached/);
  assert.equal((await real.must(":x", "ruff@lint", "format")).out, "ruff 1.0\n");
});
