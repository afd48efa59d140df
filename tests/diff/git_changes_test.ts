/** What qik calls changed is what git calls changed, on random histories; and whose content really differs. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { byCodeUnit } from "../../lib/base/order.ts";
import { type Against, readChanges } from "../../lib/git/changes.ts";
import { splitNames } from "../../lib/git/names.ts";
import { ODD_NAMES, pick, random } from "../support/random.ts";
import { gitStates, Ground } from "../support/work_tree.ts";

const HISTORIES = 12;
const STEPS = 14;
const DIRECTORIES = ["", "a/", "a/b/", "c d/", "ü/"];
const PATHSPECS: readonly (readonly string[])[] = [
  ["."],
  ["a"],
  ["*.txt"],
  ["a/*", ":(exclude)a/b"],
  [":(glob)**/*.md", "ü"],
  [":(icase)A/B/*.TXT"],
];

type Next = (below: number) => number;

function someName(next: Next): string {
  const name = next(3) === 0 ? pick(ODD_NAMES, next) : pick(["x.txt", "y.md", "z", "w.txt"], next);
  return pick(DIRECTORIES, next) + name;
}

/** One thing that a person does to a repository. */
function step(ground: Ground, next: Next): void {
  const files = splitNames(ground.gitBytes(["ls-files", "-z"])).filter((path) =>
    fs.lstatSync(ground.native(path), { throwIfNoEntry: false })?.isFile()
  );
  const at = next(12);
  if (at < 4 || files.length === 0) ground.write(someName(next), `${next(4)}\n`);
  else if (at === 4) ground.write(pick(files, next), `${next(4)}\n`);
  else if (at === 5) fs.rmSync(ground.native(pick(files, next)));
  else if (at === 6) {
    fs.renameSync(ground.native(pick(files, next)), join(ground.root, `m${next(9)}`));
  } else if (at === 7) fs.chmodSync(ground.native(pick(files, next)), pick([0o644, 0o755], next));
  else if (at === 8) ground.git("add", "-A");
  else if (at === 9) ground.commit();
  else if (at === 10) ground.git("checkout", "-q", "-B", `b${next(3)}`);
  else merge(ground, next);
}

/** A merge of another branch, or the branch itself where that cannot be done cleanly. */
function merge(ground: Ground, next: Next): void {
  ground.commit();
  const branches = ground.git("for-each-ref", "--format=%(refname:short)", "refs/heads").trim();
  const branch = pick(branches.split("\n"), next);
  try {
    ground.git("merge", "-q", "-s", "ours", "-m", "merge", branch);
  } catch {
    ground.git("checkout", "-q", branch);
  }
}

function changesIn(ground: Ground, against: Against) {
  return readChanges({ sys: ground.sys(), root: ground.root, against, untracked: true });
}

function others(ground: Ground, specs: readonly string[] = ["."]): string[] {
  return splitNames(
    ground.gitBytes(["ls-files", "-z", "--others", "--exclude-standard", "--", ...specs]),
  );
}

function differing(ground: Ground, from: readonly string[], specs: readonly string[] = ["."]) {
  const args = ["diff", "--name-only", "-z", "--no-renames", ...from, "--", ...specs];
  return splitNames(ground.gitBytes(args));
}

const sorted = (...lists: readonly (readonly string[])[]) =>
  [...new Set(lists.flat())].sort(byCodeUnit);

/** Paths that `git status` shows, both ends of renames. */
function statusPaths(ground: Ground): string[] {
  const items = splitNames(
    ground.gitBytes(["status", "--porcelain", "-z", "-uall", "--no-renames"]),
  );
  return sorted(items.map((item) => item.slice(3)));
}

/** Paths whose bytes or kind are not those of a commit, without any diff of git's. */
function reallyDiffering(ground: Ground, commit: string): string[] {
  const then = new Map(
    splitNames(ground.gitBytes(["ls-tree", "-r", "-z", commit])).map((line) => {
      const [mode, , id] = line.split(/[ \t]/, 3);
      return [
        line.slice(line.indexOf("\t") + 1),
        `${mode === "100755" ? "exec" : "file"} sha1:${id}`,
      ];
    }),
  );
  const now = new Map(
    gitStates(ground).filter(({ kind }) => kind !== "absent").map((
      { path, kind, digest },
    ) => [path, `${kind} ${digest}`]),
  );
  return sorted([...then.keys()], [...now.keys()]).filter((path) =>
    then.get(path) !== now.get(path)
  );
}

for (let seed = 1; seed <= HISTORIES; seed++) {
  Deno.test(`changes equal git's on a random history, seed ${seed}`, async () => {
    using ground = Ground.create({ "x.txt": "0\n" }, ["-q", "-b", "b0"]);
    ground.commit();
    const next = random(seed);
    for (let count = 0; count < STEPS; count++) step(ground, next);
    const branch = pick(
      ground.git("for-each-ref", "--format=%(refname:short)", "refs/heads").trim().split("\n"),
      next,
    );
    const base = ground.git("merge-base", branch, "HEAD").trim();
    const since = await changesIn(ground, { kind: "since", ref: branch, exact: false });
    assert.deepEqual(since.paths, sorted(differing(ground, [base]), others(ground)));
    assert.deepEqual(since.paths, reallyDiffering(ground, base));
    for (const specs of PATHSPECS) {
      const wanted = sorted(differing(ground, [base], specs), others(ground, specs));
      assert.deepEqual(since.select(specs), wanted, specs.join(" "));
    }
    const exact = await changesIn(ground, { kind: "since", ref: branch, exact: true });
    assert.deepEqual(exact.paths, sorted(differing(ground, [branch]), others(ground)));
    const changed = await changesIn(ground, { kind: "changed" });
    const { paths } = changed;
    assert.deepEqual(paths, reallyDiffering(ground, "HEAD"));
    // What was changed in the index and back again on disk is shown by `git status` only.
    const back = statusPaths(ground).filter((path) => !paths.includes(path));
    assert.deepEqual(sorted(paths, back), sorted(paths, statusPaths(ground)));
    assert.deepEqual(back.filter((path) => !differing(ground, ["--cached"]).includes(path)), []);
    const staged = await changesIn(ground, { kind: "staged" });
    assert.deepEqual(staged.paths, sorted(differing(ground, ["--cached"])));
  });
}

Deno.test("one git diff, however many questions", async () => {
  using ground = Ground.create({ "a/x": "0", "b/y": "0" }, ["-q", "-b", "main"]);
  ground.commit();
  ground.write("a/x", "1");
  const changes = await changesIn(ground, { kind: "since", ref: "main", exact: false });
  for (let count = 0; count < 100; count++) changes.select([`a${count}`, "a", "!b"]);
  assert.deepEqual(changes.select(["a", "b"]), ["a/x"]);
  const words = ground.started.map((argv) =>
    argv.find((word) => /^(diff|ls-files|rev-parse|merge-base)$/.test(word))
  );
  assert.deepEqual(words.sort(), ["diff", "ls-files", "merge-base", "rev-parse"]);
});

Deno.test("a submodule with a change inside is a change, and what leads into it selects it", async () => {
  using inner = Ground.create({ f: "0" });
  inner.commit();
  using ground = Ground.create({ a: "0" });
  ground.git("submodule", "add", "-q", inner.root, "sub");
  ground.commit();
  const paths = async () => {
    const changes = await changesIn(ground, { kind: "changed" });
    return [
      changes.paths,
      changes.select(["sub/f"]),
      changes.select(["sub/"]),
      changes.select(["a"]),
    ];
  };
  assert.deepEqual(await paths(), [[], [], [], []]);
  ground.write("sub/f", "1");
  assert.deepEqual(await paths(), [["sub"], ["sub"], ["sub"], []]);
});

Deno.test("settings of the user do not change what git is asked", async () => {
  using ground = Ground.create({ "a.txt": "0\n", "b.txt": "1\n" });
  ground.commit();
  for (
    const [key, value] of [
      ["diff.renames", "copies"],
      ["diff.ignoreSubmodules", "all"],
      ["diff.external", "false"],
      ["diff.noprefix", "true"],
      ["color.ui", "always"],
      ["diff.relative", "true"],
      ["status.showUntrackedFiles", "no"],
    ]
  ) ground.git("config", key!, value!);
  fs.renameSync(join(ground.root, "a.txt"), join(ground.root, "c.txt"));
  ground.git("add", "-A");
  ground.write("new", "");
  const { paths } = await changesIn(ground, { kind: "changed" });
  assert.deepEqual(paths, ["a.txt", "c.txt", "new"]);
});

Deno.test("contents of then, also of odd names, in one call", async () => {
  using ground = Ground.create();
  const names = ["dir/é.txt", "-rf", ":(x", "a b", "empty"];
  names.forEach((name, at) => ground.write(name, name === "empty" ? "" : `text ${at}\n`));
  ground.commit();
  for (const name of names) ground.write(name, "other");
  const { past } = await changesIn(ground, { kind: "changed" });
  assert.deepEqual([...await past.names()].sort(), [...names].sort());
  const read = await past.read([...names, "gone", "dir"]);
  assert.deepEqual([...read.keys()], names);
  assert.deepEqual(
    [...read.values()].map((bytes) => new TextDecoder().decode(bytes)),
    names.map((name, at) => name === "empty" ? "" : `text ${at}\n`),
  );
});
