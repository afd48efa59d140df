import assert from "node:assert/strict";
import { rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
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

Deno.test("what was selected by name or listed, and was not there, is told when it comes", async () => {
  await using repo = await Repo.create({ ".gitignore": "*.local\n", "d/a": "1", "d/b": "1" });
  const sys = openSys();
  writeFileSync(repo.path("d/new"), "1");
  const tree = await openTree({ sys, root: repo.root, stateDir: repo.path("._qik/state") });
  const pictured = async (specs: readonly string[]) => {
    const selected = await tree.select(specs);
    const states = await tree.states(selected);
    return () => tree.changedSince(selected, states);
  };
  await (await pictured(["d"]))();
  const cases = [
    // Named, ignored by git: no listing has it.
    { specs: ["d/a", "d/x.local"], absent: "d/x.local" },
    // In no index, listed before.
    { specs: ["d"], absent: "d/new" },
    { specs: ["d/*"], absent: "d/b" },
  ];
  for (const { specs, absent } of cases) {
    rmSync(repo.path(absent), { force: true });
    tree.invalidate();
    const changed = await pictured(specs);
    assert.deepEqual(await changed(), []);
    writeFileSync(repo.path(absent), "2");
    assert.deepEqual(await changed(), [absent]);
    rmSync(repo.path(absent));
    assert.deepEqual(await changed(), []);
  }
});

Deno.test("what a link leads to is told, and a link that comes in the place of a file", async () => {
  await using repo = await Repo.create({ "a": "1", "b": "1", "x/one": "1" });
  symlinkSync("x", repo.path("to"));
  const sys = openSys();
  const tree = await openTree({ sys, root: repo.root, stateDir: repo.path("._qik/state") });
  const selected = await tree.select(["a", "b", "to"], { behindLinks: true });
  const states = await tree.states(selected);
  assert.deepEqual(await tree.changedSince(selected, states), []);
  writeFileSync(repo.path("x/two"), "1");
  assert.deepEqual(await tree.changedSince(selected, states), ["x/two"]);
  rmSync(repo.path("b"));
  symlinkSync("a", repo.path("b"));
  assert.deepEqual(await tree.changedSince(selected, states), ["b", "x/two"]);
});
