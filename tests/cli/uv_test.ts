/** Environments that uv makes: the contract of all such plugins, and what only uv does. */
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { cp, truncate } from "node:fs/promises";
import {
  all,
  type Bench,
  benchTest,
  configuration,
  venvContract,
} from "../support/venv/contract.ts";
import { endWatching, put, sawByHint, startWatching, swap } from "../support/watched.ts";
import { startIndex } from "../support/venv/index_server.ts";
import { project } from "../support/venv/projects.ts";
import { writeWheels } from "../support/venv/python_packages.ts";
import { uv } from "../support/venv/uv.ts";

venvContract("uv", uv);

const test = (name: string, body: (bench: Bench) => Promise<void>) =>
  benchTest(uv, `uv: ${name}`, body);

const LOCK = "._qik/artifacts/uv.lock/requirements-app-lock.txt";

/** Further lines of the venv of `app`. */
function withSettings(bench: Bench, lines: string): string {
  return configuration(bench.tool).replace("[spaces.app.venv]\n", `[spaces.app.venv]\n${lines}\n`);
}

test("credentials of an index are nowhere but at the index", async ({ repo }) => {
  const [first, second] = ["canary-first-0001", "canary-second-02"];
  await using index = await startIndex(repo.path("../packages"), [first, second]);
  const toml = (await repo.read("qik.toml")).replace(
    'uv = "qik.uv"',
    `[plugins.uv]\nplugin = "qik.uv"\nindex-url = "http://me:{ctx.word}@127.0.0.1:${index.port}/simple"`,
  );
  await repo.write({ "qik.toml": `ctx = ["word"]\n${toml}` });
  const run = (word: string, ...args: readonly string[]) =>
    repo.with({ env: { UV_DEFAULT_INDEX: undefined, WORD: word } }).qik(...args);
  const ran = [await run(first, "-v", "2")];
  assert.equal(ran[0]!.code, 0, repo.log);
  assert.ok(index.answered() > 0);
  ran.push(await run(first, ":explain", "uv.lock@app"), await run(first, "--report", "json"));
  ran.push(await run(first, "uv.lock@app", "-f", "--trace", "trace.json"));
  // Another who asks finds the same lock.
  const other = await run(second);
  assert.match(other.out, /6 cached/);
  ran.push(other);
  await repo.write({ "app.txt": "qikabsent\n" });
  const failed = await run(second, "show");
  assert.notEqual(failed.code, 0);
  ran.push(failed);
  const told = ran.map(({ out, err }) => out + err).join("\n");
  const kept = (await repo.run("grep", "-rlE", `${first}|${second}`, ".")).out;
  assert.equal(kept, "");
  assert.doesNotMatch(told, /canary/);
  assert.match(told, /venv settings/);
});

test("without the network uv's own cache is enough", async ({ repo }) => {
  const word = "password-of-index";
  const files = {
    "qik.toml": (await repo.read("qik.toml")).replace(
      'uv = "qik.uv"',
      '[plugins.uv]\nplugin = "qik.uv"\nindex-url = "{ctx.index}"',
    ),
  };
  await repo.write({ "qik.toml": `ctx = ["index"]\n${files["qik.toml"]}` });
  let url: string;
  {
    await using index = await startIndex(repo.path("../packages"), [word]);
    url = `http://me:${word}@127.0.0.1:${index.port}/simple`;
    await repo.with({ env: { INDEX: url, UV_DEFAULT_INDEX: undefined } }).must();
  }
  await repo.remove("._qik/venv");
  const offline = repo.with({ env: { INDEX: url, UV_DEFAULT_INDEX: undefined, UV_OFFLINE: "1" } });
  assert.match((await offline.must()).out, /4 cached/);
});

test("a lock with the marks of a merge conflict is told as such, and made anew without it", async (bench) => {
  const { repo } = bench;
  await repo.write({ "qik.toml": withSettings(bench, 'lock = "app.lock"') });
  await bench.run("show");
  await repo.write({ "app.lock": "<<<<<<< HEAD\nqikblue==1.0\n=======\n>>>>>>> other\n" });
  const ran = await repo.qik("show");
  assert.notEqual(ran.code, 0);
  assert.match(ran.out + ran.err, /and run again; if it means "app\.lock", remove that first\n/);
  await repo.remove("app.lock");
  await bench.run("show");
  assert.match(await repo.read("app.lock"), /^qikblue==1\.0/m);
});

test("a package that is not the locked one is not installed", async (bench) => {
  const { repo } = bench;
  await bench.run("uv.lock@app");
  assert.match(await repo.read(LOCK), /--hash=sha256:/);
  const other = { name: "qikgreen", version: "1.5", requires: ["qikblue"] };
  writeWheels(repo.path("../packages"), [other]);
  const ran = await repo.qik("show");
  assert.notEqual(ran.code, 0);
  assert.match(ran.out + ran.err, /hash/i);
  assert.match(ran.out + ran.err, /cannot install the space "app"/);
  // Without hashes in the lock there is nothing to tell it by.
  await repo.write({ "qik.toml": withSettings(bench, "hashes = false") });
  await bench.run("show");
  assert.doesNotMatch(await repo.read(LOCK), /--hash/);
});

test("one lock is for all platforms, unless it is said otherwise", async (bench) => {
  const { repo } = bench;
  await repo.write({ "app.txt": 'qikgreen==1.0\nqikblue==1.0 ; sys_platform == "win32"\n' });
  await bench.run("uv.lock@app");
  assert.match(await repo.read(LOCK), /qikblue==1\.0 ; .*win32/);
  await repo.write({ "qik.toml": withSettings(bench, "universal = false") });
  await bench.run("uv.lock@app");
  assert.doesNotMatch(await repo.read(LOCK), /win32/);
});

test("versions stay as they are locked until the lock is removed", async (bench) => {
  const { repo } = bench;
  await repo.write({ "app.txt": "qikgreen\n" });
  await bench.run("uv.lock@app");
  assert.match(await repo.read(LOCK), /qikgreen==1\.5/);
  writeWheels(repo.path("../packages"), [{ name: "qikgreen", version: "1.9" }]);
  await repo.write({ "app.txt": "qikgreen\nqikblue\n" });
  await bench.run("uv.lock@app");
  assert.match(await repo.read(LOCK), /qikgreen==1\.5/);
  await repo.remove(LOCK);
  await bench.run("uv.lock@app", "-f");
  assert.match(await repo.read(LOCK), /qikgreen==1\.9/);
});

test("files that requirements include are inputs of the lock", async (bench) => {
  const { repo } = bench;
  await repo.write({ "app.txt": "-r more/base.txt\n", "more/base.txt": "qikblue==1.0\n" });
  await bench.run("show");
  await repo.write({ "more/base.txt": "qikblue==2.0\n" });
  const ends = await bench.run("show");
  assert.deepEqual(ends, { "uv.lock@app": "ran", "uv.install@app": "ran", "show@app": "ran" });
});

test("a directory of the repository is required with -e, and its code is seen as it is", async (bench) => {
  const { repo } = bench;
  await repo.write({
    "app.txt": "./lib\n",
    ...project("qiklib", "lib/", "Requires-Dist: qikblue==1.0\n"),
    "lib/mine.py": "WORD = 'first'\n",
    "qik.toml": configuration(bench.tool).replace(
      'exec = "qikblue"\ndeps = ["*.md"]',
      `exec = "python -c 'import mine; print(mine.WORD)'; qikblue"\ndeps = ["lib/*.py"]`,
    ),
  });
  const refused = await repo.qik("show");
  assert.notEqual(refused.code, 0);
  assert.match(
    refused.out + refused.err,
    /Cannot copy ".\/lib".*\n.*app\.txt\n.*hint: Write -e .\/lib/,
  );
  await repo.write({ "app.txt": "-e ./lib\n" });
  await bench.run("show");
  assert.equal(await repo.read("._qik/out/show@app.out"), "first\nqikblue 1.0\n");
  // Of another length: Python believes its byte code where size and second are the same.
  await repo.write({ "lib/mine.py": "WORD = 'changed'\n" });
  assert.deepEqual(await bench.run("show"), {
    "uv.lock@app": "hit",
    "uv.install@app": "hit",
    "show@app": "ran",
  });
  assert.equal(await repo.read("._qik/out/show@app.out"), "changed\nqikblue 1.0\n");
  await repo.write({
    "lib/requires.txt": "Requires-Dist: qikblue==2.0\n",
    "lib/pyproject.toml": `${await repo.read("lib/pyproject.toml")}# touched\n`,
  });
  await bench.run("show");
  assert.equal(await repo.read("._qik/out/show@app.out"), "changed\nqikblue 2.0\n");
});

test("an archive of the repository is an input, whatever the lock says of it", async (bench) => {
  const { repo } = bench;
  const wheel = "qikred-1.0-py3-none-any.whl";
  const publish = (requires: readonly string[]) => {
    writeWheels(repo.path("../made"), [{ name: "qikred", version: "1.0", requires }]);
    copyFileSync(repo.path(`../made/${wheel}`), repo.path(`wheels/${wheel}`));
  };
  const tools = { "uv.lock@app": "ran", "uv.install@app": "ran", "show@app": "ran" };
  const hits = { "uv.lock@app": "hit", "uv.install@app": "hit", "show@app": "hit" };
  const forms = [`./wheels/${wheel}`, `qikred @ file://${repo.path("wheels")}/${wheel}`];
  for (const [hashes, form] of [["true", forms[0]!], ["false", forms[1]!]] as const) {
    await repo.write({
      "wheels/.gitignore": "*.whl\n",
      "app.txt": `-r more.txt\n`,
      "more.txt": `${form}\nqikblue==1.0\n`,
      "qik.toml": withSettings(bench, `hashes = ${hashes}`),
    });
    publish([]);
    assert.deepEqual(await bench.run("show"), tools);
    assert.deepEqual(await bench.run("show", "-v", "2"), hits);
    assert.match((await repo.must(":x", "python@app", "-c", REQUIRES)).out, /^None\n/);
    publish(["qikgreen"]);
    assert.deepEqual(await bench.run("show"), tools, form);
    assert.match((await repo.must(":x", "python@app", "-c", REQUIRES)).out, /qikgreen/);
    assert.deepEqual(await bench.run("show"), hits);
    // The results are known, the environment is another one.
    publish([]);
    assert.deepEqual(await bench.run("show"), { ...hits, "uv.install@app": "ran" });
    assert.match((await repo.must(":x", "python@app", "-c", REQUIRES)).out, /^None\n/);
    await repo.remove(".qik");
  }
});

const REQUIRES = "from importlib.metadata import requires; print(requires('qikred'))";

test("a space inherits an environment, which is made once", async (bench) => {
  const { repo } = bench;
  const more = '[spaces.docs]\nvenv = {type = "space", name = "app"}\n' +
    '[commands.pages]\nexec = "qikblue"\ndeps = ["*.md"]\nspace = "docs"\n';
  await repo.write({ "qik.toml": configuration(bench.tool, more) });
  const ends = await bench.run("pages");
  assert.deepEqual(ends, { "uv.lock@app": "ran", "uv.install@app": "ran", "pages@docs": "ran" });
  assert.equal((await repo.must(":x", "qikblue@docs")).out, "qikblue 1.0\n");
});

test("what would run is told before", async (bench) => {
  const { repo } = bench;
  const missing = await repo.qik(":x", "qikblue@app");
  assert.equal(missing.code, 127);
  assert.match(missing.err, /hint: Its environment is not installed: run qikx --install/);
  await bench.run();
  assert.match((await repo.must("--dry-run")).out, /6 would be replayed, 0 would run/);
  await repo.remove("._qik/venv/lint");
  assert.match(
    (await repo.must("--dry-run")).out,
    /cold .*uv\.install@lint +what it made is not there/,
  );
});

test("while watching, a changed requirement makes the environment anew, and its commands run", async (bench) => {
  const { repo } = bench;
  await bench.run();
  const watch = await startWatching(repo);
  await put(repo, { "app.txt": "qikblue==2.0\n" });
  await watch.saw("qikblue 2.0\n");
  await endWatching(watch);
  assert.equal((await repo.must(":x", "qikblue@app")).out, "qikblue 2.0\n");
  assert.deepEqual(await bench.run(), all(bench, "hit"));
});

test("while watching, an environment that was deleted, replaced or damaged is made again", async (bench) => {
  const { repo } = bench;
  await bench.run();
  const venv = "._qik/venv/app";
  await cp(repo.path("._qik/venv/lint"), repo.path("../lint"), { recursive: true });
  const watch = await startWatching(repo);
  const wounds: readonly (() => Promise<unknown>)[] = [
    () => repo.remove(venv),
    () => Promise.resolve(swap(repo.root, venv, "../lint")),
    () => truncate(repo.path(`${venv}/bin/qikblue`)),
    () => repo.remove("._qik/venv"),
  ];
  for (const [nth, wound] of wounds.entries()) {
    await wound();
    const again = new RegExp(
      `(Again: uv.install@app.* .what it made is not there[^]*){${nth + 1}}for changes`,
    );
    await sawByHint(watch, again, "err");
    assert.equal((await repo.must(":x", "qikblue@app")).out, "qikblue 1.0\n");
  }
  await endWatching(watch);
  assert.deepEqual(await bench.run(), all(bench, "hit"));
});

test("under strict-env uv still finds what the user has set for it", async (bench) => {
  const { repo } = bench;
  const toml = configuration(bench.tool, "[defaults]\nstrict-env = true\n")
    .replace('exec = "qikblue"', `exec = 'qikblue; echo "index=$UV_DEFAULT_INDEX"'`);
  await repo.write({ "qik.toml": toml });
  await bench.run("show");
  assert.equal(await repo.read("._qik/out/show@app.out"), "qikblue 1.0\nindex=\n");
});

test("an environment that the user has activated by hand is none for its making", async (bench) => {
  const { repo } = bench;
  await bench.run("show");
  await bench.ask("app", [{ name: "qikblue", version: "2.0" }]);
  const bin = repo.path("._qik/venv/app/bin");
  const VIRTUAL_ENV = repo.path("._qik/venv/app");
  const active = repo.with({ env: { VIRTUAL_ENV, PATH: `${bin}:${repo.environment()["PATH"]}` } });
  await active.must("show");
  await repo.remove("._qik/venv/app/lib");
  await active.must("show");
  assert.equal(await repo.read("._qik/out/show@app.out"), "qikblue 2.0\n");
});
