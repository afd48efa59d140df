import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { assertLikeGit, gitStates, Ground, look } from "../support/work_tree.ts";

type Change = (ground: Ground) => void;

/** What a command may do to the tree, and git calls that qik may need to see it. */
const CHANGES: readonly (readonly [string, Change])[] = [
  ["edit", (g) => g.write("src/a.ts", "edited")],
  ["delete", (g) => fs.rmSync(join(g.root, "src/b.ts"))],
  ["new file", (g) => g.write("src/new.ts", "1")],
  ["new directory", (g) => g.write("src/x/y/z.ts", "1")],
  ["new file in a new directory", (g) => g.write("src/x/y/z2.ts", "1")],
  ["new ignored file", (g) => g.write("src/x.log", "1")],
  ["new ignored directory", (g) => g.write("out/a/b", "1")],
  ["ignored among new ones", (g) => g.write("src/x/more.log", "1")],
  ["remove new file", (g) => fs.rmSync(join(g.root, "src/new.ts"))],
  ["file again", (g) => g.write("src/new.ts", "2")],
  ["empty directory", (g) => fs.mkdirSync(join(g.root, "empty"))],
  ["file in it", (g) => g.write("empty/f", "1")],
  ["directory with rules of its own", (g) => {
    g.write("cache/.gitignore", "*\n");
    g.write("cache/v/f", "1");
  }],
  ["more in it", (g) => g.write("cache/v/g", "1")],
  ["new rules", (g) => g.write("src/.gitignore", "*.tmp\nnew.ts\n")],
  ["under the new rules", (g) => g.write("src/a.tmp", "1")],
  ["changed rules", (g) => g.write("src/.gitignore", "a.tmp.not\n")],
  ["file becomes a directory", (g) => {
    fs.rmSync(join(g.root, "empty/f"));
    g.write("empty/f/in", "1");
  }],
  ["directory becomes a file", (g) => {
    fs.rmSync(join(g.root, "src/x"), { recursive: true });
    g.write("src/x", "1");
  }],
  ["nested repository", (g) => {
    g.write("nest/f", "1");
    g.git("init", "-q", "nest");
  }],
  ["git add", (g) => g.git("add", "src/new.ts", "empty")],
  ["git rm --cached", (g) => g.git("rm", "-q", "--cached", "src/a.ts")],
  ["directory becomes a symlink", (g) => {
    fs.renameSync(join(g.root, "lib"), join(g.root, "moved"));
    fs.symlinkSync("moved", join(g.root, "lib"));
  }],
  ["odd names", (g) => g.write("src/:(glob) *\n[é]", "1")],
  ["exec bit", (g) => fs.chmodSync(join(g.root, "src/a.ts"), 0o755)],
  ["symlink", (g) => fs.symlinkSync("nowhere", join(g.root, "src/link"))],
  ["root rules", (g) => g.write(".gitignore", "*.ts\n")],
];

const FILES = {
  ".gitignore": "*.log\nout/\n",
  "src/a.ts": "1",
  "src/b.ts": "1",
  "lib/c.ts": "1",
  "lib/deep/d.ts": "1",
  "docs/e.md": "1",
};

/** The state of a nested repository is asked elsewhere. */
const isPlain = ({ path }: { path: string }) => path !== "nest" && path !== "nest/";

Deno.test("after each change the picture equals git's, and says what changed", async () => {
  using ground = Ground.create(FILES);
  ground.commit();
  const tree = await ground.tree();
  const specs = ["src", "*.ts", "empty/**", "."];
  let before = await tree.select(specs);
  let states = await tree.states(before);
  for (const [name, change] of CHANGES) {
    change(ground);
    const changed = await tree.changedSince(before, states);
    before = await tree.select(specs);
    states = await tree.states(before);
    assert.deepEqual(states.filter(isPlain), gitStates(ground, specs).filter(isPlain), name);
    const silent = ["ignored", "rules of its own", "more in it", "empty directory", "git "];
    const expected = !silent.some((word) => name.includes(word)) && name !== "under the new rules";
    assert.equal(changed.length > 0, expected, `${name}: ${changed.join()}`);
    assert.deepEqual(await tree.changedSince(before, states), [], name);
  }
});

Deno.test("narrow pathspecs see what is theirs, each after its own look", async () => {
  using ground = Ground.create(FILES);
  ground.commit();
  const tree = await ground.tree();
  for (const [name, change] of CHANGES) {
    change(ground);
    tree.invalidate();
    for (
      const spec of [
        "src/*.ts",
        "empty",
        "lib/deep",
        "src/x/y",
        "cache/**",
        "none/**",
        "src/new.t?",
      ]
    ) {
      assert.deepEqual(await look(tree, [spec]), gitStates(ground, [spec]), `${name}: ${spec}`);
    }
  }
});

Deno.test("rules that come, change and go above a directory that is named count in it", async () => {
  using ground = Ground.create(FILES);
  ground.commit();
  const tree = await ground.tree();
  const changes: readonly (readonly [name: string, () => void])[] = [
    ["a file", () => ground.write("lib/deep/new.tmp", "1")],
    ["rules", () => ground.write("lib/.gitignore", "*.tmp\n")],
    ["others", () => ground.write("lib/.gitignore", "*.temp\n")],
    ["none", () => fs.rmSync(join(ground.root, "lib/.gitignore"))],
    ["rules that ignore themselves", () => ground.write("lib/.gitignore", "*.tmp\n.gitignore\n")],
    ["none again", () => fs.rmSync(join(ground.root, "lib/.gitignore"))],
    ["a file in its place", () => {
      fs.rmSync(join(ground.root, "lib/deep"), { recursive: true });
      ground.write("lib/deep", "1");
    }],
    ["a link in its place", () => {
      fs.renameSync(join(ground.root, "lib/deep"), join(ground.root, "docs/deep"));
      fs.symlinkSync("../src", join(ground.root, "lib/deep"));
    }],
  ];
  const pictures = new Set<string>();
  for (const [name, change] of changes) {
    change();
    tree.invalidate();
    const states = await look(tree, ["lib/deep"]);
    assert.deepEqual(states, gitStates(ground, ["lib/deep"]), name);
    pictures.add(JSON.stringify(states));
  }
  assert.equal(pictures.size, 4, "with the file, without it, a file in place, a link in place");
});

Deno.test("an untracked file that is gone is not selected, a tracked one is absent", async () => {
  using ground = Ground.create({ tracked: "1" });
  ground.commit();
  ground.write("untracked", "1");
  const tree = await ground.tree();
  await look(tree);
  fs.rmSync(join(ground.root, "tracked"));
  fs.rmSync(join(ground.root, "untracked"));
  tree.invalidate();
  assert.deepEqual(await look(tree), [{ path: "tracked", kind: "absent", digest: "" }]);
});

Deno.test("a thousand commands cost git processes only for names that git never saw", async () => {
  const packages = Array.from({ length: 20 }, (_, at) => [`p${at}/src/f.ts`, "1"]);
  using ground = Ground.create({ ".gitignore": "dist/\n", ...Object.fromEntries(packages) });
  ground.commit();
  const tree = await ground.tree();
  await look(tree);
  const start = ground.started.length;
  for (let round = 0; round < 50; round++) {
    for (let at = 0; at < 20; at++) {
      // The same artifacts again and again, as commands do.
      if (round % 10 === 0) ground.write(`p${at}/dist/out.js`, `${round}`);
      tree.invalidate();
      const states = await look(tree, [`p${at}/**`, "!p1/x"]);
      assert.equal(states.length, 1);
    }
  }
  assert.deepEqual(ground.started.slice(start).length, 20, "one for each new dist directory");
});

Deno.test("an equal stat is believed only where no later edit can hide behind it", async () => {
  using ground = Ground.create({ old: "1", young: "1" });
  ground.age("old");
  ground.commit();
  const first = await ground.tree();
  await look(first);
  first.save();
  const read: string[] = [];
  const sys = ground.sys();
  const files = {
    ...sys.files,
    read: (path: string) => {
      read.push(path.slice(ground.root.length + 1));
      return sys.files.read(path);
    },
  };
  // ctime is now for both, so neither may be remembered yet.
  await look(await ground.tree({ sys: { ...sys, files } }));
  assert.deepEqual(read.filter((path) => path === "old" || path === "young"), ["old", "young"]);
  // The same run, an hour later by the clock: both are remembered.
  const later = { ...sys.clock, now: () => sys.clock.now() + 3_600_000 };
  const second = await ground.tree({ sys: { ...sys, clock: later } });
  await look(second);
  second.save();
  read.length = 0;
  const third = await ground.tree({ sys: { ...sys, files } });
  const states = await look(third);
  assert.deepEqual(read.filter((path) => path === "old" || path === "young"), []);
  assert.deepEqual(states, gitStates(ground));
  ground.write("young", "2");
  const fourth = await ground.tree();
  assert.deepEqual(await look(fourth), gitStates(ground));
});

Deno.test("a damaged memo is ignored", async () => {
  using ground = Ground.create({ a: "1", b: "2" });
  ground.commit();
  const sys = ground.sys();
  const clock = { ...sys.clock, now: () => sys.clock.now() + 3_600_000 };
  const tree = await ground.tree({ sys: { ...sys, clock } });
  await look(tree);
  tree.save();
  const path = join(ground.base, "state/files");
  const bytes = fs.readFileSync(path);
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 0x20;
    fs.writeFileSync(path, damaged);
    await assertLikeGit(ground);
    fs.writeFileSync(path, bytes.subarray(0, at));
    await assertLikeGit(ground);
    if (at > 120) at += 40;
  }
});
