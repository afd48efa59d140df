import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { hasEscapedBytes } from "../../lib/base/bytes.ts";
import { QikError } from "../../lib/base/problems.ts";
import { assertLikeGit, gitIds, Ground, look, pathsOf } from "../support/work_tree.ts";

const DENO = "Deno" in globalThis && process.versions.bun === undefined;

const ODD_NAMES = [
  "with space",
  "'quotes' and \"more\"",
  "new\nline",
  "tab\there",
  "-dash",
  "--",
  ":(glob)x",
  ":!x",
  "!bang",
  "star*",
  "[a]",
  "what?",
  "back\\slash",
  "caf\u00e9",
  "cafe\u0301",
  "😀/emoji",
  "#hash",
  " ",
  "x".repeat(255),
  "deep/er/and/deeper/f",
  "a.b/c",
  "a/c",
  "a-b/c",
  "\ufeffmark",
];

Deno.test("every odd name is selected with the content of its bytes", async () => {
  using ground = Ground.create();
  for (const [at, name] of ODD_NAMES.entries()) ground.write(name, `content ${at}`);
  await assertLikeGit(ground);
  ground.commit();
  await assertLikeGit(ground);
  const states = await look(await ground.tree());
  const plain = states.filter(({ path }) => !path.includes("\n"));
  assert.deepEqual(
    plain.map(({ digest }) => digest),
    gitIds(ground, plain.map(({ path }) => path)).map((id) => `sha1:${id}`),
  );
});

Deno.test("each odd name can be named literally and changes its state when edited", async () => {
  using ground = Ground.create(Object.fromEntries(ODD_NAMES.map((name) => [name, "1"])));
  ground.commit();
  for (const name of ODD_NAMES) {
    const spec = `:(literal)${name}`;
    const before = await look(await ground.tree(), [spec]);
    assert.deepEqual(before.map(({ path }) => path), [name]);
    ground.write(name, "2");
    assert.notDeepEqual(await look(await ground.tree(), [spec]), before, JSON.stringify(name));
  }
});

Deno.test("a name that is not UTF-8 is read byte for byte, or refused where the runtime cannot", async () => {
  using ground = Ground.create({ plain: "1" });
  const name = "caf\udce9 \udcff";
  assert.ok(hasEscapedBytes(name));
  ground.git("add", "plain");
  // Deno cannot even make such a file.
  const printf = "printf '2' > \"$(printf 'caf\\351 \\377')\"";
  const { execFileSync } = await import("node:child_process");
  execFileSync("sh", ["-c", printf], { cwd: ground.root });
  ground.git("add", "-A");
  const tree = await ground.tree();
  assert.deepEqual(await pathsOf(tree, ["plain"]), ["plain"]);
  if (DENO) {
    await assert.rejects(
      () => look(tree),
      (error) => error instanceof QikError && error.problems[0]!.code === "file-unreadable",
    );
    assert.deepEqual(await pathsOf(tree, [".", "!caf*"]), ["plain"]);
  } else {
    await assertLikeGit(ground);
  }
});

Deno.test("deleted, staged, modified, untracked and ignored files", async () => {
  using ground = Ground.create({
    "kept": "1",
    "deleted": "1",
    "removed": "1",
    "modified": "1",
    "staged": "1",
    "both": "1",
    "renamed": "1",
    ".gitignore": "*.log\nbuild/\n!keep.log\n",
  });
  ground.commit();
  fs.rmSync(join(ground.root, "deleted"));
  ground.git("rm", "-q", "removed");
  ground.git("mv", "renamed", "moved");
  ground.write("modified", "2");
  ground.write("staged", "2");
  ground.write("both", "2");
  ground.git("add", "staged", "both");
  ground.write("both", "3");
  ground.write("new/untracked", "1");
  ground.write("a.log", "1");
  ground.write("keep.log", "1");
  ground.write("build/out", "1");
  ground.write("forced.log", "1");
  ground.git("add", "-f", "forced.log");
  await assertLikeGit(ground);
  const tree = await ground.tree({ untracked: false });
  assert.deepEqual(
    await pathsOf(tree),
    [".gitignore", "both", "deleted", "forced.log", "kept", "modified", "moved", "staged"],
  );
  assert.deepEqual(await look(tree, ["deleted"]), [{
    path: "deleted",
    kind: "absent",
    digest: "",
  }]);
});

Deno.test("a literal path counts even where git ignores it or untracked files do not count", async () => {
  using ground = Ground.create({
    ".gitignore": ".env\nout/\n",
    ".env": "A=1",
    "out/f": "1",
    "new": "1",
  });
  const tree = await ground.tree({ untracked: false });
  assert.deepEqual(await pathsOf(tree, [".env"]), [".env"]);
  assert.deepEqual(await pathsOf(tree, ["out/f", "new", "./.env"]), [".env", "new", "out/f"]);
  assert.deepEqual(await pathsOf(tree, ["out"]), []);
  assert.deepEqual(await pathsOf(tree, [".en*"]), []);
  assert.deepEqual(await pathsOf(tree, [".env", "!.env"]), []);
  assert.deepEqual((await tree.select([".env", "gone", "*.x"])).unmatched, ["gone", "*.x"]);
  assert.deepEqual((await tree.select([".env"], { exclude: [".env"] })).unmatched, []);
  ground.write(".env", "A=2");
  const before = await look(await ground.tree(), [".env"]);
  ground.write(".env", "A=3");
  assert.notDeepEqual(await look(await ground.tree(), [".env"]), before);
});

Deno.test("exec bits and symlinks to files, directories, nothing and themselves", async () => {
  using ground = Ground.create({ script: "#!/bin/sh\n", plain: "1", "dir/f": "1" });
  const link = (target: string, path: string) => fs.symlinkSync(target, join(ground.root, path));
  link("plain", "to-file");
  link("dir", "to-dir");
  link("nowhere/at all", "dangling");
  link("loop", "loop");
  fs.chmodSync(join(ground.root, "script"), 0o755);
  await assertLikeGit(ground);
  ground.commit();
  await assertLikeGit(ground);
  const kinds = async () =>
    (await look(await ground.tree(), ["script", "loop"])).map(({ kind }) => kind);
  assert.deepEqual(await kinds(), ["link", "exec"]);
  fs.chmodSync(join(ground.root, "script"), 0o644);
  assert.deepEqual(await kinds(), ["link", "file"]);
});

Deno.test("a directory that became a symlink hides its files, a file that became a directory too", async () => {
  using ground = Ground.create({ "dir/f": "1", "other/f": "1", "file": "1", "d/x": "1" });
  ground.commit();
  fs.rmSync(join(ground.root, "dir"), { recursive: true });
  fs.symlinkSync("other", join(ground.root, "dir"));
  fs.rmSync(join(ground.root, "file"));
  ground.write("file/inside", "1");
  fs.rmSync(join(ground.root, "d"), { recursive: true });
  ground.write("d", "1");
  await assertLikeGit(ground);
  const states = await look(await ground.tree(), ["dir/f", "file"]);
  assert.deepEqual(states.map(({ path, kind }) => [path, kind]), [
    ["dir/f", "absent"],
    ["file", "absent"],
    ["file/inside", "file"],
  ]);
});

Deno.test("conflicts count once, intent-to-add counts by content", async () => {
  using ground = Ground.create({ both: "base\n" });
  ground.commit();
  ground.git("checkout", "-q", "-b", "side");
  ground.write("both", "side\n");
  ground.commit();
  ground.git("checkout", "-q", "-");
  ground.write("both", "main\n");
  ground.commit();
  assert.throws(() => ground.git("merge", "side"));
  ground.write("intended", "1");
  ground.git("add", "-N", "intended");
  await assertLikeGit(ground);
  assert.deepEqual(await pathsOf(await ground.tree()), ["both", "intended"]);
});

Deno.test("content is the raw bytes whatever git would convert", async () => {
  using ground = Ground.create({
    "crlf.txt": "a\r\nb\r\n",
    "lf.txt": "a\nb\n",
    "id.txt": "$Id$\n",
    ".gitattributes": "*.txt text eol=crlf\nid.txt ident\n",
  });
  ground.git("config", "core.autocrlf", "true");
  ground.git("add", "-A");
  await assertLikeGit(ground);
  const [crlf, lf] = await look(await ground.tree(), ["crlf.txt", "lf.txt"]);
  assert.notEqual(crlf!.digest, lf!.digest);
  ground.write("lf.txt", "a\r\nb\r\n");
  assert.equal((await look(await ground.tree(), ["lf.txt"]))[0]!.digest, crlf!.digest);
});

Deno.test("what git is told to believe is not believed", async () => {
  using ground = Ground.create({ assumed: "1", skipped: "1", gone: "1" });
  ground.commit();
  ground.git("update-index", "--assume-unchanged", "assumed");
  ground.git("update-index", "--skip-worktree", "skipped", "gone");
  ground.write("assumed", "2");
  ground.write("skipped", "2");
  fs.rmSync(join(ground.root, "gone"));
  await assertLikeGit(ground);
});

Deno.test("SHA-256 repositories, repositories without commits and an empty one", async () => {
  using wide = Ground.create({ a: "1" }, ["-q", "--object-format=sha256"]);
  await assertLikeGit(wide);
  wide.commit();
  await assertLikeGit(wide);
  assert.match((await look(await wide.tree()))[0]!.digest, /^sha256:/);
  using empty = Ground.create();
  await assertLikeGit(empty);
});

Deno.test("a root below the top sees its own part, and :(top) counts from the top", async () => {
  using ground = Ground.create({
    "app/a.ts": "1",
    "app/lib/b.ts": "1",
    "top.ts": "1",
    ".gitignore": "app/lib/*.log\n",
    "app/lib/x.log": "1",
    "app/new": "1",
  });
  ground.git("add", "app/a.ts", "top.ts");
  const tree = await ground.tree({ root: join(ground.root, "app") });
  assert.deepEqual(await pathsOf(tree), ["a.ts", "lib/b.ts", "new"]);
  assert.deepEqual(await pathsOf(tree, [":(top)app/lib"]), ["lib/b.ts"]);
  assert.deepEqual(await pathsOf(tree, [":/*.ts", "!lib"]), ["a.ts"]);
  assert.deepEqual(await pathsOf(tree, [":/top.ts"]), []);
});

Deno.test("a linked worktree, also under a hook's variables", async () => {
  using ground = Ground.create({ "app/f": "1", g: "1" });
  ground.commit();
  ground.git("worktree", "add", "-q", "-b", "side", "linked");
  fs.writeFileSync(join(ground.root, "linked/app/f"), "2");
  fs.writeFileSync(join(ground.root, "linked/app/new"), "3");
  const root = join(ground.root, "linked");
  assert.deepEqual(await pathsOf(await ground.tree({ root })), ["app/f", "app/new", "g"]);
  const cwd = ground.root;
  const machine = { ...ground.sys().machine, cwd };
  const env = { GIT_DIR: ".git", GIT_INDEX_FILE: ".git/other-index" };
  fs.copyFileSync(join(ground.root, ".git/index"), join(ground.root, ".git/other-index"));
  ground.write("late", "1");
  ground.git("add", "late");
  const tree = await ground.tree({
    sys: ground.sys({ env, machine }),
    root: join(ground.root, "app"),
    untracked: false,
  });
  assert.deepEqual(await pathsOf(tree), ["f"]);
  const top = await ground.tree({ sys: ground.sys({ env, machine }), untracked: false });
  assert.deepEqual(await pathsOf(top), ["app/f", "g"], "the hook's index, not the usual one");
});

Deno.test("git's and qik's own files are nobody's input", async () => {
  using ground = Ground.create({
    f: "1",
    "._qik/x": "1",
    "dist/.qik-tmp-1-2-abc": "1",
    ".qik/cache/c.json": "{}",
    ".qik/artifacts/a.lock": "1",
  });
  ground.git("add", "-A", "-f");
  const tree = await ground.tree();
  assert.deepEqual(await pathsOf(tree), ["f"]);
  assert.deepEqual(
    await pathsOf(tree, ["._qik/x", ".git/config", ".qik/cache/c.json", ".qik/**"]),
    [],
  );
  assert.deepEqual(await pathsOf(tree, [".qik/artifacts/a.lock"]), [".qik/artifacts/a.lock"]);
  assert.equal(tree.isTracked("._qik/x"), true);
  assert.equal(tree.isTracked("new"), false);
});

Deno.test("exclusions leave out, only exclusions leave the rest, excluded patterns can bring back", async () => {
  using ground = Ground.create({
    "src/a.ts": "1",
    "src/b.ts": "1",
    "docs/a.md": "1",
    "gen/k": "1",
    "gen/o": "1",
  });
  const tree = await ground.tree();
  assert.deepEqual(await pathsOf(tree, ["!docs", ":!gen"]), ["src/a.ts", "src/b.ts"]);
  assert.deepEqual(await pathsOf(tree, ["src", "!src/a*"]), ["src/b.ts"]);
  assert.deepEqual(await pathsOf(tree, ["gen"], { exclude: ["gen", "!gen/k"] }), ["gen/k"]);
  const all = await tree.select(["docs", "none"], { exclude: ["docs"] });
  assert.deepEqual([all.paths, all.unmatched], [[], ["none"]]);
  assert.deepEqual(await pathsOf(tree, []), []);
  for (
    const spec of ["", "!", ":(attr:x)a", ":(glob,literal)a", ":(bogus)a", "../x", "/etc", "a\0b"]
  ) {
    await assert.rejects(
      () => tree.select([spec]),
      (error) => error instanceof QikError && error.problems[0]!.code === "glob-bad",
      spec,
    );
  }
});

Deno.test("a repository that git refuses is a clear error, not a walk", async () => {
  using ground = Ground.create({ f: "1" });
  ground.git("config", "core.repositoryformatversion", "99");
  await assert.rejects(
    () => ground.tree(),
    (error) =>
      error instanceof QikError && error.problems[0]!.code === "git-failed" &&
      /version/.test(error.message),
  );
});
