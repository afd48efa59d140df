import assert from "node:assert/strict";
import type { Part } from "../../../../plugins/pygraph/graph/build.ts";
import {
  decodeGraph,
  encodeGraph,
  familyOf,
  filesOf,
  placeOf,
} from "../../../../plugins/pygraph/graph/graph.ts";
import { moduleOf } from "../../../../plugins/pygraph/graph/modules.ts";
import { patchGraph } from "../../../../plugins/pygraph/graph/patch.ts";
import { reachOf } from "../../../../plugins/pygraph/graph/reach.ts";
import { edgesIn, graphOf, importsOf, type Sources } from "./repository.ts";

const names = (sources: Sources, from: string, ignoreTypeChecking = false) => {
  const graph = graphOf(sources);
  const { modules, externals } = reachOf(graph, familyOf(graph, from), { ignoreTypeChecking });
  return {
    modules: modules.map((at) => graph.modules[at]),
    externals: externals.map(({ external, module, optional }) =>
      `${graph.externals[external]}${optional ? "?" : ""} by ${graph.modules[module]}`
    ),
  };
};

Deno.test("graph: names lead to modules, to the nearest package around, or outside", () => {
  const graph = graphOf({
    "app/__init__.py": "",
    "app/a.py": "import app.b, app.c.missing\nfrom app import b, thing\nfrom app.c import d\n",
    "app/b.py": "from . import a, nothing\nfrom .c import *\nfrom .. import above\n",
    "app/c/d.py": "import requests.adapters\nfrom yaml import load\nimport os.path\n",
  });
  assert.deepEqual(graph.modules, ["app", "app.a", "app.b", "app.c", "app.c.d"]);
  assert.deepEqual(edgesIn(graph), [
    "app.a -> app",
    "app.a -> app.b",
    "app.a -> app.c",
    "app.a -> app.c.d",
    "app.a -> (app.c.missing)",
    "app.b -> app",
    "app.b -> app.a",
    "app.b -> app.c",
    "app.c.d -> (os)",
    "app.c.d -> (requests.adapters)",
    "app.c.d -> (yaml.load)",
  ]);
});

Deno.test("graph: one import that always happens is enough to make an edge certain", () => {
  const graph = graphOf({
    "a.py": "try:\n  import b, c\nexcept ImportError:\n  pass\nimport c\n",
    "a.pyi": "import b\nimport d\n",
    "b.py": "",
    "c.py": "",
    "d.py": "",
  });
  assert.deepEqual(edgesIn(graph), ["a -> b", "a -> c", "a -> d T"]);
  assert.deepEqual(filesOf(graph, 0), ["a.py", "a.pyi"]);
});

Deno.test("graph: a directory of the repository without files does not hide Python's own", () => {
  const graph = graphOf({ "json/sub/x.py": "import json, json.sub.x\n", "y.py": "import json\n" });
  assert.deepEqual(edgesIn(graph), ["json.sub.x -> (json)", "y -> (json)"]);
});

Deno.test("graph: paths that nothing can import are no modules, and python-path begins anew", () => {
  const { modules } = graphOf({
    "src/app/x.py": "",
    "src/a-b/x.py": "",
    "src/__init__.py": "",
    "other/y.py": "",
    "src/app/0001_first.py": "",
    "src/app/x.test.py": "",
  }, "src");
  assert.deepEqual(modules, ["app", "app.0001_first", "app.x"]);
});

Deno.test("graph: the order of files does not matter, and its text is read back", () => {
  const sources: Sources = {
    "b/x.py": "import a, nowhere\nx = '''\nimport c",
    "a.py": "import b.x",
    "c.py": "import somewhere",
  };
  const graph = graphOf(sources);
  const turned = graphOf(Object.fromEntries(Object.entries(sources).reverse()));
  assert.deepEqual(encodeGraph(turned), encodeGraph(graph));
  assert.deepEqual(decodeGraph(encodeGraph(graph)), graph);
  assert.deepEqual(graph.flaws, [{
    path: "b/x.py",
    line: 2,
    message: "a string that is never closed",
  }]);
  assert.throws(() => decodeGraph(new TextEncoder().encode('{"format":0}')), /format 0/);
});

Deno.test("graph: a family is a module and all below it, though other names come between", () => {
  const graph = graphOf({ "a.py": "", "a/b.py": "", "a0.py": "", "a-b.py": "", "a/c/d.py": "" });
  const family = familyOf(graph, "a").map((at) => graph.modules[at]);
  assert.deepEqual(family, ["a", "a.b", "a.c", "a.c.d"]);
  assert.deepEqual(familyOf(graph, "b"), []);
  assert.deepEqual(["a", "a-b", "a0", "zz", ""].map((name) => placeOf(graph.modules, name)), [
    0,
    1,
    5,
    -1,
    -1,
  ]);
});

Deno.test("reach: imports of imports and of the packages around them, circles too", () => {
  const sources: Sources = {
    "app/__init__.py": "import base\n",
    "app/main.py": "import lib.deep.x\n",
    "lib/__init__.py": "import one\n",
    "lib/deep/__init__.py": "",
    "lib/deep/x.py": "import app.main\n",
    "lib/other.py": "import two\n",
    "base.py": "import main\n",
    "main.py": "import base\n",
  };
  const { modules, externals } = names(sources, "app.main");
  assert.deepEqual(modules, [
    "app",
    "app.main",
    "base",
    "lib",
    "lib.deep",
    "lib.deep.x",
    "main",
  ]);
  assert.deepEqual(externals, ["one by lib"]);
});

Deno.test("reach: type checkers' imports count or not; an outside name is optional where all say so", () => {
  const sources: Sources = {
    "a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import b, yaml\n",
    "b.py": "try:\n  import toml\nexcept ImportError:\n  import yaml\nimport c\n",
    "c.py": "import toml\n",
  };
  assert.deepEqual(names(sources, "a").modules, ["a", "b", "c"]);
  assert.deepEqual(names(sources, "a").externals, ["toml by c", "typing by a", "yaml? by a"]);
  assert.deepEqual(names(sources, "a", true), { modules: ["a"], externals: ["typing by a"] });
});

/** All files of each module that one of the paths belongs to. */
function partsOf(sources: Sources, paths: readonly string[]): ReadonlyMap<string, readonly Part[]> {
  const wanted = new Set(paths.map((path) => moduleOf(path, "")!.name));
  const parts = new Map<string, Part[]>();
  for (const [path, text] of Object.entries(sources)) {
    const { name, kind } = moduleOf(path, "")!;
    if (!wanted.has(name)) continue;
    parts.set(name, [...parts.get(name) ?? [], { path, kind, imports: importsOf(text) }]);
  }
  return parts;
}

Deno.test("patch: a graph that goes on from the last one is the graph made anew, byte for byte", () => {
  let state = 11;
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const paths = ["a.py", "a.pyi", "b/__init__.py", "b/c.py", "b/d.py", "e/f.py", "g.py"];
  const lines = [
    ...["import a", "from b import c, d, x", "from . import c", "import e.f", "from e import g"],
    ...[
      "import requests",
      "import yaml",
      "import numpy.linalg",
      "try:\n  import zlib_ng\nexcept:\n  1",
    ],
    ...[
      "if TYPE_CHECKING:\n  import g",
      "x = '''\nimport z",
      "",
      "import b.c.y",
      "import aaa, zzz",
    ],
  ];
  const text = () => Array.from({ length: pick(4) }, () => lines[pick(lines.length)]!).join("\n");
  const sources: Record<string, string> = Object.fromEntries(paths.map((path) => [path, text()]));
  let graph = graphOf(sources);
  for (let round = 0; round < 500; round++) {
    const changed = paths.filter(() => pick(3) === 0);
    for (const path of changed) sources[path] = text();
    graph = patchGraph(graph, partsOf(sources, changed));
    assert.deepEqual(graph, graphOf(sources), `round ${round}`);
  }
});
