import assert from "node:assert/strict";
import { chmodSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { counted, settled } from "../support/counted_git.ts";
import { type Repo, repoTest } from "../support/repo.ts";

/**
 * A run of which everything is known from the run before asks nobody, git least of all; whatever changes, it is not
 * believed. The git that these tests put first in PATH counts its calls.
 */

const FILES = {
  "qik.toml": `
[commands.make]
exec = "mkdir -p out && cat src/*.txt > out/all && echo made"
deps = ["src", "lit/.env", { type = "env", name = "MODE" }, { type = "val", file = "v.json", key = "a" }]
artifacts = ["out/**"]
[commands.use]
exec = "wc -c out/all"
deps = [{ type = "command", name = "make" }, "none/*.x"]
`,
  ".gitignore": "out\nlit\n*.tmp\n",
  "src/a.txt": "one\\n",
  "src/b.txt": "two\\n",
  "src/empty/.keep": "",
  "v.json": '{"a": 1, "b": 1}\n',
  "elsewhere/b.txt": "two\\n",
  "lit/": "",
};

repoTest("a run that is recalled tells what the run before told", FILES, async (first) => {
  const { repo, calls } = await counted(first);
  await repo.must();
  // Without its proof: the same run, made.
  await repo.remove("._qik/state/proofs");
  const made = await repo.must("-v", "2");
  await repo.remove("._qik/out/manifest.json");
  await settled(repo.with({}), calls);
  await calls();
  await repo.must("-v", "2");
  const counts = async () => JSON.parse((await repo.must(":cache", "stats", "--json")).out).runs;
  const before = await counts();
  await calls();
  const recalled = await repo.must("-v", "2");
  assert.equal(await calls(), 0);
  const { runs, hits } = await counts();
  assert.deepEqual([runs, hits], [before.runs + 1, before.hits + 2]);
  const plain = (text: string) => text.replace(/in [\d.]+ ?m?s/, "in").split("\n").sort();
  assert.deepEqual(plain(recalled.out), plain(made.out));
  assert.equal(recalled.err, made.err);
  assert.match(recalled.err, /none\/\*\.x/);
  const manifest = JSON.parse(await repo.read("._qik/out/manifest.json"));
  assert.equal(manifest.counts.hit, 2);
  assert.deepEqual(manifest.tasks.map(({ ending }: { ending: string }) => ending), ["hit", "hit"]);
});

type Change = (repo: Repo) => unknown;

const inPlace = (path: string, text: string): Change => (repo) =>
  writeFileSync(repo.path(path), text, { flag: "r+" });

/**
 * Everything after which the proof must not be believed, and whether something must run then. `restored`: what is missing
 * comes back, and nobody is asked.
 */
const CHANGES: readonly (readonly [string, "runs" | "hits" | "restored", Change])[] = [
  ["an input changes in place", "runs", inPlace("src/a.txt", "uno\n")],
  ["an input changes and its time is put back", "runs", (repo) => {
    writeFileSync(repo.path("src/a.txt"), "eno\n", { flag: "r+" });
    utimesSync(repo.path("src/a.txt"), 1, 1);
  }],
  ["an input is replaced by another file", "runs", (repo) => {
    writeFileSync(repo.path("src/c.tmp"), "tri\n");
    renameSync(repo.path("src/c.tmp"), repo.path("src/a.txt"));
  }],
  ["an input may be executed", "runs", (repo) => chmodSync(repo.path("src/a.txt"), 0o755)],
  ["a new file appears", "runs", (repo) => repo.write({ "src/new.txt": "new\n" })],
  ["a new file appears further down", "runs", (repo) => repo.write({ "src/empty/n.txt": "n\n" })],
  ["a new file appears in a new directory", "runs", (repo) => repo.write({ "src/d/e/f": "n\n" })],
  ["an input goes", "runs", (repo) => repo.remove("src/new.txt")],
  [
    "a file is ignored from now on",
    "runs",
    (repo) => repo.write({ ".git/info/exclude": "src/d\n" }),
  ],
  [
    "a file is ignored for this user",
    "hits",
    (repo) => repo.write({ "../home/.config/git/ignore": "n.txt\n" }),
  ],
  [
    "ignore rules change in place",
    "hits",
    (repo) => repo.write({ ".gitignore": "out\nlit\n*.tmp\n!n.txt\n" }),
  ],
  ["a directory becomes a link", "runs", (repo) => {
    renameSync(repo.path("src"), repo.path("source"));
    symlinkSync("source", repo.path("src"));
  }],
  ["a link becomes a directory again", "hits", (repo) => {
    rmSync(repo.path("src"));
    renameSync(repo.path("source"), repo.path("src"));
  }],
  [
    "a file that git ignores but a dependency names appears",
    "runs",
    (repo) => repo.write({ "lit/.env": "x\n" }),
  ],
  ["a value changes", "runs", (repo) => repo.write({ "v.json": '{"a": 2, "b": 1}\n' })],
  [
    "something beside the value changes",
    "hits",
    (repo) => repo.write({ "v.json": '{"a": 2, "b": 2}\n' }),
  ],
  ["an artifact changes", "hits", (repo) => repo.write({ "out/all": "wrong\n" })],
  ["an artifact goes", "restored", (repo) => repo.remove("out")],
  ["a stale file lies among the artifacts", "hits", (repo) => repo.write({ "out/stale": "" })],
  ["the cache is emptied", "runs", (repo) => repo.remove("._qik/cache")],
  [
    "one entry is removed",
    "runs",
    (repo) => repo.run("sh", "-c", "rm -r ._qik/cache/v1/entries/*/*"),
  ],
  ["a log is removed", "hits", (repo) => repo.remove("._qik/out/make.out")],
  [
    "the command changes",
    "runs",
    async (repo) =>
      repo.write({ "qik.toml": (await repo.read("qik.toml")).replace("echo made", "echo Made") }),
  ],
  ["the proof is damaged", "hits", async (repo) => {
    const [name] = (await repo.run("ls", "._qik/state/proofs")).out.split("\n");
    const bytes = await repo.readBytes(`._qik/state/proofs/${name}`);
    bytes[bytes.length >> 1]! ^= 1;
    await repo.write({ [`._qik/state/proofs/${name}`]: bytes });
  }],
  [
    "the proof is cut",
    "hits",
    (repo) => repo.run("sh", "-c", "for f in ._qik/state/proofs/*; do truncate -s 300 $f; done"),
  ],
];

repoTest("whatever changes, an earlier run is not believed", FILES, async (first) => {
  const { repo, calls } = await counted(first);
  await repo.must();
  for (const [name, effect, change] of CHANGES) {
    // What lies behind a link is nothing that could be proven.
    if (name !== "a link becomes a directory again") await settled(repo, calls);
    await change(repo);
    const { out } = await repo.must();
    const all = await repo.read("src/a.txt") + (await repo.run("sh", "-c", "cat src/*.txt")).out;
    assert.ok(all.endsWith(await repo.read("out/all")), `${name}: stale\n${repo.log}`);
    const looked = await calls() > 0;
    const hits = !looked ? "restored" : / 2 cached/.test(out) ? "hits" : "runs";
    assert.equal(hits, effect, `${repo.log}\n${name}`);
    assert.equal(await repo.exists("out/stale"), false, name);
    assert.equal((await repo.read("._qik/out/make.out")).toLowerCase(), "made\n", name);
  }
  await settled(repo, calls);
  for (const MODE of ["a", "b", undefined]) {
    const other = repo.with({ env: { MODE } });
    const { out } = await other.must();
    assert.equal(/ 2 cached/.test(out), MODE === undefined, `MODE=${MODE}\n${repo.log}`);
  }
});

repoTest(
  "what is old is believed by its stat, and seen to change all the same",
  FILES,
  async (first) => {
    const { repo, calls } = await counted(first);
    await repo.must();
    // What is younger than 2 s is read again; this makes the stat of the inputs be what is believed.
    await repo.run("sleep", "2.2");
    await repo.must();
    await settled(repo, calls);
    for (const [at, text] of ["uno\n", "due\n"].entries()) {
      writeFileSync(repo.path("src/a.txt"), text, { flag: "r+" });
      utimesSync(repo.path("src/a.txt"), 1 + at, 1);
      assert.match((await repo.must()).out, /1 ran|2 ran/);
      assert.match(await repo.read("out/all"), new RegExp(text.trim()));
      await settled(repo, calls);
    }
  },
);

repoTest("a command that is never cached, or was told not to be, leaves nothing to recall", {
  "qik.toml": '[commands.always]\nexec = "echo x"\n[commands.c]\nexec = "echo c"\ndeps = ["a"]\n',
  "a": "",
}, async (first) => {
  const { repo, calls } = await counted(first);
  for (const args of [[], ["c", "--force"], ["c", "--no-cache"]]) {
    await repo.must(...args);
    await calls();
    assert.match((await repo.must(...args)).out, args.length === 0 ? /1 cached/ : /^c$/m);
    const wanted = args.includes("--no-cache") ? 0 : 1;
    assert.ok(await calls() >= wanted, args.join(" "));
  }
  assert.deepEqual((await repo.run("sh", "-c", "ls ._qik/state/proofs")).out, "");
});

repoTest("what git or the caches select today is selected anew each time", FILES, async (first) => {
  const { repo } = await counted(first);
  await repo.must("--cache-status", "cold");
  assert.match((await repo.must("--cache-status", "cold")).err, /Nothing to run/);
  await repo.write({ "src/a.txt": "changed\n" });
  assert.match((await repo.must("--changed")).err, /1 ran/);
  assert.match((await repo.must("--changed")).err, /1 cached/);
  await repo.commit();
  assert.match((await repo.must("--changed")).err, /Nothing to run/);
  assert.equal((await repo.run("sh", "-c", "ls ._qik/state/proofs")).out, "");
});

repoTest("somebody else's proof in a directory above is not believed", FILES, async (first) => {
  const { repo, calls } = await counted(first);
  await repo.must();
  await settled(repo, calls);
  await repo.run("sh", "-c", "mkdir -p ../._qik/state && mv ._qik/state/proofs ../._qik/state/");
  assert.match((await repo.must()).out, /2 cached/);
  assert.ok(await calls() > 0);
});
