import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import { openTree } from "../../lib/git/open.ts";
import { openSys } from "../../lib/sys/open.ts";
import { Repo } from "../support/repo.ts";

Deno.test("content that changed and changed back is told as changed", async () => {
  await using repo = await Repo.create({ "a": "1", "b": "1", "c": "1" });
  const sys = openSys();
  const tree = await openTree({ sys, root: repo.root, stateDir: repo.path("._qik/state") });
  const selected = await tree.select(["a", "b", "c"]);
  const states = await tree.states(selected);
  assert.deepEqual(await tree.changedSince(selected, states), []);
  writeFileSync(repo.path("a"), "2");
  writeFileSync(repo.path("a"), "1");
  const old = sys.files.lstat(repo.path("b"))!;
  writeFileSync(repo.path("b"), "2");
  writeFileSync(repo.path("b"), "1");
  utimesSync(repo.path("b"), new Date(), Number(old.mtimeNs / 1_000_000n) / 1000);
  assert.deepEqual(await tree.changedSince(selected, states), ["a", "b"]);
  const again = await tree.states(selected);
  assert.deepEqual(await tree.changedSince(selected, again), []);
});
