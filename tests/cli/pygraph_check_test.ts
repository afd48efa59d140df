import assert from "node:assert/strict";
import { makeVenv, ranBy } from "../support/fakes.ts";
import { repoTest, type Tree } from "../support/repo.ts";

const FENCES: Tree = {
  "qik.toml": `
[plugins]
pygraph = "qik.pygraph"
[spaces.baz]
fence = ["baz"]
[spaces.foo]
modules = ["foo"]
fence = ["other/a"]
[spaces.bar]
modules = ["bar"]
fence = [{type = "space", name = "foo"}]
[spaces.free]
modules = ["free"]
`,
  "baz/__init__.py": "import os\nfrom baz import deep\n",
  "baz/deep.py": "from . import deep\n",
  "foo/x.py": "import other.a.y\nfrom typing import TYPE_CHECKING\n",
  "other/a/y.py": "import foo.x\n",
  "other/b/z.py": "",
  "bar/w.py": "import foo.x, other.a.y\n",
  "free/all.py": "import foo.x, baz, bar.w, other.b.z\n",
};

repoTest(
  "imports inside of the fences are allowed, and a second look comes from the cache",
  FENCES,
  async (repo) => {
    const { code, out } = await repo.qik("pygraph.check");
    assert.equal(code, 0, repo.log);
    assert.doesNotMatch(out, /free/);
    assert.match((await repo.must("--dry-run", "pygraph.check")).out, /warm .*pygraph\.check@baz/);
    await repo.write({ "free/all.py": "import foo.x\n" });
    assert.match((await repo.must("pygraph.check", "-s", "foo")).out, /2 tasks/);
  },
);

repoTest("what leads out of a fence is told by file and line", FENCES, async (repo) => {
  await repo.write({
    "baz/deep.py":
      "def f():\n  if f:\n    import foo.x as x\n\nfrom foo import x\nimport nothing_like_it\n",
    "foo/x.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import other.b.z\n" +
      "try:\n  import not_there\nexcept ImportError: pass\n",
    "bar/w.py": "import foo.x, other.b.z; import baz\n",
  });
  const { code, out } = await repo.qik("pygraph.check", "-n", "1");
  assert.equal(code, 1);
  for (
    const expected of [
      'baz/deep.py:3: imports "foo.x" (foo/x.py), which lies outside of the fence of space "baz"',
      'baz/deep.py:5: imports "foo.x" (foo/x.py), which lies outside of the fence of space "baz"',
      'baz/deep.py:6: imports "nothing_like_it", which the environment of space "baz" does not have',
      '3 imports of space "baz" are not allowed',
      'foo/x.py:3: imports "other.b.z" (other/b/z.py), which lies outside of the fence of space "foo"',
      '1 import of space "foo" is not allowed',
      'bar/w.py:1: imports "baz" (baz/__init__.py), which lies outside of the fence of space "bar"',
      'bar/w.py:1: imports "other.b.z" (other/b/z.py), which lies outside of the fence of space "bar"',
    ]
  ) assert.ok(out.includes(`${expected}\n`), `${expected}\n\n${out}`);
  assert.ok(!out.includes("not_there"));
  const { code: one, out: told } = await repo.qik("pygraph.check", "-s", "foo");
  assert.equal(one, 1);
  assert.ok(!told.includes("baz/deep.py"));
  const config = await repo.read("qik.toml");
  await repo.write({
    "qik.toml": config.replace(
      'pygraph = "qik.pygraph"',
      'pygraph = {plugin = "qik.pygraph", ignore-type-checking = true}',
    ),
  });
  assert.deepEqual(await ranBy(repo, "pygraph.check", "-s", "foo"), []);
});

repoTest("on GitHub's runners every violation is an annotation", FENCES, async (plain) => {
  const repo = plain.with({ env: { GITHUB_ACTIONS: "true" } });
  await repo.write({ "baz/deep.py": "\nimport foo.x\n" });
  const { code, out } = await repo.qik("pygraph.check", "-s", "baz");
  assert.equal(code, 1);
  assert.match(out, /^::error file=baz\/deep\.py,line=2,title=pygraph\.check::imports "foo\.x"/m);
  const other = await plain.qik("pygraph.check", "-s", "baz");
  assert.match(other.out, /^baz\/deep\.py:2: /m);
});

repoTest("violations as JSON", FENCES, async (repo) => {
  await repo.write({ "baz/deep.py": "import foo.x\nx = '''\nimport os" });
  const { code, out } = await repo.qik(":pygraph", "check", "--json", "--space", "baz");
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(out), [{
    space: "baz",
    path: "baz/deep.py",
    line: 1,
    kind: "internal",
    module: "baz.deep",
    imports: "foo.x",
    message: 'imports "foo.x" (foo/x.py), which lies outside of the fence of space "baz"',
  }, {
    space: "baz",
    path: "baz/deep.py",
    line: 2,
    kind: "syntax",
    module: "baz.deep",
    imports: "",
    message: "a string that is never closed",
  }]);
  const free = await repo.qik(":pygraph", "check", "--json", "--space", "foo");
  assert.deepEqual([free.code, JSON.parse(free.out)], [0, []]);
  const unknown = await repo.qik(":pygraph", "check", "--space", "fo");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /"fo".*\n.*"foo"/);
});

repoTest("external imports are those of the space's environment", {
  ...FENCES,
  ".gitignore": ".venv\n",
}, async (plain) => {
  await makeVenv(plain, ".venv", { requests: "1" });
  await plain.write({
    ".venv/lib/python3.12/site-packages/requests-1.dist-info/top_level.txt": "requests\n",
    "baz/deep.py": "import requests\nfrom yaml import load, dump\nimport asyncore\n" +
      "import annotationlib, compression.zstd\nfrom requests_extra.sub import x\n",
  });
  const repo = plain.with({ env: { VIRTUAL_ENV: plain.path(".venv") } });
  const { out } = await repo.qik("pygraph.check", "-s", "baz");
  assert.ok(!out.includes('"requests"'), out);
  const told = out.split("\n").filter((line) => line.startsWith("baz/"));
  assert.deepEqual(told, [
    'baz/deep.py:2: imports "yaml", which the environment of space "baz" does not have',
    'baz/deep.py:3: imports "asyncore", which Python has up to 3.11 and 3.12 lacks',
    'baz/deep.py:5: imports "requests_extra.sub", which the environment of space "baz" does not have',
  ], "what a later Python has is asked for by version");
});

repoTest("templates in fences are filled, and one that cannot be fails nothing but checks", {
  ...FENCES,
  "qik.toml": `ctx = [{name = "part", required = true}]\n[commands.other]\nexec = "true"\n` +
    String(FENCES["qik.toml"]).replace("other/a", "{ctx.part}/a"),
}, async (plain) => {
  await plain.must("other");
  const missing = await plain.qik("pygraph.check");
  assert.equal(missing.code, 2);
  assert.match(missing.out, /pygraph\.check@foo: Cannot fill "\{ctx\.part\}"/);
  assert.match(missing.err, /\[ctx-missing\]/);
  const repo = plain.with({ env: { PART: "other" } });
  await repo.must("pygraph.check");
  const wrong = await plain.with({ env: { PART: "others" } }).qik("pygraph.check", "-s", "foo");
  assert.match(wrong.out, /foo\/x\.py:1: imports "other\.a\.y"/);
});

repoTest("names of directories that look like pathspecs are fenced as they are", {
  "qik.toml": `
[plugins]
pygraph = "qik.pygraph"
[spaces.s]
fence = ["odd/[ab]*", "./plain/"]
`,
  "odd/[ab]*/x.py": "import plain.y\n",
  "odd/a1/z.py": "import plain.y\n",
  "plain/y.py": "import odd\n",
}, async (repo) => {
  await repo.must("pygraph.check");
  await repo.write({ "plain/y.py": "import outside\n", "outside.py": "" });
  const { out, code } = await repo.qik("pygraph.check");
  assert.equal(code, 1);
  assert.match(out, /plain\/y\.py:1: imports "outside"/);
});

repoTest("a line with very many names is checked in bounded time", FENCES, async (repo) => {
  const names = Array.from({ length: 100_000 }, (_, at) => `n${at}`).join(", ");
  await repo.write({ "baz/deep.py": `from missing_one import ${names}\n` });
  const started = performance.now();
  const { code, out } = await repo.qik("pygraph.check", "-s", "baz");
  // A second or two; it took a minute when each name looked at all others.
  assert.ok(performance.now() - started < 30_000);
  assert.equal(code, 1);
  assert.match(out, /deep\.py:1: imports "missing_one", which/);
  assert.match(out, /^1 import of space "baz" is not allowed$/m);
});
