/** What a hit does to the files in its way: results of commands give way, a person's work never does. */
import assert from "node:assert/strict";
import { mark, ran, ranBy } from "../support/fakes.ts";
import { type Repo, repoTest } from "../support/repo.ts";

/** Puts a first line into each file that has none: a formatter, whose files are inputs and artifacts alike. */
const formatter = (patterns: string) => `
[commands.fmt]
exec = '''${mark("fmt")}
for f in src/*; do
  if ! grep -q '^#' "$f"; then { echo '#'; cat "$f"; } > ../formatted; mv ../formatted "$f"; fi
done'''
deps = ["src/**"]
artifacts = [${patterns}]
`;

/** Runs qik, which must run the command because of this file. */
async function assertRuns(repo: Repo, path: string): Promise<void> {
  await repo.remove("../ran");
  const { code, err } = await repo.qik();
  assert.equal(code, 0, repo.log);
  assert.doesNotMatch(err, /cache-damaged/);
  assert.ok(err.includes(`("${path}" is not what an earlier run wrote)`), repo.log);
  assert.equal((await ran(repo)).length, 1, `${path}\n${repo.log}`);
}

for (const patterns of ['"src/**"', '"."', '"**"', '"src"']) {
  repoTest(`a formatter with artifacts = [${patterns}] loses nothing`, {
    "qik.toml": formatter(patterns),
    "src/a": "a\n",
    "src/b": "b\n",
    "notes": "mine\n",
  }, async (repo) => {
    assert.deepEqual(await ranBy(repo), ["fmt"]);
    assert.equal(await repo.read("src/a"), "#\na\n");
    assert.deepEqual(await ranBy(repo), [], "nothing changed");
    await repo.write({ "src/a": "edited\n" });
    await assertRuns(repo, "src/a");
    assert.equal(await repo.read("src/a"), "#\nedited\n");
    await repo.write({ "src/new": "#\nnew\n" });
    await assertRuns(repo, "src/new");
    assert.equal(await repo.read("src/new"), "#\nnew\n");
    await repo.write({ "src/new": "#\nold\n", "src/b": "#\nb2\n" });
    await assertRuns(repo, "src/b");
    assert.equal(await repo.read("src/new"), "#\nold\n");
    assert.equal(await repo.read("src/b"), "#\nb2\n");
    assert.equal(await repo.read("notes"), "mine\n");
    assert.deepEqual(await ranBy(repo), []);
  });
}

const BUILD = {
  "qik.toml": `
[commands.build]
exec = "${mark("build")}; mkdir -p out; cat in > out/built"
deps = ["in"]
artifacts = ["out/**"]
`,
  "in": "1\n",
};

repoTest("a hit says why it is none, and keeps notes that git shows", BUILD, async (repo) => {
  await repo.qik();
  await repo.write({ "out/mynotes": "mine\n" });
  await assertRuns(repo, "out/mynotes");
  assert.equal(await repo.read("out/mynotes"), "mine\n");
  await repo.write({ "out/built": "edited\n" });
  await assertRuns(repo, "out/built");
  assert.equal(await repo.read("out/built"), "1\n", "the command itself wrote it");
});

repoTest("what git ignores is put right: stale files go, damaged ones come back", {
  ...BUILD,
  ".gitignore": "out\n",
}, async (repo) => {
  await repo.qik();
  await repo.write({ "out/mynotes": "stale\n", "out/built": "damaged\n" });
  assert.deepEqual(await ranBy(repo), []);
  assert.equal(await repo.exists("out/mynotes"), false);
  assert.equal(await repo.read("out/built"), "1\n");
});

repoTest("results that earlier runs wrote give way to each other", BUILD, async (repo) => {
  for (const text of ["1\n", "2\n"]) {
    await repo.write({ "in": text });
    assert.deepEqual(await ranBy(repo), ["build"]);
  }
  for (const text of ["1\n", "2\n", "1\n"]) {
    await repo.write({ "in": text });
    assert.deepEqual(await ranBy(repo), [], repo.log);
    assert.equal(await repo.read("out/built"), text);
  }
});

repoTest("a switch of branches with a tracked result loses nothing", BUILD, async (repo) => {
  await repo.qik();
  await repo.commit("generated");
  await repo.git("checkout", "-q", "-b", "other");
  await repo.write({ "out/built": "by hand\n" });
  await repo.commit("by hand");
  await assertRuns(repo, "out/built");
  assert.equal(await repo.read("out/built"), "1\n");
  await repo.git("checkout", "-q", "out/built");
  await repo.git("checkout", "-q", "main");
  assert.deepEqual(await ranBy(repo), [], "the tracked file is right");
  await repo.remove("out/built");
  assert.deepEqual(await ranBy(repo), ["build"], "the command decides about a tracked file");
  assert.equal(await repo.read("out/built"), "1\n");
});

repoTest("a source that was deleted stays so, also where it is an artifact", {
  "qik.toml": formatter('"src"'),
  "src/a": "a\n",
  "src/b": "b\n",
}, async (repo) => {
  await repo.must();
  await repo.commit("formatted");
  assert.deepEqual(await ranBy(repo), []);
  await repo.remove("src/b", "../ran");
  const { err } = await repo.must();
  assert.deepEqual(await ran(repo), ["fmt"]);
  assert.match(err, /\("src\/b" was deleted, and git still has it\)/);
  assert.equal(await repo.exists("src/b"), false);
  assert.deepEqual(await ranBy(repo), [], "that is the result now");
  assert.equal(await repo.exists("src/b"), false);
});

repoTest("a forecast knows that a hit would meet the user's own work", BUILD, async (repo) => {
  await repo.qik();
  assert.match((await repo.must("--dry-run")).out, /^warm/);
  await repo.write({ "out/mynotes": "mine\n" });
  const { out } = await repo.must("--dry-run");
  assert.match(out, /^cold .*"out\/mynotes" is not what an earlier run wrote\n/);
  assert.equal(await repo.read("out/mynotes"), "mine\n");
  assert.equal((await repo.must("--cache-status", "cold", "--ls")).out, "build\n");
});

repoTest("an artifact pattern that matches nothing is told once", {
  "qik.toml": BUILD["qik.toml"].replace('"out/**"', '"out/**", "dist/*.js", "dits/**"'),
  "in": "1\n",
}, async (repo) => {
  const cold = await repo.qik();
  assert.equal(cold.code, 0);
  assert.deepEqual(cold.err.match(/".*" of "build" matches no file \[artifact-empty\]/g), [
    '"dist/*.js" of "build" matches no file [artifact-empty]',
    '"dits/**" of "build" matches no file [artifact-empty]',
  ], cold.err);
  const warm = await repo.qik();
  assert.doesNotMatch(warm.err, /artifact-empty/);
});

repoTest("artifacts behind a link out of the repository are refused", BUILD, async (repo) => {
  await repo.write({ "../elsewhere/x": "" });
  await repo.run("ln", "-s", "../elsewhere", "out");
  const { code, err } = await repo.qik();
  assert.equal(code, 0, repo.log);
  assert.match(err, /Did not store "build": .*leads through the symlink "out"/);
});
