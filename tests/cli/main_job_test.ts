import assert from "node:assert/strict";
import { chmod, rename, rm, stat } from "node:fs/promises";
import { Repo } from "../support/repo.ts";

/** A command that leaves a mark each time it really runs. */
const COUNTING = `
[commands.build]
exec = "echo run >> .runs; cat src/*.txt; mkdir -p out; cat src/*.txt > out/all.txt"
deps = ["src"]
artifacts = ["out"]
`;

const FILES = {
  "qik.toml": COUNTING,
  ".gitignore": "out\\n.runs\\n".replaceAll("\\n", "\n"),
  "src/a.txt": "one\n",
};

async function runs(repo: Repo): Promise<number> {
  return await repo.exists(".runs") ? (await repo.read(".runs")).split("\n").length - 1 : 0;
}

Deno.test("cold runs, warm replays the same output, an edit runs again", async () => {
  await using repo = await Repo.create(FILES);
  const cold = await repo.qik();
  assert.equal(cold.code, 0, repo.log);
  assert.equal(cold.out, "one\n");
  const warm = await repo.qik();
  assert.deepEqual([warm.code, warm.out], [0, "one\n"]);
  assert.equal(await runs(repo), 1, "the second run is a replay");
  await repo.write({ "src/a.txt": "two\n" });
  assert.equal((await repo.qik()).out, "two\n");
  assert.equal(await runs(repo), 2);
  await repo.write({ "src/a.txt": "one\n" });
  assert.equal((await repo.qik()).out, "one\n");
  assert.equal(await runs(repo), 2, "an earlier content is still in the cache");
});

Deno.test("every kind of change to the inputs is seen", async () => {
  await using repo = await Repo.create({ ...FILES, "src/b.txt": "b\n" });
  await repo.qik();
  const changes: [string, () => Promise<unknown>][] = [
    ["same size", () => repo.write({ "src/a.txt": "eno\n" })],
    ["executable", () => chmod(repo.path("src/a.txt"), 0o755)],
    ["untracked file", () => repo.write({ "src/new.txt": "n\n" })],
    ["odd name", () => repo.write({ "src/é \"'\n-.txt": "n\n" })],
    ["renamed", () => rename(repo.path("src/new.txt"), repo.path("src/newer.txt"))],
    ["deleted", () => rm(repo.path("src/b.txt"))],
  ];
  let expected = 1;
  for (const [what, change] of changes) {
    await change();
    await repo.qik();
    expected += 1;
    assert.equal(await runs(repo), expected, `${what}\n${repo.log}`);
    await repo.qik();
    assert.equal(await runs(repo), expected, `${what}: warm\n${repo.log}`);
  }
});

Deno.test("artifacts come back, stale ones go, right ones are not touched", async () => {
  await using repo = await Repo.create(FILES);
  await repo.qik();
  await rm(repo.path("out"), { recursive: true });
  await repo.write({ "out/stale.txt": "old" });
  await repo.qik();
  assert.equal(await repo.read("out/all.txt"), "one\n");
  assert.equal(await repo.exists("out/stale.txt"), false);
  const before = await stat(repo.path("out/all.txt"));
  await repo.qik();
  const after = await stat(repo.path("out/all.txt"));
  assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
  await repo.write({ "out/all.txt": "damaged" });
  await repo.qik();
  assert.equal(await repo.read("out/all.txt"), "one\n");
  assert.equal(await runs(repo), 1);
});

Deno.test("the two streams are told apart, cold and warm", async () => {
  await using repo = await Repo.create({
    "qik.toml": '[commands.say]\nexec = "echo out; echo err >&2"\ndeps = ["x"]\n',
    "x": "",
  });
  const cold = await repo.qik();
  const warm = await repo.qik();
  for (const { out, err } of [cold, warm]) {
    assert.equal(out, "out\n");
    assert.match(err, /^err$/m);
  }
});

Deno.test("a failure is not cached, unless the command says so", async () => {
  await using repo = await Repo.create({
    "qik.toml": `
[commands.fail]
exec = "echo run >> .runs; exit 3"
deps = ["x"]
[commands.kept]
exec = "echo run >> .runs; echo no; exit 4"
deps = ["x"]
cache-when = "finished"
`,
    ".gitignore": ".runs\n",
    "x": "",
  });
  assert.equal((await repo.qik("fail")).code, 3);
  assert.equal((await repo.qik("fail")).code, 3);
  assert.equal(await runs(repo), 2);
  const first = await repo.qik("kept");
  const again = await repo.qik("kept");
  assert.deepEqual([first.code, again.code], [4, 4]);
  assert.match(again.out, /no\n/);
  assert.equal(await runs(repo), 3);
});

Deno.test("a command without deps always runs", async () => {
  await using repo = await Repo.create({
    "qik.toml": '[commands]\nhello = "echo run >> .runs; echo hi"\n',
  });
  assert.equal((await repo.qik("hello")).out, "hi\n");
  await repo.qik("hello");
  assert.equal(await runs(repo), 2);
});

Deno.test("-f runs and stores, --no-cache does neither read nor store", async () => {
  await using repo = await Repo.create(FILES);
  await repo.qik("--no-cache");
  await repo.qik("-f");
  assert.equal(await runs(repo), 2);
  await repo.qik();
  assert.equal(await runs(repo), 2, "what -f stored is replayed");
  await repo.qik("--no-cache");
  assert.equal(await runs(repo), 3);
});

Deno.test("an upstream task that wrote the same bytes does not break what needs it", async () => {
  await using repo = await Repo.create({
    "qik.toml": `
[commands.gen]
exec = "head -c 1 src.txt > gen.txt"
deps = ["src.txt"]
artifacts = ["gen.txt"]
[commands.use]
exec = "echo run >> .runs; cat gen.txt"
deps = [{ type = "command", name = "gen" }]
`,
    ".gitignore": "gen.txt\n.runs\n",
    "src.txt": "abc",
  });
  await repo.qik("use");
  await repo.write({ "src.txt": "axyz" });
  await repo.qik("use");
  assert.equal(await runs(repo), 1, repo.log);
  await repo.write({ "src.txt": "bxyz" });
  await repo.qik("use");
  assert.equal(await runs(repo), 2, repo.log);
});

Deno.test("an upstream task that rewrites sources is seen by what runs after it", async () => {
  await using repo = await Repo.create({
    "qik.toml": `
[commands.format]
exec = "sed -i 's/ //g' a.txt"
[commands.lint]
exec = "echo run >> .runs; ! grep -q ' ' a.txt"
deps = ["a.txt", { type = "command", name = "format" }]
`,
    ".gitignore": ".runs\n",
    "a.txt": "a b c\n",
  });
  assert.equal((await repo.qik("lint")).code, 0, repo.log);
  assert.equal((await repo.qik("lint")).code, 0);
  assert.equal(await runs(repo), 1, "the formatted content is what was stored");
});

Deno.test("a result whose inputs changed while it ran is not stored, and that is said", async () => {
  await using repo = await Repo.create({
    "qik.toml":
      '[commands.self]\nexec = "echo run >> .runs; echo x >> in.txt"\ndeps = ["in.txt"]\n',
    ".gitignore": ".runs\n",
    "in.txt": "1",
  });
  const { code, err } = await repo.qik("self");
  assert.equal(code, 0);
  assert.match(err, /in\.txt/);
  assert.match(err, /inputs-changed/);
});

Deno.test("it works from a subdirectory, in a linked worktree and without git", async () => {
  await using repo = await Repo.create(FILES);
  assert.equal((await repo.with({ cwd: "src" }).qik()).out, "one\n");
  assert.equal((await repo.with({ cwd: "/" }).qik("-C", repo.root)).out, "one\n");
  await repo.git("worktree", "add", "-q", "../tree");
  const tree = repo.with({ cwd: "../tree" });
  const { code, out } = await tree.qik();
  assert.deepEqual([code, out], [0, "one\n"], repo.log);
  await using bare = await Repo.create(FILES, { git: false });
  assert.equal((await bare.qik()).out, "one\n");
  assert.equal((await bare.qik()).out, "one\n");
  assert.equal(await runs(bare), 1, bare.log);
});
