import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import type { FileState } from "../../lib/git/tree.ts";
import { Ground, look, pathsOf } from "../support/work_tree.ts";

/** A repository with the submodule `sub`, which has an inner submodule. */
function withSubmodule(): Ground & Disposable {
  const ground = Ground.create({ f: "1" });
  for (const name of ["inner", "origin"]) {
    fs.mkdirSync(join(ground.base, name));
    const at = (...args: string[]) => ground.gitBytes(args, undefined, join(ground.base, name));
    at("init", "-q");
    fs.writeFileSync(join(ground.base, name, "code"), "1");
    fs.writeFileSync(join(ground.base, name, ".gitignore"), "*.log\n");
    if (name === "origin") {
      at("-c", "protocol.file.allow=always", "submodule", "add", "-q", "../inner", "in");
    }
    at("add", "-A");
    at("commit", "-q", "-m", "one");
    fs.writeFileSync(join(ground.base, name, "code"), "2");
    at("commit", "-q", "-a", "-m", "two");
  }
  ground.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", "../origin", "sub");
  ground.git(
    "-c",
    "protocol.file.allow=always",
    "submodule",
    "update",
    "-q",
    "--init",
    "--recursive",
  );
  ground.commit();
  return ground;
}

async function stateOf(ground: Ground, path: string): Promise<FileState> {
  const [state, ...more] = await look(await ground.tree(), [path]);
  assert.deepEqual(more, []);
  return state!;
}

Deno.test("a submodule is one input: its commit and everything in it", async () => {
  using ground = withSubmodule();
  assert.deepEqual(await pathsOf(await ground.tree()), [".gitmodules", "f", "sub"]);
  assert.deepEqual(await pathsOf(await ground.tree(), ["sub/"]), ["sub"]);
  const seen = new Map<string, string>();
  const step = async (name: string, expectNew = true) => {
    const state = await stateOf(ground, "sub");
    assert.equal(state.kind, "module");
    assert.equal(
      seen.has(state.digest),
      !expectNew,
      `${name} looks like ${seen.get(state.digest)}`,
    );
    seen.set(state.digest, name);
    return state.digest;
  };
  const clean = await step("clean");
  ground.write("sub/ignored.log", "1");
  assert.equal(await step("ignored file inside", false), clean);
  ground.write("sub/code", "dirty");
  await step("modified inside");
  ground.write("sub/code", "2");
  assert.equal(await step("mended", false), clean);
  ground.write("sub/new", "1");
  await step("untracked inside");
  fs.rmSync(join(ground.root, "sub/new"));
  ground.write("sub/in/code", "dirty");
  await step("modified in the inner submodule");
  ground.git("-C", "sub/in", "checkout", "-q", "code");
  ground.git("-C", "sub", "checkout", "-q", "HEAD^");
  await step("moved");
});

Deno.test("a submodule that is not checked out counts by the recorded commit, a deleted one is absent", async () => {
  using ground = withSubmodule();
  const commit = ground.git("rev-parse", "HEAD:sub").trim();
  ground.git("submodule", "deinit", "-q", "-f", "sub");
  const state = { path: "sub", kind: "module", digest: `sha1:${commit}` };
  assert.deepEqual(await stateOf(ground, "sub"), state);
  fs.rmSync(join(ground.root, "sub"), { recursive: true });
  assert.deepEqual(await stateOf(ground, "sub"), { path: "sub", kind: "absent", digest: "" });
});

Deno.test("an untracked nested repository is one input, and its contents count", async () => {
  using ground = Ground.create({ f: "1", "nest/a": "1", "plain/.git/x": "", "plain/y": "1" });
  ground.gitBytes(["init", "-q"], undefined, join(ground.root, "nest"));
  assert.deepEqual(await pathsOf(await ground.tree()), ["f", "nest", "plain/y"]);
  assert.deepEqual(await pathsOf(await ground.tree(), ["nest/"]), ["nest"]);
  const unborn = await stateOf(ground, "nest");
  assert.equal(unborn.kind, "module");
  ground.write("nest/a", "2");
  const edited = await stateOf(ground, "nest");
  assert.notDeepEqual(edited, unborn);
  ground.git("-C", "nest", "add", "-A");
  ground.git("-C", "nest", "commit", "-q", "-m", "one");
  assert.notDeepEqual(await stateOf(ground, "nest"), edited);
});

Deno.test("a submodule is looked at again after a command ran", async () => {
  using ground = withSubmodule();
  const tree = await ground.tree();
  const selected = await tree.select(["."]);
  const states = await tree.states(selected);
  assert.deepEqual(await tree.changedSince(selected, states), []);
  ground.write("sub/code", "edited");
  assert.deepEqual(await tree.changedSince(selected, states), ["sub"]);
});

Deno.test("a submodule as the root, under a hook's variables of the outer repository", async () => {
  using ground = withSubmodule();
  const root = join(ground.root, "sub");
  assert.deepEqual(await pathsOf(await ground.tree({ root })), [
    ".gitignore",
    ".gitmodules",
    "code",
    "in",
  ]);
  const env = {
    GIT_DIR: join(ground.root, ".git"),
    GIT_INDEX_FILE: join(ground.root, ".git/index"),
  };
  const plain = await stateOf(ground, "sub");
  const [hooked] = await look(await ground.tree({ sys: ground.sys({ env }) }), ["sub"]);
  assert.deepEqual(hooked, plain);
});

Deno.test("a pathspec that leads into a submodule selects it", async () => {
  using ground = withSubmodule();
  for (const spec of ["sub/**", "sub/code", "sub/in/*", "sub/no such"]) {
    const selected = await (await ground.tree()).select([spec]);
    assert.deepEqual([selected.paths, selected.unmatched], [["sub"], []], spec);
  }
  assert.deepEqual((await (await ground.tree()).select(["subway/*"])).paths, []);
});
