/** What a run, `--since` and `--watch` make of the same edits: they must agree. */
import assert from "node:assert/strict";
import { listed, makeVenv, mark, ran, ranBy } from "../support/fakes.ts";
import { type Repo, repoTest, type Tree } from "../support/repo.ts";
import { endWatching, put, quiet, startWatching } from "../support/watched.ts";

/** Tells one state of the sources from another. */
const STATE = "cat a/*.py b/*.py | cksum";

const FILES: Tree = {
  "qik.toml": `
modules = ["a", "b"]
[plugins]
pygraph = "qik.pygraph"
[commands.test]
exec = "${mark("{module.name}")}; echo {module.name} saw $(${STATE})"
deps = [{type = "pygraph", pyimport = "{module.pyimport}"}]
`,
  "a/__init__.py": "",
  "a/one.py": "X = 1\n",
  "b/__init__.py": "from a import one, two\n",
  "b/net.py": "",
  ".gitignore": ".venv\n",
};

/** What is edited, and the modules whose tests that concerns. */
const EDITS: readonly (readonly [what: string, files: Record<string, string>, tests: string[]])[] =
  [
    ["what b imports", { "a/one.py": "X = 2\n" }, ["a", "b"]],
    ["b alone", { "b/__init__.py": "from a import one, two  # again\n" }, ["b"]],
    ["an import of a distribution", { "b/net.py": "import requests\n" }, ["b"]],
    ["a module that an import finds from now on", { "a/two.py": "# two\n" }, ["a", "b"]],
    ["a module that nobody imports", { "a/three.py": "# three\n" }, ["a"]],
    ["an import of it, deeper down", { "a/two.py": "from a import three\n" }, ["a", "b"]],
    ["what is imported that way", { "a/three.py": "Y = 1\n" }, ["a", "b"]],
    ["nothing that is Python", { "notes.txt": "1" }, []],
  ];

async function withRequests(repo: Repo, version: string): Promise<Repo> {
  await makeVenv(repo, ".venv", { requests: version });
  await repo.write({
    [`.venv/lib/python3.12/site-packages/requests-${version}.dist-info/top_level.txt`]:
      "requests\n",
  });
  return repo.with({ env: { VIRTUAL_ENV: repo.path(".venv") } });
}

repoTest(
  "--since selects what a run would run, whatever was known before",
  FILES,
  async (plain) => {
    const repo = await withRequests(plain, "1");
    await ranBy(repo);
    for (const [what, files, tests] of EDITS) {
      await repo.commit(what);
      await repo.write(files);
      const names = tests.map((module) => `test#${module}`);
      assert.deepEqual(await listed(repo, "--since", "HEAD", "test"), names, what);
      assert.deepEqual(await ranBy(repo), tests, what);
    }
    await repo.commit("all");
    assert.deepEqual(await listed(repo, "--since", "HEAD"), []);
    await withRequests(plain, "2");
    assert.deepEqual(await ranBy(repo), ["b"], "upgraded");
  },
);

repoTest("--since knows that settings of the plugin decide what is an input", {
  ...FILES,
  "qik.toml": `${FILES["qik.toml"]}
[commands.plain]
exec = "true"
deps = ["notes.txt"]
`,
  "a/one.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b.net\n",
  "notes.txt": "1",
}, async (repo) => {
  await ranBy(repo);
  const text = await repo.read("qik.toml");
  const [named, table] = ['pygraph = "qik.pygraph"', '[plugins.pygraph]\nplugin = "qik.pygraph"'];
  await repo.write({ "qik.toml": text.replace(named, table) });
  assert.deepEqual(await listed(repo, "--changed"), []);
  const less = `${table}\nignore-type-checking = true`;
  await repo.write({
    "qik.toml": text.replace("[plugins]\n", "").replace(named, less),
  });
  assert.deepEqual(await listed(repo, "--changed"), ["test#a", "test#b"]);
  // For which of them the setting matters is known only afterwards.
  assert.deepEqual(await ranBy(repo), ["a"]);
});

repoTest("--since does not believe locks of another state", FILES, async (plain) => {
  const repo = await withRequests(plain, "1");
  assert.deepEqual(await listed(repo, "--since", "HEAD", "test"), [], "a fresh clone");
  await ranBy(repo);
  await repo.write({ "a/one.py": "import a.three\n", "a/three.py": "" });
  await repo.commit("as if it were pulled");
  await repo.write({ "a/three.py": "Y = 1\n" });
  assert.deepEqual(await listed(repo, "--since", "HEAD", "test"), ["test#a", "test#b"]);
  const manifest = "._qik/out/manifest.json";
  const told = await repo.read(manifest);
  await repo.write({ "a/three.py": "import not_to_be_found\n" });
  const broken = await repo.qik("--since", "HEAD", "--ls", "test");
  assert.deepEqual(
    [broken.code, broken.out],
    [0, "test#a\ntest#b\n"],
    "what cannot be told selects",
  );
  assert.match(broken.err, /import-unknown/);
  await repo.write({ "a/three.py": "Z = 1\n" });
  await repo.must(":graph", "imports");
  assert.equal(await repo.read(manifest), told, "the last run is one that somebody asked for");
});

repoTest("a watch runs what a run would run", FILES, async (plain) => {
  const repo = await withRequests(plain, "1");
  const running = await startWatching(repo, "test");
  await ran(repo);
  // After an edit that runs nothing, the next one shows that nothing ran.
  for (const [what, files, tests] of EDITS.filter(([, , tests]) => tests.length > 0)) {
    await repo.remove("../ran");
    await put(repo, files);
    const state = (await repo.run("sh", "-c", STATE)).out.trim();
    for (const module of tests) await running.saw(`${module} saw ${state}`);
    await quiet(running);
    assert.deepEqual(await ran(repo), tests, what);
  }
  await repo.remove("../ran");
  await withRequests(plain, "2");
  await running.saw("pydist requests changed");
  await quiet(running);
  assert.deepEqual([...new Set(await ran(repo))], ["b"], "upgraded");
  await endWatching(running);
});
