/** `qik :cache` and `qik :explain`: what is stored, why something is a miss, and looking after the store. */
import assert from "node:assert/strict";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { type Repo, repoTest } from "../support/repo.ts";

const FILES = {
  "qik.toml": `[commands.build]
exec = "mkdir -p dist; cat src/a > dist/a; head -c 9000 /dev/zero > dist/big; echo built; echo oh >&2"
deps = ["src"]
artifacts = ["dist"]

[commands.lint]
exec = "cat src/a"
deps = ["src", {type = "command", name = "build"}, {type = "env", name = "TOKEN"}]
env = {DEPLOY = "{ctx.key}"}

[commands.kept]
exec = "cat src/a"
deps = ["src"]
cache = "repo"

[[ctx]]
name = "key"
default = "s3cr3t-default"
`,
  "src/a": "1\n",
  ".gitignore": "dist\n",
};

// deno-lint-ignore no-explicit-any
type Json = any;

async function json(repo: Repo, ...args: readonly string[]): Promise<Json> {
  return JSON.parse((await repo.must(...args, "--json")).out);
}

async function filesOf(repo: Repo, part: string): Promise<string[]> {
  const names = await readdir(repo.path(`._qik/cache/v1/${part}`), { recursive: true });
  return names.filter((name) => /^..\/./.test(name)).map((name) =>
    repo.path(`._qik/cache/v1/${part}/${name}`)
  );
}

repoTest("results are listed, shown and removed by key and by task", FILES, async (repo) => {
  assert.deepEqual(await json(repo, ":cache", "ls"), []);
  await repo.must("build", "lint");
  await repo.write({ "src/a": "2\n" });
  await repo.must("build", "lint");
  const all: Json[] = await json(repo, ":cache", "ls");
  assert.deepEqual(all.map(({ task }) => task).sort(), ["build", "build", "lint", "lint"]);
  const builds = all.filter(({ task }) => task === "build");
  assert.deepEqual(builds.map(({ artifacts, exit }) => [artifacts, exit]), [[2, 0], [2, 0]]);
  for (const { sizeBytes, storedAt, usedAt } of builds) {
    assert.ok(sizeBytes > 9000 && sizeBytes < 20_000, `${sizeBytes}`);
    assert.ok(Math.abs(Date.parse(storedAt) - Date.now()) < 600_000);
    assert.ok(Math.abs(Date.parse(usedAt) - Date.now()) < 600_000);
  }
  const key = builds[0].key;
  assert.deepEqual((await json(repo, ":cache", "ls", key.slice(0, 8))).length, 1);
  assert.deepEqual((await json(repo, ":cache", "ls", "li*")).length, 2);
  assert.match((await repo.must(":cache", "ls")).out, /\n4 results, \d+ kB\n$/);

  const shown = await json(repo, ":cache", "show", key.slice(0, 8));
  assert.equal(shown.key, key);
  assert.equal(shown.logBytes, 9);
  assert.deepEqual(shown.artifacts.map(({ path }: Json) => path), ["dist/a", "dist/big"]);
  const text = (await repo.must(":cache", "show", "build")).out;
  assert.match(text, /^task +build\nkey +[0-9a-f]{64}\nexit code +0\n/);
  assert.match(text, /\n {2}644 +9\.0 kB +dist\/big\n$/);

  assert.equal((await json(repo, ":cache", "rm", key))[0].key, key);
  assert.match((await repo.must(":cache", "rm", "lint")).out, /^Removed 2 results, /);
  assert.deepEqual((await json(repo, ":cache", "ls")).map(({ task }: Json) => task), ["build"]);
  assert.match((await repo.must("--dry-run", "build")).out, /^cold .* evicted/m);
});

repoTest("statistics tell hits and the time that they saved", FILES, async (repo) => {
  const empty = await json(repo, ":cache", "stats");
  assert.deepEqual([empty.results, empty.bytes, empty.runs], [0, 0, null]);
  await repo.must("build", "lint");
  await repo.must("build", "lint");
  await repo.must("build", "lint");
  const stats = await json(repo, ":cache", "stats");
  assert.deepEqual([stats.results, stats.tasks], [2, 2]);
  assert.deepEqual([stats.runs.runs, stats.runs.hits, stats.runs.ran], [3, 4, 2]);
  assert.equal(stats.maxBytes, 10e9);
  const onDisk = (await Promise.all(
    [...await filesOf(repo, "entries"), ...await filesOf(repo, "blobs")].map((file) =>
      readFile(file)
    ),
  )).reduce((sum, bytes) => sum + bytes.length, 0);
  assert.equal(stats.bytes, onDisk);
  const { out } = await repo.must(":cache", "stats");
  assert.match(out, /hits +4 of 6 tasks \(67%\)\ntime saved +\d/);
});

repoTest(
  "a journal that grew long is added up, and broken lines are passed over",
  FILES,
  async (repo) => {
    const line = JSON.stringify({ since: 1000, runs: 1, hits: 2, ran: 1, savedMs: 10 }) + "\n";
    await repo.write({ "._qik/cache/journal": `{"since":\n` + line.repeat(2000) });
    await repo.must("build");
    const { runs } = await json(repo, ":cache", "stats");
    assert.deepEqual([runs.runs, runs.hits, runs.ran], [2001, 4000, 2001]);
    assert.ok((await readFile(repo.path("._qik/cache/journal"))).length < 200);
  },
);

repoTest(
  "collecting on demand keeps what is in use, and removes what is old",
  FILES,
  async (repo) => {
    await repo.must("build");
    const young = await json(repo, ":cache", "gc", "--max-size", "1B");
    assert.deepEqual([young.results, young.contents, young.freed], [0, 0, 0]);
    const why = (await repo.must(":cache", "gc", "--max-size", "1B")).out;
    assert.match(why, /^Removed 0 results, freed 0 B; .* are left, used within the last hour\n$/);
    const old = Date.now() / 1000 - 7200;
    for (const file of [...await filesOf(repo, "entries"), ...await filesOf(repo, "blobs")]) {
      await utimes(file, old, old);
    }
    assert.match((await repo.must(":cache", "gc")).out, /^Removed 0 results, freed 0 B; /);
    const gone = await json(repo, ":cache", "gc", "--max-age", "90m");
    assert.deepEqual([gone.results, gone.left], [1, 0]);
    assert.ok(gone.freed > 9000);
  },
);

repoTest("collecting removes files that a killed qik left half-written", FILES, async (repo) => {
  await repo.must("build");
  const places = ["state", "state/proofs", "state/modules/sub", "out", "cache", "cache/v1/tasks"];
  const left = [...places, "cache/v1/entries/00"]
    .flatMap((directory) => [`${directory}/.qik-tmp-1-1-old`, `${directory}/.qik-tmp-1-2-young`])
    .map((name) => `._qik/${name}`);
  await repo.write(Object.fromEntries(left.map((name) => [name, "half"])));
  const old = Date.now() / 1000 - 7200;
  for (const name of left) if (name.endsWith("old")) await utimes(repo.path(name), old, old);
  assert.equal((await json(repo, ":cache", "gc")).leftovers, left.length / 2);
  const all = await readdir(repo.path("._qik"), { recursive: true });
  const young = left.filter((name) => name.endsWith("young")).map((name) => name.slice(6));
  assert.deepEqual(all.filter((name) => name.includes(".qik-tmp-")).sort(), young.sort());
});

repoTest("verifying finds and removes what is damaged, and nothing else", FILES, async (repo) => {
  await repo.must("build", "lint");
  assert.match(
    (await repo.must(":cache", "verify")).out,
    /^2 results and 1 content.* 0 damaged\n$/,
  );
  const [blob] = await filesOf(repo, "blobs");
  const bytes = await readFile(blob!);
  bytes[0]! ^= 1;
  await writeFile(blob!, bytes);
  const { code, out } = await repo.qik(":cache", "verify", "--json");
  assert.equal(code, 1);
  const checked = JSON.parse(out);
  assert.deepEqual([checked.entries, checked.contents], [1, 0]);
  assert.deepEqual(checked.damaged.map(({ removed }: Json) => removed), [true, true]);
  assert.equal(checked.damaged[0].file, blob);
  assert.equal((await repo.must(":cache", "verify")).code, 0);
  await repo.remove("dist");
  assert.match((await repo.must("build")).err, /🚧 build \(evicted\)/);
});

repoTest(
  "of the repo cache results are listed and checked, and no file is touched",
  FILES,
  async (repo) => {
    await repo.must("kept");
    const entry = ".qik/cache/kept/kept.json";
    const [listed] = await json(repo, ":cache", "ls", "--cache", "repo");
    assert.deepEqual([listed.task, listed.storedAt], ["kept", null]);
    assert.match(
      (await repo.must(":cache", "verify", "--cache", "repo")).out,
      /^1 result .* 0 damaged/,
    );
    await repo.write({ [entry]: (await repo.read(entry)).replace('"exit": 0', '"exit": 1') });
    const { code, out } = await repo.qik(":cache", "verify", "--cache", "repo");
    assert.equal(code, 1);
    assert.match(out, /^damaged .*kept\.json: /);
    assert.equal(await repo.exists(entry), true);
  },
);

const REFUSED: readonly (readonly [line: string, code: string, words: RegExp])[] = [
  [":cache sl", "usage", /Cannot find "sl" among the actions of ":cache"/],
  [":cache show", "usage", /Missing required argument "result"/],
  [":cache show deadbeef", "entry-unknown", /Cannot find a stored result for "deadbeef"/],
  [":cache rm biuld", "entry-unknown", /Did you mean "build"/],
  [":cache rm", "usage", /Missing required argument/],
  [":cache ls --cache remot", "cache-unknown", /Cannot find the cache "remot"/],
  [":cache ls --cache none", "usage", /Cannot look into the cache "none"/],
  [":cache gc --max-size lots", "usage", /Cannot use "lots" as --max-size/],
  [":cache gc --max-age -3", "usage", /Cannot use "-3" as --max-age/],
  [":explain", "usage", /Missing required argument "task"/],
  [":explain biuld", "command-unknown", /Did you mean "build"/],
  [":explain build --diff zz", "entry-unknown", /Cannot find an earlier key of "build"/],
  [":explain b* --diff 1 --diff 2 --diff 3", "usage", /Cannot compare more than two keys/],
];

repoTest("names that a screen would obey are written out in one way by all that tells of them", {
  "qik.toml": `[commands.copy]
exec = "mkdir -p out && cp src/* out"
deps = ["src"]
artifacts = ["out"]
`,
  "src/a\u202eb\x1b[2J": "1",
  ".gitignore": "out\n",
}, async (repo) => {
  const written = "a\\u202eb\\x1b[2J";
  await repo.must();
  await repo.write({ "src/a\u202eb\x1b[2J": "2" });
  const forecast = await repo.must("--dry-run");
  const cold = await repo.must(":explain", "copy");
  const run = await repo.must("--no-emoji");
  const stored = await repo.must(":cache", "show", "copy");
  for (const { out, err } of [forecast, cold, run, stored]) {
    // deno-lint-ignore no-control-regex -- such characters are what must not reach the screen
    assert.doesNotMatch(out + err, /[\x1b\u202e]/);
    assert.ok((out + err).includes(written), out + err);
  }
});

repoTest("where a word names many tasks, :explain says that those it shows are not all", {
  "qik.toml": `modules = ["a", "b", "c", "d"]
[commands]
build = "echo {module.name}"
`,
  ...Object.fromEntries(["a", "b", "c", "d"].map((module) => [`${module}/x`, ""])),
}, async (repo) => {
  const { code, err } = await repo.qik(":explain", "build");
  assert.equal(code, 2);
  assert.match(err, /it names 4 tasks/);
  assert.match(err, /hint: Write one of build#a, build#b, build#c, …\n/);
});

repoTest("what cannot be answered is told, and nothing is lost", FILES, async (repo) => {
  await repo.must("build");
  for (const [line, code, words] of REFUSED) {
    const ran = await repo.qik(...line.split(" "));
    assert.equal(ran.code, 2, line);
    assert.match(ran.err, words, line);
    assert.ok(ran.err.includes(`[${code}]`), `${line}: ${ran.err}`);
    assert.equal(ran.out, "");
  }
  assert.equal((await json(repo, ":cache", "ls")).length, 1);
});

repoTest(
  "an explanation tells the whole record and what differs from the nearest result",
  FILES,
  async (repo) => {
    const env = { TOKEN: "t0ken-one" };
    await repo.with({ env }).must("build", "lint");
    const warm = await json(repo.with({ env }), ":explain", "lint");
    assert.deepEqual([warm.status, warm.why, warm.changes], ["warm", null, []]);
    const fields = warm.record.map(({ field }: Json) => field);
    for (const field of ["exec", "env DEPLOY", "env TOKEN", "upstream build", "file src/a"]) {
      assert.ok(fields.includes(field), field);
    }
    await repo.write({ "src/a": "2\n", "src/b": "new\n" });
    const cold = await json(repo.with({ env }), ":explain", "build");
    assert.equal(cold.status, "cold");
    assert.deepEqual(
      cold.changes.map(({ field, change }: Json) => [field, change]),
      [["file src/a", "changed"], ["file src/b", "added"]],
    );
    assert.equal(cold.compared.from, cold.earlier[0]);
    const text = (await repo.with({ env }).must(":explain", "build")).out;
    assert.match(text, /status +cold: 1 file changed: src\/a; 1 file added: src\/b\n/);
    assert.match(text, /\n {2}\+ file src\/b {2}file sha1:[0-9a-f]{40}\n$/);

    await repo.with({ env }).must("build", "lint");
    const [first] = (await json(repo.with({ env }), ":explain", "build")).earlier;
    const diff = await json(repo.with({ env }), ":explain", "build", "--diff", first.slice(0, 8));
    assert.deepEqual(diff.changes.map(({ field }: Json) => field), ["file src/a", "file src/b"]);
  },
);

repoTest("secrets are told as keyed digests only, in what is stored too", FILES, async (repo) => {
  const canaries = ["t0ken-canary", "key-canary"];
  const here = repo.with({ env: { TOKEN: canaries[0]!, KEY: canaries[1]! } });
  await here.must("build", "lint");
  const { out } = await here.must(":explain", "lint");
  assert.match(out, /env TOKEN +keyed:[0-9a-f]{16}\n/);
  const other = repo.with({ env: { TOKEN: "another", KEY: canaries[1]! } });
  assert.match((await other.must("--dry-run", "lint")).out, /env TOKEN changed/);
  const names = await readdir(repo.path("._qik"), { recursive: true, withFileTypes: true });
  const stored = await Promise.all(
    names.filter((name) => name.isFile()).map((name) =>
      readFile(`${name.parentPath}/${name.name}`)
    ),
  );
  for (const text of [out, ...stored.map((bytes) => bytes.toString("latin1"))]) {
    for (const canary of canaries) assert.ok(!text.includes(canary), text.slice(0, 300));
  }
});

repoTest("in CI a replay's workflow commands are broken, unless --raw says otherwise", {
  "qik.toml":
    `[commands.c]\nexec = '''printf '::add-path::/evil\\n##vso[x]y\\n\\033]0;t\\007'; true'''\ndeps = []\n`,
}, async (repo) => {
  const ci = repo.with({ env: { CI: "1" } });
  const whole = "::add-path::/evil\n##vso[x]y\n\x1b]0;t\x07";
  assert.equal((await ci.must()).out, whole, "a command says what it likes");
  assert.equal((await ci.must()).out, ": :add-path::/evil\n## vso[x]y\n\x1b]0;t\x07");
  assert.equal((await ci.must("--raw")).out, whole);
  assert.equal((await repo.must()).out, whole, "a pipe gets every byte");
});

repoTest("files that are merely hashed in another way are not told as changed", {
  "qik.toml": '[commands]\ncopy = { exec = "cat in.txt other.txt", deps = ["*.txt"] }\n',
  "in.txt": "1\n",
  "other.txt": "1\n",
}, async (repo) => {
  await repo.must();
  await repo.run("mv", repo.path(".git"), repo.path("../aside"));
  const without = await repo.must("--dry-run");
  assert.match(without.out, /copy +2 files hashed as sha256 now: in\.txt, other\.txt\n/);
  await repo.run("mv", repo.path("../aside"), repo.path(".git"));
  await repo.write({ "in.txt": "2\n" });
  assert.match((await repo.must("--dry-run")).out, /copy +1 file changed: in\.txt\n/);
});

repoTest("a forecast and :explain know of a run without a result, as the run itself does", {
  "qik.toml": '[commands]\nfails = { exec = "exit 3", deps = ["qik.toml"] }\n',
}, async (repo) => {
  assert.match((await repo.must("--dry-run")).out, /fails +first run\n/);
  assert.match((await repo.qik()).err, /fails \(first run\)/);
  assert.match((await repo.must("--dry-run")).out, /fails +no stored result\n/);
  assert.match((await repo.must(":explain", "fails")).out, /status +cold: no stored result\n/);
  assert.match((await repo.qik()).err, /fails \(no stored result\)/);
});

repoTest("a file that is no input any more was not deleted", {
  "qik.toml": `[commands.c]\nexec = "echo c"\ndeps = ["src/*"]\n`,
  "src/a": "1\n",
  "src/b": "1\n",
  "src/c": "1\n",
}, async (repo) => {
  await repo.must("c");
  await repo.write({ "qik.toml": `[commands.c]\nexec = "echo c"\ndeps = ["src/[bc]"]\n` });
  await repo.remove("src/b");
  const { err, out } = await repo.must("c");
  assert.match(out + err, /1 file deleted: src\/b; 1 file no longer used: src\/a/);
});
