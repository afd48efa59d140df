import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { splitNames } from "../../lib/git/names.ts";
import { byCodeUnit } from "../../lib/base/order.ts";
import { Ground, look, pathsOf, rawState } from "../support/work_tree.ts";

/** Walks a copy without git and asks git about the same files. */
async function assertWalkLikeGit(files: Readonly<Record<string, string>>, label: string) {
  using bare = Ground.bare(files);
  using ground = Ground.create(files);
  const printed = ground.gitBytes(["ls-files", "-z", "--others", "--exclude-standard"]);
  const theirs = splitNames(printed).sort(byCodeUnit);
  assert.deepEqual(await pathsOf(await bare.tree()), theirs, label);
}

Deno.test("without git, .gitignore files are honoured as git does", async () => {
  const rules = [
    "*.log\n!keep.log\n",
    "/build\ndoc/*.txt\nlib/**/x\n",
    "**/tmp\na/**\n!a/b/\n",
    "foo/\nbar\n!bar/in\n",
    "\\#hash\n#comment\n\\!bang\ntrail  \nspace\\ \n",
    "\ufeffbom\r\nx.log\r\n",
    "a**/b\n**b\n*/b/*\n?/b\n",
    "[a-c]/\n[!a]*\n![[:alpha:]]*\n",
    "*\n!*/\n!*.ts\n",
    "a/b\n!a/b/c\nlib/\n!lib/\n",
    "/*\n!/a\n/a/*\n!/a/b\n",
    "[\n\\\n!\n/\n//\n**\\/c\n",
  ];
  const names = [
    "x.log",
    "keep.log",
    "build/f",
    "doc/a.txt",
    "doc/in/a.txt",
    "lib/x",
    "lib/a/x",
    "lib/a/b/x/y",
    "a/b/c",
    "a/c",
    "a/tmp/f",
    "foo/f",
    "bar/in",
    "#hash",
    "#comment",
    "!bang",
    "trail",
    "trail ",
    "space ",
    "bom",
    "ab/b",
    "b",
    "axx/b/c",
    "top.ts",
    "a/deep/er/f.ts",
    "é.log",
    "caf\u00e9/b",
    "x/foo",
  ]; // deno-fmt-ignore
  for (const rule of rules) {
    const files = Object.fromEntries(names.map((name) => [name, "1"]));
    await assertWalkLikeGit({ ...files, ".gitignore": rule }, rule);
    await assertWalkLikeGit({ ...files, "a/.gitignore": rule, ".gitignore": "*.log\nb\n" }, `a: ${rule}`);
  }
});

Deno.test("random .gitignore files without git", async () => {
  let state = 7;
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const oneOf = (list: readonly string[]) => list[pick(list.length)]!;
  const bits = ["a", "b", "c", "ab", "*", "**", "?", "/", "/", "[ab]", "\\a", ".x", "!", " "];
  for (let round = 0; round < 40; round++) {
    const files: Record<string, string> = {};
    const part = () => oneOf(["a", "b", "c", "ab", "a.x", "b.x", "é"]);
    for (let n = 0; n < 30; n++) {
      files[Array.from({ length: 1 + pick(3) }, part).join("/") + `.${n}`] = "1";
    }
    const line = () => Array.from({ length: 1 + pick(4) }, () => oneOf(bits)).join("");
    const text = () => Array.from({ length: 1 + pick(4) }, line).join("\n");
    await assertWalkLikeGit(
      { ...files, ".gitignore": text(), "a/.gitignore": text() },
      `round ${round}`,
    );
  }
});

Deno.test("without git contents are named by SHA-256, and every file counts as known", async () => {
  using ground = Ground.bare({ "a/f": "1", "run": "2", ".git-not": "3" });
  fs.chmodSync(join(ground.root, "run"), 0o755);
  fs.symlinkSync("a", join(ground.root, "link"));
  const tree = await ground.tree({ untracked: false });
  const expected = [".git-not", "a/f", "link", "run"].map((path) =>
    rawState(ground, path, "sha256")
  );
  assert.deepEqual(await look(tree), expected);
  assert.deepEqual(ground.started, []);
  assert.equal(tree.isTracked("a/f"), false);
  const selected = await tree.select(["a"]);
  const states = await tree.states(selected);
  ground.write("a/new", "1");
  assert.deepEqual(await tree.changedSince(selected, states), ["a/new"]);
  fs.rmSync(join(ground.root, "a/new"));
  assert.deepEqual(await tree.changedSince(selected, states), []);
});
