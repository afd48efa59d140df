/** What is remembered of names, and what is asked about them, in corners that random histories seldom come to. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { hourLater, PLAIN, seen } from "../support/listing.ts";
import { gitStates, Ground, look, withVariables } from "../support/work_tree.ts";

Deno.test("files that were moved away while their names were stored are seen when they are back", async () => {
  using ground = Ground.create(PLAIN);
  ground.commit();
  ground.write("p/q/inner/f", "1");
  await seen(ground);
  ground.write("a/new", "1");
  const tree = await ground.tree({ sys: hourLater(ground) });
  await look(tree);
  const [place, aside] = [join(ground.root, "p"), join(ground.base, "aside")];
  fs.renameSync(place, aside);
  await tree.save();
  fs.renameSync(aside, place);
  await seen(ground);
});

Deno.test("what is called .git and is no repository hides nothing", async () => {
  using ground = Ground.create(PLAIN);
  ground.commit();
  await seen(ground);
  const tree = await ground.tree({ sys: hourLater(ground) });
  await look(tree);
  ground.write("file/.git", "no link to a repository\n");
  ground.write("file/inside", "1");
  ground.write("directory/.git/HEAD", "of something else\n");
  ground.write("directory/inside", "1");
  await seen(ground);
  tree.invalidate();
  assert.deepEqual(await look(tree), gitStates(ground), "in the same run");
});

Deno.test("rules that are not checked out judge what appears in a run", async () => {
  using ground = Ground.create({ ...PLAIN, "a/.gitignore": "!keep.log\n" });
  ground.git("add", "-f", "own");
  ground.commit();
  ground.git("update-index", "--skip-worktree", ".gitignore", "a/.gitignore", "own/.gitignore");
  for (const path of [".gitignore", "a/.gitignore", "own"]) {
    fs.rmSync(join(ground.root, path), { recursive: true });
  }
  const tree = await ground.tree({ sys: hourLater(ground) });
  assert.deepEqual(await look(tree), gitStates(ground));
  for (const path of ["a/x.log", "a/keep.log", "out/z", "b/new", "own"]) ground.write(path, "1");
  tree.invalidate();
  assert.deepEqual(await look(tree), gitStates(ground));
});

Deno.test("git's variables for pathspecs, as magit's git hands them to hooks, change nothing", async () => {
  using plain = Ground.create(PLAIN);
  plain.commit();
  await seen(plain);
  for (const name of ["LITERAL", "GLOB", "NOGLOB", "ICASE"]) {
    const ground = withVariables(plain, { [`GIT_${name}_PATHSPECS`]: "1" });
    ground.write(`a/${name}`, "1");
    ground.write(`a/${name}.log`, "1");
    const tree = await ground.tree({ sys: hourLater(ground) });
    assert.deepEqual(await look(tree), gitStates(plain), name);
  }
});
