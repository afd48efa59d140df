/** What the words and options of the command line select, and how the selection is shown. */
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { listed, mark, ran, ranBy } from "../support/fakes.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const FILES = {
  "qik.toml": `
[spaces.app]
root = "app"
modules = [{name = "api", path = "app/api"}, {name = "web", path = "app/web"}]

[spaces.lib]
modules = [{name = "core", path = "lib/core"}]

[commands.lint]
description = "Look for mistakes"
exec = "${mark("lint {module.name}")}"
deps = ["{module.dir}"]
tags = ["check"]

[commands.test]
exec = "${mark("test {module.name}")}"
deps = ["{module.dir}", {type = "command", name = "lint"}]
tags = ["check", "slow"]

[commands.test-docs]
exec = "${mark("test-docs")}"
deps = ["docs"]
cache = "repo"
tags = ["docs"]

[commands.gen]
exec = "${mark("gen")}"
hidden = true

[commands.only-app]
exec = "${mark("only-app")}"
space = "app"
deps = []
cache = "none"
`,
  "app/api/a": "",
  "app/web/a": "",
  "lib/core/a": "",
  "docs/a": "",
};

const ALL = [
  "lint@app#api",
  "lint@app#web",
  "lint@lib#core",
  "test@app#api",
  "test@app#web",
  "test@lib#core",
  "test-docs@default",
  "only-app@app",
];

/** Arguments of `--ls` and what it lists. */
const SELECTIONS: readonly [string, readonly string[]][] = [
  ["", ALL],
  ["lint", ALL.slice(0, 3)],
  ["lint@app#api test-docs", ["lint@app#api", "test-docs@default"]],
  ["test-docs@default gen", ["test-docs@default", "gen@default"]],
  ["test*", ALL.slice(3, 7)],
  ["*#api", ["lint@app#api", "test@app#api"]],
  ["test?docs", ["test-docs@default"]],
  ["-m api", ["lint@app#api", "test@app#api"]],
  ["-m api -m core lint", ["lint@app#api", "lint@lib#core"]],
  ["-s lib", ["lint@lib#core", "test@lib#core"]],
  ["-s lib --space=default", ["lint@lib#core", "test@lib#core", "test-docs@default"]],
  ["-t docs", ["test-docs@default"]],
  ["-t docs --tag slow -s lib", ["test@lib#core"]],
  ["-x test -x only-app", ["lint@app#api", "lint@app#web", "lint@lib#core", "test-docs@default"]],
  ["-x *@app* -x *docs", ["lint@lib#core", "test@lib#core"]],
  ["lint -x lint@app#web", ["lint@app#api", "lint@lib#core"]],
  ["--cache repo", ["test-docs@default"]],
  ["--cache none", ["gen@default", "only-app@app"].slice(1)],
  ["--cache local -m api", ["lint@app#api", "test@app#api"]],
  ["-m api -s lib", []],
  ["--isolated -m core test", ["test@lib#core"]],
];

repoTest("names, wildcards and options narrow the selection", FILES, async (repo) => {
  for (const [args, expected] of SELECTIONS) {
    const words = args.split(" ").filter((word) => word !== "");
    assert.deepEqual(await listed(repo, ...words), expected, args);
  }
});

repoTest("what the chosen tasks need runs too, unless isolated", FILES, async (repo) => {
  assert.deepEqual(await ranBy(repo, "test", "-m", "api"), ["lint api", "test api"]);
  assert.deepEqual(await ranBy(repo, "-f", "test", "-m", "api", "--isolated"), ["test api"]);
  const isolated = repo.with({ env: { QIK__ISOLATED: "yes" } });
  assert.deepEqual(await ranBy(isolated, "-f", "test", "-m", "api"), ["test api"]);
  assert.deepEqual(await ranBy(repo, "-f", "test", "-m", "api", "-x", "lint"), ["test api"]);
  assert.deepEqual(await ranBy(repo, "gen"), ["gen"], "a hidden command runs when it is named");
});

repoTest("below the root of a space that space is meant", FILES, async (repo) => {
  const inApp = repo.with({ cwd: "app/api" });
  assert.deepEqual(await listed(inApp), ALL.filter((name) => name.includes("@app")));
  assert.deepEqual(await listed(inApp, "-s", "lib"), ["lint@lib#core", "test@lib#core"]);
  assert.deepEqual(await listed(inApp, "lint@lib#core"), ["lint@lib#core"]);
  assert.deepEqual(await listed(repo, "-C", "app", "lint"), ["lint@app#api", "lint@app#web"]);
  assert.deepEqual(await listed(repo.with({ cwd: "lib/core" })), ALL);
  const elsewhere = await inApp.must("test-docs");
  assert.match(elsewhere.err, /^Nothing to run: .* in the space "app" of this directory \(-s /);
});

repoTest("the list for people and for programs", FILES, async (repo) => {
  const long = await repo.must("-v", "--ls", "lint", "-m", "api");
  assert.equal(long.out, "lint@app#api  Look for mistakes\n");
  const { out } = await repo.must("--ls", "--json", "lint@app#api", "only-app");
  assert.deepEqual(JSON.parse(out), [
    {
      task: "lint@app#api",
      command: "lint",
      space: "app",
      module: "api",
      description: "Look for mistakes",
      tags: ["check"],
      cache: "local",
    },
    {
      task: "only-app@app",
      command: "only-app",
      space: "app",
      module: null,
      description: null,
      tags: [],
      cache: null,
    },
  ]);
  assert.equal((await repo.must("--ls", "--json", "-m", "api", "-s", "lib")).out, "[]\n");
});

repoTest(
  "--fail exits with 1 where anything is selected, and runs nothing",
  FILES,
  async (repo) => {
    for (const args of [["--fail"], ["--ls", "--fail"], ["--fail", "--json"]]) {
      const { code } = await repo.qik(...args);
      assert.equal(code, 1, args.join(" "));
    }
    assert.equal((await repo.qik("--fail", "-m", "api", "-s", "lib")).code, 0);
    assert.deepEqual(await ran(repo), []);
  },
);

/** Words that name nothing, the code of the problem, and the name that is meant. */
const UNKNOWN: readonly [string, string, string][] = [
  ["lin", "command-unknown", "lint"],
  ["lint@app#apj", "command-unknown", "lint@app#api"],
  ["-x test-doc", "command-unknown", "test-docs"],
  ["-m apii", "module-unknown", "api"],
  ["-s ap", "space-unknown", "app"],
  ["-t slwo", "tag-unknown", "slow"],
  ["--cache rep", "cache-unknown", "repo"],
];

repoTest("an unknown name is an error with the nearest", FILES, async (repo) => {
  for (const [args, problem, nearest] of UNKNOWN) {
    const { code, out, err } = await repo.qik(...args.split(" "));
    assert.deepEqual([code, out], [2, ""], args);
    assert.match(err, new RegExp(`\\[${problem}\\]\\n.*"${nearest}"`), args);
  }
  const { err } = await repo.qik("lin", "-m", "apii");
  assert.match(err, /command-unknown[^]*module-unknown/, "all at once");
  const none = await repo.qik("zz*");
  assert.deepEqual([none.code, none.err.includes("[command-unknown]")], [2, true]);
});

interface Forecast {
  readonly task: string;
  readonly status: string;
  readonly key: string | null;
  readonly why: string | null;
}

async function dryRun(repo: Repo, ...args: string[]): Promise<Map<string, Forecast>> {
  const { out } = await repo.must("--dry-run", "--json", ...args);
  return new Map((JSON.parse(out) as Forecast[]).map((one) => [one.task, one]));
}

const CHAIN = {
  "qik.toml": `
[commands.gen]
exec = "${mark("gen")}; head -c 1 src > gen.txt"
deps = ["src"]
artifacts = ["gen.txt"]

[commands.use]
exec = "${mark("use")}"
deps = ["*.md", {type = "command", name = "gen"}]

[commands.keyed]
exec = "${mark("keyed")}"
deps = [{type = "command", name = "use"}]

[commands.always]
exec = "true"
`,
  "src": "abc",
  "a.md": "1",
  ".gitignore": "gen.txt\n",
};

repoTest("--dry-run tells keys, hits and reasons, and runs nothing", CHAIN, async (repo) => {
  const cold = await dryRun(repo);
  assert.deepEqual([...cold.values()].map(({ task, status }) => [task, status]), [
    ["gen", "cold"],
    ["use", "cold"],
    ["keyed", "cold"],
    ["always", "cold"],
  ]);
  assert.equal(cold.get("gen")!.why, "first run");
  assert.equal(cold.get("use")!.why, '"gen" runs first');
  assert.equal(cold.get("use")!.key, null);
  assert.match(cold.get("always")!.why!, /no deps/);
  assert.deepEqual(await ran(repo), []);
  await repo.must();
  const warm = await dryRun(repo);
  assert.deepEqual([...warm.values()].map(({ status }) => status), [
    "warm",
    "warm",
    "warm",
    "cold",
  ]);
  assert.equal(warm.get("gen")!.key, cold.get("gen")!.key);
  await repo.write({ "a.md": "2", "b.md": "" });
  const { out } = await repo.must("--dry-run");
  assert.match(out, /^warm {2}[0-9a-f]{12} {2}gen$/m);
  assert.match(out, /^cold {2}[0-9a-f]{12} {2}use {5}1 file changed: a\.md; 1 file added: b\.md$/m);
  assert.match(out, /^cold {2}[0-9a-f]{12} {2}keyed {3}upstream use changed$/m);
  assert.match(out, /\n1 would be replayed, 3 would run\n$/);
});

repoTest("the keys of --dry-run are those that a run stores", CHAIN, async (repo) => {
  const stored = async () => {
    const records = JSON.parse(await repo.read("._qik/out/manifest.json")).tasks;
    return new Map((records as { task: string; key?: string }[]).map((one) => [one.task, one.key]));
  };
  for (const change of ["first", "abc", "xyz"]) {
    await repo.write({ "src": change, "a.md": change });
    const before = await dryRun(repo, "-x", "always");
    await repo.must("-x", "always");
    const after = await dryRun(repo, "-x", "always");
    const records = await stored();
    assert.deepEqual([...records.keys()].sort(), ["gen", "keyed", "use"]);
    for (const [task, key] of records) {
      assert.equal(after.get(task)!.key, key, task);
      assert.equal(before.get(task)!.key ?? key, key, `${task} before`);
      assert.equal(after.get(task)!.status, "warm", task);
    }
  }
});

repoTest("--cache-status chooses by what a run would find", CHAIN, async (repo) => {
  await repo.must("gen");
  assert.deepEqual(await listed(repo, "--cache-status", "warm"), ["gen"]);
  assert.deepEqual(await listed(repo, "--cache-status", "cold", "-x", "always"), ["use", "keyed"]);
  assert.deepEqual(await listed(repo, "--cache-status", "warm", "--force"), []);
  assert.deepEqual(await ranBy(repo, "--cache-status", "cold", "use"), ["use"]);
  const shown = await dryRun(repo, "--cache-status", "warm");
  assert.deepEqual([...shown.keys()], ["gen", "use"]);
  const { code, err } = await repo.qik("--cache-status", "hot");
  assert.equal(code, 2);
  assert.match(err, /warm.*cold.*\[usage\]/);
});

repoTest("--json shows lists, --fail counts for --dry-run too", CHAIN, async (repo) => {
  const { code, err } = await repo.qik("--json", "gen");
  assert.equal(code, 2);
  assert.match(err, /--json.*\[usage\]\n.*--ls/);
  assert.equal((await repo.qik("--dry-run", "--fail", "gen")).code, 1);
  await repo.must("gen");
  assert.equal((await repo.qik("--dry-run", "--fail", "--cache-status", "cold", "gen")).code, 0);
});

repoTest("QIK__CACHE stands for the default cache", CHAIN, async (repo) => {
  const set = (cache: string) => repo.with({ env: { QIK__CACHE: cache } });
  assert.deepEqual(await listed(set("none"), "--cache", "none"), ["gen", "use", "keyed", "always"]);
  await set("none").must("gen");
  assert.deepEqual(await listed(repo, "--cache-status", "warm"), []);
  const { code, err } = await set("nowhere").qik("--ls");
  assert.deepEqual([code, /"nowhere" of QIK__CACHE.*\[cache-unknown\]/.test(err)], [2, true]);
});

repoTest("nothing selected is no failure, and no configuration is one", FILES, async (repo) => {
  const nowhere = await repo.qik("-s", "nope");
  assert.equal(nowhere.code, 2);
  assert.match(
    nowhere.err,
    /"nope" \[space-unknown\]\n {2}hint: Use one of these: "default", "app", "lib"\n/,
  );
  const none = await repo.must("-m", "api", "-s", "lib");
  assert.match(none.err, /^Nothing to run: /);
  assert.equal((await repo.must("-v", "0", "-m", "api", "-s", "lib")).err, "");
  await repo.remove("qik.toml");
  const { code, err } = await repo.qik("--ls");
  assert.equal(code, 2);
  assert.match(err, /\[config-not-found\]/);
  assert.equal((await repo.qik("--version")).code, 0, "needs no configuration");
  await symlink("loop", repo.path("loop"));
  for (const directory of ["nowhere", "", "loop", "a".repeat(5000)]) {
    for (const words of [["-C", directory], [":x", "-C", directory, "true"]]) {
      const { code, err } = await repo.qik(...words);
      assert.equal(code, 2, err);
      assert.match(err, new RegExp(`^Error: Cannot start in "${directory}": .* \\[usage\\]`));
    }
  }
});

repoTest("arguments for nobody are an error, and none at all are none", {
  "qik.toml": '[commands]\nplain = "echo plain"\nsay = { exec = "echo", args = true }\n',
}, async (repo) => {
  const { code, err } = await repo.qik("plain", "--", "--fix");
  assert.deepEqual([code, err.split("\n")[0]], [2, 'Error: Cannot pass "--fix" to plain [usage]']);
  assert.equal((await repo.must("plain", "--")).out, "plain\n");
  assert.equal((await repo.must("say", "--", "a  b", "")).out, "a  b \n");
});
