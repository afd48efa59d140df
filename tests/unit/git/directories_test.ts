import assert from "node:assert/strict";
import { type Directories, openDirectories } from "../../../lib/git/directories.ts";
import { files, Scratch } from "../space/scratch.ts";

/** Directories of a tree in which `ignored` are; `asked` lists how many paths each question was about. */
function opened(scratch: Scratch, ignored: readonly string[]) {
  const asked: number[] = [];
  const inner: string[] = [];
  const directories = openDirectories({ files }, scratch.root, {
    ignored(paths) {
      asked.push(paths.length);
      return Promise.resolve(new Set(paths.filter((path) => ignored.includes(path))));
    },
  }, (root): Directories => {
    inner.push(root.slice(scratch.root.length + 1));
    return { below: (directory) => Promise.resolve([`inner of ${directory.slice(root.length)}`]) };
  });
  const below = async (path: string) => {
    const inside = path === "" ? scratch.root : `${scratch.root}/${path}`;
    const whole = path === ELSEWHERE ? path : inside;
    return (await directories.below(whole)).map((found) => found.replace(`${scratch.root}/`, ""));
  };
  return { below, asked, inner, root: scratch.root };
}

const ELSEWHERE = "/elsewhere";

const TREE = {
  "a/deep/x": "",
  "b/x": "",
  "node_modules/p/lib/x": "",
  ".git/objects/x": "",
  "._qik/cache/x": "",
  "link": { link: "b" },
} as const;

Deno.test("all directories that are not ignored, outermost first, one question for each level", async () => {
  using scratch = new Scratch(TREE);
  const { below, asked, root } = opened(scratch, ["node_modules/"]);
  assert.deepEqual(await below(""), [root, "a", "b", "a/deep"]);
  assert.deepEqual(asked, [3, 1]);
});

Deno.test("what lies in an ignored directory is not, whatever git would say of it", async () => {
  using scratch = new Scratch(TREE);
  const { below } = opened(scratch, ["node_modules/"]);
  assert.deepEqual(await below("a"), ["a", "a/deep"]);
  for (const path of ["node_modules", "node_modules/p/lib", ".git/objects", "._qik"]) {
    assert.deepEqual(await below(path), [], path);
  }
});

Deno.test("directories outside the root, gone ones and links are none", async () => {
  using scratch = new Scratch(TREE);
  const { below, root } = opened(scratch, []);
  assert.deepEqual(await below(ELSEWHERE), []);
  assert.deepEqual(await below("gone"), ["gone"], "it may come back");
  assert.ok(!(await below("")).includes(`${root}/link`));
});

Deno.test("a repository inside is asked for itself", async () => {
  using scratch = new Scratch({ ...TREE, "sub/.git/HEAD": "", "sub/src/x": "" });
  const { below, inner } = opened(scratch, []);
  assert.deepEqual(await below("sub/src"), ["inner of /src"]);
  assert.ok((await below("")).includes("inner of "));
  assert.deepEqual(inner, ["sub", "sub"]);
  const ignoring = opened(scratch, ["sub/"]);
  assert.deepEqual(await ignoring.below("sub/src"), []);
});
