import assert from "node:assert/strict";
import { repoTest, type Tree } from "../support/repo.ts";

const FILES: Tree = {
  "qik.toml": `[plugins]
pygraph = "qik.pygraph"
[commands]
a = {exec = "a", deps = [{type = "command", name = "b"}]}
b = {exec = "b", deps = [{type = "command", name = "c"}]}
c = "c"
`,
  "m/one.py": "\nfrom m import two\n",
  "m/two.py": "import m.three\nimport m.three\n",
  "m/three.py": "from .two import x\n",
};

repoTest("the graph of tasks", FILES, async (repo) => {
  const { out } = await repo.must(":graph");
  assert.match(out, /^a -> b\nb -> c\nc\n/);
  assert.match(out, /, 0 cycles\n$/);
  assert.equal((await repo.must(":graph", "tasks", "--why", "a", "c")).out, "a -> b\nb -> c\n");
  const none = await repo.qik(":graph", "--why", "c", "a");
  assert.deepEqual([none.code, none.out], [1, "c does not lead to a\n"]);
});

repoTest("the graph of imports in every format, with circles and reasons", FILES, async (repo) => {
  assert.equal(
    (await repo.must(":graph", "imports")).out,
    "m\nm.one -> m.two\nm.three -> m.two\nm.two -> m.three\n" +
      "cycle: m.three -> m.two -> m.three\n4 nodes, 3 edges, 1 cycle\n",
  );
  assert.equal(
    (await repo.must(":graph", "imports", "--why", "m.one", "m.three")).out,
    "m.one -> m.two m/one.py:2\nm.two -> m.three m/two.py:1 m/two.py:2\n",
  );
  const json = JSON.parse((await repo.must(":graph", "imports", "--json")).out);
  assert.deepEqual(json.edges[0], { from: "m.one", to: "m.two" });
  assert.deepEqual(json.cycles, [
    { nodes: ["m.three", "m.two"], way: ["m.three", "m.two", "m.three"] },
  ]);
  const format = async (name: string) =>
    (await repo.must(":graph", "imports", "--format", name)).out;
  assert.match(await format("dot"), /^digraph \{[\s\S]*"m\.one" -> "m\.two";/);
  assert.match(await format("mermaid"), /^flowchart LR\n[\s\S]*n1 --> n3/);
  assert.match(await format("html"), /<h2>m\.one<\/h2><p>leads to <a href="#n3">m\.two/);
  const why = await repo.must(":graph", "imports", "--json", "--why", "m.one", "m.two");
  assert.deepEqual(JSON.parse(why.out), {
    way: [{ from: "m.one", to: "m.two", at: [{ path: "m/one.py", line: 2 }] }],
  });
});

repoTest("circles that share modules are told as one, by the shortest way around", {
  ...FILES,
  "m/one.py": "from m import two, three\n",
  "m/three.py": "from . import four\n",
  "m/four.py": "from . import one, two, three\n",
  "m/self.py": "import m.self\n",
}, async (repo) => {
  const { out } = await repo.must(":graph", "imports");
  assert.match(
    out,
    /cycle among 4 nodes: m\.four -> m\.three -> m\.four\ncycle: m\.self -> m\.self\n/,
  );
  const html = (await repo.must(":graph", "imports", "--format", "html")).out;
  assert.match(html, /<li>m\.four &rarr; m\.three &rarr; m\.four<details>.*4 nodes/);
});

repoTest("ways that end outside of the repository", {
  ...FILES,
  "m/two.py": "import m.three\nfrom requests import get, post\nimport os.path, sqlite3\n",
}, async (repo) => {
  const why = async (...ends: readonly string[]) =>
    (await repo.must(":graph", "imports", "--why", ...ends)).out;
  assert.equal(
    await why("m.one", "requests"),
    "m.one -> m.two m/one.py:2\nm.two -> requests m/two.py:2\n",
  );
  assert.equal(await why("m.two", "os"), "m.two -> os m/two.py:3\n");
  const refused = async (message: RegExp, ...ends: readonly string[]) => {
    const { code, err } = await repo.qik(":graph", "imports", "--why", ...ends);
    assert.equal(code, 2);
    assert.match(err, message);
  };
  await refused(/"json" in the graph \[usage\]\n.*"json" is Python's own/, "m.one", "json");
  await refused(/"requests" in the graph \[usage\]\n.*but not begin/, "requests", "m.one");
  await refused(/"imports" is the name of a graph \[usage\]\n.*--why m\.one OTHER/, "m.one");
});

repoTest("graphs and names that are not there", FILES, async (repo) => {
  const refused = async (message: RegExp, ...args: readonly string[]) => {
    const { code, err } = await repo.qik(":graph", ...args);
    assert.equal(code, 2);
    assert.match(err, message);
  };
  await refused(/graph "import" \[usage\]\n.*"imports"/, "import");
  await refused(/"m\.on" in the graph \[usage\]\n.*"m\.one"/, "imports", "--why", "m.on", "m.two");
  await refused(/two names/, "--why", "a");
  await refused(/without --why/, "tasks", "a", "b");
  await repo.write({ "qik.toml": '[commands]\na = "a"\n' });
  await refused(/graph "imports" \[usage\]\n.*qik\.pygraph/, "imports");
});
