/**
 * Artifacts that are gone come back from the proof of the run before, without plan, keys and git; and whatever was done
 * to them, what a run leaves behind and says is what the normal way leaves behind and says.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import process from "node:process";
import { counted, settled } from "../support/counted_git.ts";
import { pick, random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const ROUNDS = process.env["QIK_LONG"] === "1" ? 200 : 8;
const SEED = Number(process.env["QIK_SEED"] ?? "1");

const FILES = {
  "qik.toml": `
[commands.file]
exec = "cat src/a.txt > out/file.txt; chmod 755 out/file.txt; echo made; echo warned >&2"
deps = ["src"]
artifacts = ["out/file.txt"]
[commands.tree]
exec = "mkdir -p gen/x/y gen/empty; cat src/a.txt > gen/x/y/deep; head -c 9000 /dev/zero > gen/x/big"
deps = ["src", { type = "command", name = "file" }]
artifacts = ["gen/**"]
[commands.seen]
exec = "mkdir -p seen/in; cp src/a.txt seen/in/it.gen; cp src/a.txt beside.gen"
deps = ["src"]
artifacts = ["seen/", ":(glob)*.gen"]
[commands.link]
exec = "mkdir -p links; ln -sf ../src/a.txt links/a; cp src/a.txt links/b"
deps = ["src", { type = "command", name = "tree" }]
artifacts = ["links"]
[commands.none]
exec = "cat src/a.txt"
deps = ["src", "no/*.x"]
`,
  ".gitignore": "/out\n/gen\n/links\n",
  "src/a.txt": "one\n",
  "src/b.txt": "",
  "out/": "",
};

type Harm = (repo: Repo, unique: string) => unknown;

const gone = (...paths: string[]): Harm => (repo) =>
  Promise.all(paths.map((path) => repo.remove(path)));
const isThere = (repo: Repo, path: string) =>
  fs.lstatSync(repo.path(path), { throwIfNoEntry: false }) !== undefined;

/** Only these can be mended from the proof; each of them alone has to be. */
const GONE: Readonly<Record<string, Harm>> = {
  "a file": gone("out/file.txt"),
  "the directory of a file": gone("out"),
  "a file deep down": gone("gen/x/y/deep"),
  "a file with a blob of its own": gone("gen/x/big"),
  "an empty directory": gone("gen/empty"),
  "a tree": gone("gen"),
  "files that git does not ignore": gone("seen", "beside.gen"),
  "one of two files": gone("seen/in"),
};

/** Whatever else may happen to artifacts, and to what decides about them. */
const OTHERS: Readonly<Record<string, Harm>> = {
  "a link": gone("links/a"),
  "links and all": gone("links"),
  "other content": (repo) => repo.write({ "gen/x/big": "other" }),
  "other content that git shows": (repo) => repo.write({ "beside.gen": "mine" }),
  "another mode": (repo) =>
    isThere(repo, "out/file.txt") && fs.chmodSync(repo.path("out/file.txt"), 0o600),
  "a stale file": (repo) => repo.write({ "gen/stale": "x", "gen/x/staler/y": "x" }),
  "a stale file that git shows": (repo) => repo.write({ "seen/mine": "x" }),
  "a stale empty directory": (repo) => repo.write({ "gen/x/hollow/": "" }),
  "a file for a directory": async (repo) => {
    await repo.remove("gen/x/y");
    await repo.write({ "gen/x/y": "x" });
  },
  "a directory for a file": async (repo) => {
    await repo.remove("out/file.txt");
    await repo.write({ "out/file.txt/in": "x" });
  },
  "a link for a directory": async (repo) => {
    await repo.remove("gen");
    await repo.write({ "../aside/": "" });
    fs.symlinkSync(repo.path("../aside"), repo.path("gen"));
  },
  "a new input": (repo, unique) => repo.write({ [`src/new-${unique}.txt`]: unique }),
  "an input that changes": (repo, unique) => repo.write({ "src/b.txt": unique }),
  "a new name beside artifacts": (repo, unique) => repo.write({ [`other-${unique}`]: "" }),
  "all of the cache": gone("._qik/cache"),
  "the blobs": gone("._qik/cache/v1/blobs"),
  "a blob that is damaged": (repo) =>
    repo.run("sh", "-c", 'for f in ._qik/cache/v1/blobs/*/*; do echo x >> "$f"; done'),
  "entries that are damaged": (repo) =>
    repo.run("sh", "-c", 'for f in ._qik/cache/v1/entries/*/*; do echo x >> "$f"; done'),
  "a log": gone("._qik/out/file.out"),
  "an artifact that git has": (repo) => repo.git("add", "-f", "out/file.txt").catch(() => {}),
  "what git had": (repo) => repo.git("rm", "-rq", "--cached", "--ignore-unmatch", "out/file.txt"),
  "rules": (repo, unique) => repo.write({ "gen/.gitignore": `*\n#${unique}\n` }),
  "the lock of the index": (repo) => repo.write({ ".git/index.lock": "" }),
};

/** Everything below the root with kind, mode and content; of qik's own only what a run leaves for people. */
function treeOf(repo: Repo): Record<string, string> {
  const tree: Record<string, string> = {};
  const walk = (path: string) => {
    for (const name of fs.readdirSync(repo.path(path)).sort()) {
      const inner = path === "" ? name : `${path}/${name}`;
      const stat = fs.lstatSync(repo.path(inner));
      const isAside = [".git", "._qik/cache", "._qik/state", "src"].includes(inner) ||
        inner.startsWith("other-") || inner === "._qik/out/manifest.json";
      if (isAside) continue;
      const text = stat.isSymbolicLink()
        ? fs.readlinkSync(repo.path(inner))
        : stat.isFile()
        ? fs.readFileSync(repo.path(inner), "utf8")
        : "";
      // Which stream of a command is read first is a matter of chance.
      const told = inner.startsWith("._qik/out/") ? text.split("\n").sort().join("\n") : text;
      tree[inner] = `${stat.mode.toString(8)} ${told.replace(/#\d+[ab]/, "")}`;
      if (stat.isDirectory()) walk(inner);
    }
  };
  walk("");
  return tree;
}

/** What does not depend on time and turns. */
async function afterRun(repo: Repo) {
  const { code, out, err } = await repo.qik("-n", "1");
  await repo.remove(".git/index.lock");
  const plain = (text: string) => text.replaceAll(/[\d.]+ ?m?s\b/g, "T").split("\n").sort();
  const { tasks, counts, exit } = JSON.parse(await repo.read("._qik/out/manifest.json"));
  const told = tasks.map(({ task, ending, cached, code, because, log }: Record<string, unknown>) =>
    [task, ending, cached, code, because, log].join(" ")
  ).sort();
  const logs = plain(out).join("\n").replaceAll(/(other|new)-\d+[ab]/g, "$1");
  const warned = plain(err).join("\n").replaceAll(/(other|new)-\d+[ab]/g, "$1");
  return { tree: treeOf(repo), code, logs, warned, told, counts, exit };
}

repoTest("artifacts that are gone come back without asking git", FILES, async (first) => {
  const { repo, calls } = await counted(first);
  await repo.must("-n", "1");
  await settled(repo, calls, "-n", "1");
  const before = treeOf(repo);
  for (const [name, harm] of Object.entries(GONE)) {
    // What came back is young; then it is old; then nothing may have changed.
    for (const wait of ["0", "2.2", "0"]) {
      await harm(repo, "");
      assert.notDeepEqual(treeOf(repo), before, name);
      await calls();
      const { out, err } = await repo.must("-n", "1");
      assert.match(out + err, /5 cached/, name);
      assert.equal(await calls(), 0, `${name}: git was asked\n${repo.log}`);
      assert.deepEqual(treeOf(repo), before, name);
      await repo.run("sleep", wait);
    }
    await repo.must("-n", "1");
    assert.equal(await calls(), 0, `${name}: not recalled afterwards\n${repo.log}`);
  }
  // What was put back is looked at as closely as all else.
  await GONE["a tree"]!(repo, "");
  await repo.must("-n", "1");
  fs.writeFileSync(repo.path("gen/x/y/deep"), "two\n", { flag: "r+" });
  await repo.must("-n", "1");
  assert.deepEqual(treeOf(repo), before);
});

repoTest(
  `${ROUNDS} random harms end as they do the normal way, seed ${SEED}`,
  FILES,
  async (first) => {
    const { repo, calls } = await counted(first);
    const next = random(SEED);
    let recalled = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const count = next(3);
      const chosen = [
        pick(Object.keys(GONE), next),
        ...Array.from({ length: count }, () => pick([...Object.keys(OTHERS)], next)),
      ];
      const results = [];
      for (const way of ["a", "b"]) {
        await repo.git("rm", "-rq", "--cached", "--ignore-unmatch", "out/file.txt");
        await repo.run(
          "sh",
          "-c",
          "rm -rf ._qik out/* gen seen links *.gen ../aside; mkdir -p out",
        );
        await repo.must("-n", "1");
        await settled(repo, calls, "-n", "1");
        for (const name of chosen) {
          await (GONE[name] ?? OTHERS[name])!(repo, `${round}${way}`);
        }
        if (way === "b") await repo.remove("._qik/state/proofs");
        await calls();
        results.push(await afterRun(repo));
        if (way === "a" && await calls() === 0) recalled += 1;
      }
      assert.deepEqual(results[0], results[1], `round ${round}: ${chosen}\n${repo.log}`);
    }
    assert.ok(recalled > 0, "no round was mended from a proof");
  },
);
