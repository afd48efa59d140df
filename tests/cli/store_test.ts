/** Where results are kept, for whom, and for how long. */
import assert from "node:assert/strict";
import { readdir, readFile, readlink, utimes } from "node:fs/promises";
import { mark, ran, ranBy } from "../support/fakes.ts";
import { until } from "../support/process_state.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const COMMAND = `
[commands.c]
exec = "${mark("c")}; echo $PWD"
deps = ["src"]
`;

repoTest("QIK__CACHE_DIR shares one store between checkouts", {
  "qik.toml": COMMAND,
  "src/a": "1",
}, async (repo) => {
  await repo.git("clone", "-q", ".", "../other");
  for (const directory of [repo.path("../store"), "../store"]) {
    const here = repo.with({ env: { QIK__CACHE_DIR: directory } });
    const there = here.with({ cwd: "../other" });
    await repo.remove("../store");
    assert.deepEqual(await ranBy(here), ["c"]);
    assert.deepEqual(await ranBy(there), [], directory);
  }
  assert.deepEqual(await ranBy(repo.with({ cwd: "../other" })), ["c"], "its own store is empty");
});

repoTest("whatever the umask, the store's files are open to their owner alone", {
  "qik.toml": COMMAND,
  "src/a": "1",
}, async (repo) => {
  const program = await repo.writeProgram();
  for (const umask of ["000", "022", "077", "277", "777"]) {
    await repo.remove("._qik/cache");
    await repo.run("sh", "-c", `mkdir -p ._qik/cache; umask ${umask}; exec ${program}/qik`);
    const found = await repo.run("find", "._qik/cache/v1", "-type", "f", "-printf", "%m %P\n");
    assert.match(found.out, /^600 entries\//m, umask);
    assert.doesNotMatch(found.out, /^(?!600 |$)/m, umask);
  }
});

repoTest("cache-when says which results are kept", {
  "qik.toml": ["success", "failed", "finished", "always"].map((when) => `
[commands.${when}]
exec = "${mark(when)}; exit $(cat code)"
deps = ["code"]
cache-when = "${when}"
`).join(""),
  "code": "0",
}, async (repo) => {
  const replayed = async () => {
    await repo.qik();
    await repo.remove("../ran");
    await repo.qik();
    const again = await ran(repo);
    return ["always", "failed", "finished", "success"].filter((name) => !again.includes(name));
  };
  assert.deepEqual(await replayed(), ["always", "finished", "success"]);
  await repo.write({ "code": "3" });
  assert.deepEqual(await replayed(), ["always", "failed", "finished"]);
  assert.equal((await repo.qik("failed")).code, 3, "a replayed failure is a failure");
});

repoTest("a changed cache-when looks at what was stored before", {
  "qik.toml": `${COMMAND.replace("echo $PWD", "exit 3")}cache-when = "finished"\n`,
  "src/a": "1",
}, async (repo) => {
  await repo.qik();
  assert.match((await repo.must("--dry-run")).out, /^warm/);
  await repo.write({ "qik.toml": (await repo.read("qik.toml")).replace("finished", "success") });
  assert.match((await repo.must("--dry-run")).out, /^cold .*exit code 3/);
  await repo.remove("../ran");
  assert.equal((await repo.qik()).code, 3);
  assert.deepEqual(await ran(repo), ["c"]);
});

const DAY_S = 86_400;

/** Makes everything in the store look as old as that. */
async function age(repo: Repo, days: number): Promise<void> {
  const store = repo.path("._qik/cache");
  const at = Date.now() / 1000 - days * DAY_S;
  for (const name of await readdir(store, { recursive: true })) {
    await utimes(`${store}/${name}`, at, at);
  }
  await repo.write({ "._qik/cache/collected": `${at * 1000}\n` });
}

const isWarm = async (repo: Repo) => (await repo.must("--dry-run", "c")).out.startsWith("warm");

/** Runs the other command, and waits until the collection that it may have left to another process has ended. */
async function otherRan(repo: Repo): Promise<void> {
  await repo.must("other");
  await until(async () => !await collects(repo), () => "the collection does not end");
}

async function collects(repo: Repo): Promise<boolean> {
  for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    const words = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    if (cwd === repo.root && words.includes("\0:cache\0gc\0")) return true;
  }
  return false;
}

repoTest("results that nobody used for max-age are removed, once a day", {
  "qik.toml":
    `[caches.local]\nmax-age = "5d"\n${COMMAND}[commands.other]\nexec = "true"\ndeps = []\n`,
  "src/a": "1",
}, async (repo) => {
  await repo.must("c");
  await age(repo, 4);
  await otherRan(repo);
  assert.equal(await isWarm(repo), true, "not old enough");
  await age(repo, 6);
  await repo.write({ "._qik/cache/collected": `${Date.now()}\n` });
  await otherRan(repo);
  assert.equal(await isWarm(repo), true, "looked at today");
  await age(repo, 6);
  await otherRan(repo);
  assert.equal(await isWarm(repo), false);
});

repoTest("the store is kept within max-size", {
  "qik.toml":
    `[caches.local]\nmax-size = "1kB"\n${COMMAND}[commands.other]\nexec = "true"\ndeps = []\n`
      .replace("echo $PWD", "head -c 5000 /dev/zero"),
  "src/a": "1",
}, async (repo) => {
  await repo.must("c");
  await age(repo, 2);
  await otherRan(repo);
  assert.equal(await isWarm(repo), false);
});

repoTest("pyproject.toml may hold the configuration", {
  "pyproject.toml": '[project]\nname = "x"\n[tool.qik.commands.hello]\nexec = "echo hi"\n',
}, async (repo) => {
  assert.equal((await repo.must("hello")).out, "hi\n");
  await repo.write({ "pyproject.toml": '[tool.qik.commands.hello]\nexce = "echo hi"\n' });
  const { code, err } = await repo.qik("hello");
  assert.equal(code, 2);
  assert.match(err, /\[config-unknown-key\]\n\s+at pyproject\.toml:2:1 \(tool\.qik\./);
});
