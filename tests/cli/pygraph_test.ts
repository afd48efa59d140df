import assert from "node:assert/strict";
import { listed, makeVenv, mark, ranBy } from "../support/fakes.ts";
import { counted } from "../support/counted_git.ts";
import { type Repo, repoTest, type Tree } from "../support/repo.ts";

const PLUGIN = '[plugins]\npygraph = "qik.pygraph"\n';
const TEST = `
[commands.test]
exec = "${mark("{module.name}")}"
deps = [{type = "pygraph", pyimport = "{module.pyimport}"}]
`;

/** Two modules of which \`b\` imports \`a\`. */
const TWO: Tree = {
  "qik.toml": `modules = ["a", "b"]\n${PLUGIN}${TEST}`,
  "a/__init__.py": "",
  "a/one.py": "import os, json\nX = 1\n",
  "b/__init__.py": "def f():\n    from a import one\n",
  "c/other.py": "import a.one\n",
  ".gitignore": ".venv\n",
};

/** A handle whose environment has these distributions, each with a package of its name. */
async function withDists(repo: Repo, dists: Readonly<Record<string, string>>): Promise<Repo> {
  await makeVenv(repo, ".venv", dists);
  for (const [name, version] of Object.entries(dists)) {
    const word = name.replaceAll("-", "_");
    await repo.write({
      [`.venv/lib/python3.12/site-packages/${word}-${version}.dist-info/top_level.txt`]:
        `${word}\n`,
    });
  }
  return repo.with({ env: { VIRTUAL_ENV: repo.path(".venv") } });
}

repoTest("what a module imports runs it again, and nothing else does", TWO, async (plain) => {
  const repo = await withDists(plain, { requests: "1", other: "1" });
  assert.deepEqual(await ranBy(repo), ["a", "b"]);
  assert.deepEqual(await ranBy(repo), []);
  await repo.write({ "a/one.py": "import os, json\nX = 2\n" });
  assert.deepEqual(await ranBy(repo), ["a", "b"], "b imports a");
  await repo.write({ "b/__init__.py": "def f():\n    from a import one  # again\n" });
  assert.deepEqual(await ranBy(repo), ["b"]);
  await repo.write({ "c/other.py": "import b\n" });
  assert.deepEqual(await ranBy(repo), [], "nobody imports c");
  await repo.write({ "a/templates/page.html": "<p>" });
  assert.deepEqual(await ranBy(repo), ["a"], "everything below a counts for a, its code for b");
  await repo.write({ "a/two.py": "" });
  assert.deepEqual(await ranBy(repo), ["a"]);
  await repo.remove("a/two.py");
  assert.deepEqual(await ranBy(repo), []);
});

repoTest("a distribution counts from the import on that needs it", TWO, async (plain) => {
  const at = (requests: string, other: string) => withDists(plain, { requests, other });
  assert.deepEqual(await ranBy(await at("1", "1")), ["a", "b"]);
  assert.deepEqual(await ranBy(await at("2", "1")), [], "nothing imports it yet");
  await plain.write({ "b/net.py": "from requests.adapters import HTTPAdapter\n" });
  assert.deepEqual(await ranBy(await at("2", "1")), ["b"]);
  assert.deepEqual(await ranBy(await at("3", "1")), ["b"], "upgraded");
  assert.deepEqual(await ranBy(await at("3", "2")), [], "another distribution");
  await plain.write({ "a/net.py": "import other\n", "b/net.py": "" });
  assert.deepEqual(await ranBy(await at("3", "2")), ["a", "b"]);
  assert.deepEqual(await ranBy(await at("4", "2")), [], "nothing imports it any more");
  // Only the modules that \`b\` imports count for it: \`a.net\` is none of them.
  assert.deepEqual(await ranBy(await at("4", "3")), ["a"]);
});

repoTest("the dependency of old documents names a module of the project", {
  "qik.toml": `
modules = [{name = "api", path = "my/module/a"}]
[plugins]
pygraph = "qik.pygraph"
[commands.test]
exec = "${mark("{module.name}")}"
deps = [{type = "module", name = "{module.name}"}]
`,
  "my/module/a/x.py": "from ..b import y\n",
  "my/module/b.py": "",
  "my/__init__.py": "",
}, async (repo) => {
  assert.deepEqual(await ranBy(repo), ["api"]);
  await repo.write({ "my/module/b.py": "y = 1\n" });
  assert.deepEqual(await ranBy(repo), ["api"]);
  await repo.write({ "my/__init__.py": "import my.setup\n", "my/setup.py": "" });
  assert.deepEqual(await ranBy(repo), ["api"], "packages around it run first");
  await repo.write({ "my/setup.py": "z = 1\n" });
  assert.deepEqual(await ranBy(repo), ["api"], "and so does what these import");
});

repoTest(
  "byte code that Python writes beside the sources is no input of the graph",
  TWO,
  async (repo) => {
    await ranBy(repo);
    await repo.write({
      "a/__pycache__/one.cpython-312.pyc": "x",
      "b/__pycache__/one.pyc.139": "x",
    });
    const { out, err } = await repo.qik("--dry-run");
    assert.match(out, /, 0 would run/, out);
    assert.doesNotMatch(err, /glob-empty/, "nobody wrote the pattern of stubs");
  },
);

repoTest("packages below python-path, stubs, and names that are not there yet", {
  "qik.toml": `${PLUGIN}
[defaults]
python-path = "src"
[commands.test]
exec = "${mark("test")}"
deps = [{type = "pygraph", pyimport = "app.main"}]
`,
  "src/app/__init__.py": "",
  "src/app/main.py": "from app import helper_names\nimport app.typed\n",
  "src/app/typed.pyi": "from app import for_types\n",
  "src/app/for_types.py": "",
  "app/helper_names.py": "",
}, async (repo) => {
  assert.deepEqual(await ranBy(repo), ["test"]);
  await repo.write({ "app/helper_names.py": "not below src\n" });
  assert.deepEqual(await ranBy(repo), []);
  await repo.write({ "src/app/for_types.py": "x = 1\n" });
  assert.deepEqual(await ranBy(repo), ["test"], "through a stub");
  await repo.write({ "src/app/helper_names.py": "" });
  assert.deepEqual(await ranBy(repo), ["test"], "the name has become a module");
  await repo.write({ "src/app/helper_names.py": "x = 1\n" });
  assert.deepEqual(await ranBy(repo), ["test"]);
});

repoTest("imports for type checkers and distributions are left out where the settings say so", {
  ...TWO,
  "b/__init__.py": "from typing import TYPE_CHECKING as T\nif T:\n  import a.one, requests\n",
}, async (plain) => {
  const at = (version: string) => withDists(plain, { requests: version });
  await ranBy(await at("1"));
  await plain.write({ "a/one.py": "x = 1\n" });
  assert.deepEqual(await ranBy(await at("2")), ["a", "b"]);
  const settings = '[plugins.pygraph]\nplugin = "qik.pygraph"\nignore-type-checking = true\n';
  await plain.write({ "qik.toml": `modules = ["a", "b"]\n${settings}${TEST}` });
  assert.deepEqual(await ranBy(await at("2")), ["b"], "b needs less");
  await plain.write({ "a/one.py": "x = 2\n" });
  assert.deepEqual(await ranBy(await at("3")), ["a"]);
  await plain.write({
    "qik.toml": `modules = ["a", "b"]\n${settings}ignore-pydists = true\n${TEST}`,
    "a/one.py": "import nowhere_to_be_found\n",
  });
  assert.deepEqual(await ranBy(await at("3")), ["a"], "nothing is looked up");
});

repoTest("edges are added and removed by hand", {
  ...TWO,
  "qik.toml": `modules = ["a", "b"]\n[plugins.pygraph]\npyimport = "qik.pygraph"
links.add = [{from = "a", to = "c.other"}]\nlinks.remove = [{from = "b", to = "a.one"}]\n${TEST}`,
}, async (repo) => {
  assert.deepEqual(await ranBy(repo), ["a", "b"]);
  await repo.write({ "c/other.py": "\n" });
  assert.deepEqual(await ranBy(repo), ["a"], "as if a imported it");
  await repo.write({ "a/one.py": "\n" });
  assert.deepEqual(await ranBy(repo), ["a"], "b does not import it any more");
  const config = await repo.read("qik.toml");
  await repo.write({ "qik.toml": config.replace('from = "a"', 'from = "aa"') });
  const { code, out } = await repo.qik();
  assert.equal(code, 2);
  assert.match(out, /Cannot find the Python module "aa" \[pyimport-unknown\]\n.*Did you mean "a"/);
});

repoTest("what does not exist is told with what is near, and where it is imported", {
  "qik.toml": `${PLUGIN}
[commands.one]
exec = "one"
deps = [{type = "pygraph", pyimport = "app.modles"}]
[commands.two]
exec = "${mark("two")}"
deps = [{type = "pygraph", pyimport = "app"}]
`,
  "app/models.py": "import os\n\nif os:\n  import reqests.adapters\n",
}, async (plain) => {
  const repo = await withDists(plain, { requests: "1" });
  const one = await repo.qik("one");
  assert.equal(one.code, 2);
  assert.match(
    one.out,
    /Cannot find the Python module "app\.modles" \[pyimport-unknown\]\n.*Did you mean "app\.models"/,
  );
  const two = await repo.qik("two");
  assert.equal(two.code, 2);
  assert.match(
    two.out,
    /module "reqests" that app\/models\.py:4 imports.*\[import-unknown\]\n.*mean "requests"/,
  );
  await repo.write({ "app/models.py": "try:\n  import reqests\nexcept ImportError:\n  pass\n" });
  assert.deepEqual(await ranBy(repo, "two"), ["two"], "an import that may fail");
  const config = await repo.read("qik.toml");
  await repo.write({
    "app/models.py": "import reqests, numpy.core\n",
    "qik.toml": config + '[pydist]\nmodules = {reqests = "requests", numpy = ""}\n',
  });
  assert.deepEqual(await ranBy(repo, "two"), ["two"]);
  assert.deepEqual(await ranBy(await withDists(plain, { requests: "2" }), "two"), ["two"]);
  await repo.write({
    "app/models.py": "import more\n",
    "qik.toml": config + "[pydist]\nignore-missing-modules = true\n",
  });
  assert.deepEqual(await ranBy(repo, "two"), ["two"]);
});

repoTest("a file that is no Python is told by its line, and the others are read", {
  ...TWO,
  "b/broken.py": "import a\n\nx = (\n",
  "b/more.py": "x = '''\nimport c.other\n",
}, async (repo) => {
  const { code, out, err } = await repo.qik("-v", "2");
  assert.equal(code, 0, repo.log);
  // After its last import nothing of a file is looked at.
  assert.match(out + err, /b\/more\.py:1: a string that is never closed/);
  assert.doesNotMatch(out + err, /broken\.py/);
  await repo.write({ "c/other.py": "\n" });
  assert.deepEqual(await ranBy(repo), ["b"]);
});

repoTest("the repo cache keeps graph and locks as files to commit", {
  ...TWO,
  "qik.toml":
    `modules = ["a", "b"]\n[plugins.graph]\nplugin = "qik.pygraph"\ncache = "repo"\n${TEST}`,
}, async (repo) => {
  assert.deepEqual(await ranBy(repo), ["a", "b"]);
  const lock = JSON.parse(await repo.read(".qik/artifacts/graph.lock/default/b.json"));
  assert.deepEqual(lock, {
    globs: ["a/__init__.py", "a/one.py", "b/**", "!**/__pycache__/**"],
    pydists: [],
  });
  assert.ok(await repo.exists(".qik/artifacts/graph.build/graph.json"));
  await repo.remove("._qik");
  assert.deepEqual(await ranBy(repo), ["a", "b"]);
  const { out } = await repo.must("--dry-run", "graph.build");
  assert.match(out, /warm .*graph\.build/);
});

repoTest("its commands are hidden or not, and have the names that the file gives the plugin", {
  ...TWO,
  "qik.toml": `${String(TWO["qik.toml"])}[spaces.s]\nmodules = ["c"]\nfence = true\n`,
}, async (repo) => {
  assert.deepEqual(await listed(repo), [
    "test@default#a",
    "test@default#b",
    "test@s#c",
    "pygraph.check@s",
  ]);
  assert.deepEqual(await listed(repo, "pygraph.lock", "--isolated"), [
    "pygraph.lock@default?pyimport=a",
    "pygraph.lock@default?pyimport=b",
    "pygraph.lock@s?pyimport=c",
  ]);
});

repoTest("settings and dependencies are checked with the file", { "a.py": "" }, async (repo) => {
  const refused = async (config: string, message: RegExp) => {
    await repo.write({ "qik.toml": config });
    const { code, err } = await repo.qik("--ls");
    assert.equal(code, 2, repo.log);
    assert.match(err, message);
  };
  await refused(
    '[plugins.pygraph]\nplugin = "qik.pygraph"\nignore-pydist = true\n',
    /ignore-pydists/,
  );
  await refused(
    '[plugins.pygraph]\nplugin = "qik.pygraph"\nlock-cache = "{ctx.x}"\n',
    /lock-cache/,
  );
  const dep = (table: string) => `${PLUGIN}[commands.t]\nexec = "t"\ndeps = [${table}]\n`;
  await refused(dep('{type = "pygraph"}'), /pyimport/);
  await refused(dep('{type = "pygraph", pyimport = "a", name = "a"}'), /one of the two/);
});

repoTest("links that lead to no file are modules that import nothing", TWO, async (repo) => {
  const link = (target: string, path: string) => repo.run("ln", "-s", target, repo.path(path));
  await link("self.py", "b/self.py");
  await link("nowhere.py", "b/broken.py");
  await link("/dev/zero", "b/endless.py");
  await link("../a", "b/directory.py");
  await link("../c/other.py", "b/linked.py");
  assert.deepEqual(await ranBy(repo), ["a", "b"]);
  await repo.write({ "c/other.py": "import a.one  # again\n" });
  assert.deepEqual(await ranBy(repo), ["b"], "what stands at the end of a link");
});

repoTest("graph and locks start no program but git", TWO, async (plain) => {
  const { repo, calls } = await counted(plain, ["make", "sh"]);
  await repo.must("-n", "2", "pygraph.lock");
  assert.equal(await calls(), 0);
  await repo.must("-n", "2", "test");
  assert.ok(await calls() > 0, "commands share slots, and somebody watches over them");
});

repoTest("where nothing is installed, a lock file tells which distributions there are", {
  "qik.toml": `${PLUGIN}[commands.test]\nexec = "${mark("test")}"
deps = [{type = "pygraph", pyimport = "b"}]
[spaces.default]
venv = {type = "active", lock = "locked.txt"}
`,
  "b/__init__.py": "import requests\nfrom yaml import load\n",
  "locked.txt": "requests==1.0\nPyYAML==2.0\nother==1.0\n",
  ".gitignore": ".venv\n",
}, async (plain) => {
  const repo = await withDists(plain, {});
  const lockedAs = (text: string) => repo.write({ "locked.txt": text });
  assert.deepEqual(await ranBy(repo), ["test"]);
  const needed = JSON.parse(await repo.read("._qik/artifacts/pygraph.lock/default/b.json"));
  assert.deepEqual(needed.pydists, ["pyyaml", "requests"], "what yaml belongs to is well known");
  await lockedAs("requests==1.0\nPyYAML==2.1\nother==1.0\n");
  const { out: again } = await repo.must();
  assert.doesNotMatch(again, /pygraph\.build: /, "the graph is the same in any environment");
  assert.match(again, /test: /);
  await lockedAs("requests==1.1\n");
  const { code, out } = await repo.qik();
  assert.equal(code, 2);
  assert.match(out, /module "yaml" that b\/__init__\.py:2 imports/);
});

repoTest("each of the three commands has a cache of its own", {
  ...TWO,
  "qik.toml": `modules = ["a", "b"]\n[plugins.pygraph]\nplugin = "qik.pygraph"
cache = "none"\nbuild-cache = "repo"\nlock-cache = "local"\n${TEST}
[spaces.s]\nmodules = ["c"]\nfence = ["a", "b"]\n`,
}, async (repo) => {
  await repo.must("test", "pygraph.check");
  assert.ok(await repo.exists(".qik/artifacts/pygraph.build/graph.json"));
  assert.ok(await repo.exists("._qik/artifacts/pygraph.lock/default/b.json"));
  const { out } = await repo.must("--dry-run", "test", "pygraph.check");
  assert.match(out, /warm .*pygraph\.build/);
  assert.match(out, /warm .*pygraph\.lock/);
  assert.match(out, /cold .*pygraph\.check/);
});

repoTest("modules that only other versions of Python have are no unknown imports", {
  ...TWO,
  "b/__init__.py": "import sys\nif sys.version_info < (3, 12): import distutils\n" +
    "if sys.version_info >= (3, 14): import annotationlib\n",
}, async (plain) => {
  const repo = await withDists(plain, {});
  assert.deepEqual(await ranBy(repo), ["a", "b"]);
});

repoTest("names that are nobody's files are told for what they are", {
  "qik.toml": "",
  "app/__init__.py": "",
  "app/main.py": "import requests\n",
  "ns/one.py": "import ns.tow\n",
  "ns/two.py": "",
}, async (plain) => {
  const repo = await withDists(plain, { requests: "1" });
  const told = async (pyimport: string, message: RegExp, settings = "") => {
    await repo.write({
      "qik.toml": `[plugins.pygraph]\nplugin = "qik.pygraph"\n${settings}
[commands.test]\nexec = "true"\ndeps = [{type = "pygraph", pyimport = "${pyimport}"}]\n`,
    });
    const { code, out } = await repo.qik();
    assert.equal(code, 2, repo.log);
    assert.match(out, message);
  };
  await told("os.path", /"os\.path" \[pyimport-unknown\]\n.*"os" is Python's own/);
  await told("requests.api", /"requests\.api" \[pyimport-unknown\]\n.*"pydist", name = "requests"/);
  const misspelt = 'links.add = [{from = "app.main", to = "app.mian"}]';
  await told("app", /"app\.mian" \[pyimport-unknown\]\n.*mean "app\.main"/, misspelt);
  await told("ns.one", /module "ns\.tow" that ns\/one\.py:1 imports.*\n.*mean "ns\.two"/);
});

repoTest("a python-path that pathspecs would read otherwise is taken as it is", {
  "qik.toml": `${PLUGIN}[defaults]\npython-path = "odd[ab]*"
[commands.test]\nexec = "${mark("test")}"\ndeps = [{type = "pygraph", pyimport = "one"}]\n`,
  "odd[ab]*/one.py": "import two\n",
  "odd[ab]*/two.py": "",
}, async (repo) => {
  assert.deepEqual(await ranBy(repo), ["test"]);
  await repo.write({ "odd[ab]*/two.py": "# 2\n" });
  assert.deepEqual(await ranBy(repo), ["test"]);
});

repoTest("directories behind links are packages where the link is", {
  "qik.toml": `${PLUGIN}[defaults]\npython-path = "src"
[commands.main]\nexec = "${mark("main")}"\ndeps = [{type = "pygraph", pyimport = "app.main"}]
[commands.shared]\nexec = "${mark("shared")}"\ndeps = [{type = "pygraph", pyimport = "app.shared"}]
`,
  "src/app/main.py": "import app.shared.deep.util\nfrom app import late\n",
  "src/app/helper.py": "",
  "src/app/__init__.py": "",
  "lib/shared/__init__.py": "",
  "lib/shared/other.py": "",
  "lib/deep/util.py": "import app.helper\n",
  "lib/late/__init__.py": "",
}, async (repo) => {
  const link = (target: string, path: string) => repo.run("ln", "-s", target, repo.path(path));
  await link("../../lib/shared", "src/app/shared");
  await link("../deep", "lib/shared/deep");
  await link("..", "src/app/up");
  await link(".", "lib/shared/again");
  for (const tracked of [false, true]) {
    if (tracked) await repo.commit("links in the index");
    const touched = async (path: string) => {
      await repo.write({ [path]: `${await repo.read(path)}# again\n` });
      return await ranBy(repo);
    };
    await ranBy(repo);
    assert.deepEqual(await ranBy(repo), []);
    assert.deepEqual(await touched("lib/deep/util.py"), ["main", "shared"]);
    assert.deepEqual(await touched("src/app/helper.py"), ["main", "shared"], "through two links");
    assert.deepEqual(await touched("lib/late/__init__.py"), []);
    await link("../../lib/late", "src/app/late");
    assert.deepEqual(await ranBy(repo), ["main"], "what an import finds from now on");
    assert.deepEqual(await touched("lib/late/__init__.py"), ["main"]);
    await repo.remove("src/app/late");
    await ranBy(repo);
  }
  const { out } = await repo.must(":graph", "imports", "--why", "app.main", "app.helper");
  assert.equal(
    out,
    "app.main -> app.shared.deep.util src/app/main.py:1\n" +
      "app.shared.deep.util -> app.helper src/app/shared/deep/util.py:1\n",
  );
});
