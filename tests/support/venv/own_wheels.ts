/** A wheel that lies in the repository: a lock that is shared names none of another checkout. */
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { type Bench, endings } from "./contract.ts";
import { writeWheels } from "./python_packages.ts";

const WHEEL = "qikred-1.0-py3-none-any.whl";

/** A case of the contract of environments. */
export async function showOwnWheels(bench: Bench): Promise<void> {
  const { repo, tool: { kind } } = bench;
  const publish = (root: string, requires: readonly string[]) => {
    writeWheels(repo.path("../made"), [{ name: "qikred", version: "1.0", requires }]);
    copyFileSync(repo.path("../made", WHEEL), repo.path(root, "wheels", WHEEL));
  };
  await repo.write({ "wheels/": "" });
  const wanted = { name: "qikred", wheel: `wheels/${WHEEL}` };
  await bench.ask("app", [{ name: "qikblue", version: "1.0" }, wanted]);
  publish(".", []);
  await repo.commit();
  const env = { QIK__CACHE_DIR: repo.path("../shared") };
  await repo.with({ env }).must("show");
  const lock = (await repo.run("sh", "-c", "ls ._qik/artifacts/*/*app* app/*.lock")).out.trim();
  const text = await repo.read(lock);
  assert.match(text, /qikred/);
  assert.ok(!text.includes(repo.root), text);
  await repo.git("clone", "-q", ".", "../other");
  // Whoever takes it from here does not find it.
  await repo.remove(`wheels/${WHEEL}`);
  const other = repo.with({ env, cwd: "../other" });
  await other.must("show");
  assert.deepEqual(await endings(repo, "../other"), {
    [`${kind}.lock@app`]: "hit",
    [`${kind}.install@app`]: "ran",
    "show@app": "hit",
  });
  assert.equal(await repo.read(`../other/${lock}`), text);
  const code = "import importlib.metadata as m; d = m.distribution('qikred'); " +
    "print(d.requires, d.read_text('direct_url.json'))";
  const installed = async () => (await other.must(":x", "python@app", "-c", code)).out;
  const told = await installed();
  assert.ok(told.includes(`file://${repo.path("../other")}/wheels/`), told);
  // The digest that the lock has is no longer that of the wheel.
  publish("../other", ["qikgreen"]);
  await other.must("show");
  assert.match(await installed(), /^\['qikgreen'\] /);
}
