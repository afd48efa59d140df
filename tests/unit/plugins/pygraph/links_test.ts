import assert from "node:assert/strict";
import { withLinks } from "../../../../plugins/pygraph/graph/links.ts";
import { edgesIn, graphOf } from "./repository.ts";

const SOURCES = {
  "a.py": "import b, requests\nif TYPE_CHECKING:\n  import c\n",
  "b.py": "import requests, yaml\n",
  "c.py": "",
};
const unknown = (name: string) => new Error(`unknown ${name}`);

Deno.test("links: without any the graph is the very same", () => {
  const graph = graphOf(SOURCES);
  assert.equal(withLinks(graph, {}, unknown), graph);
});

Deno.test("links: edges are added between modules and to names outside, and the rest stays", () => {
  const graph = graphOf(SOURCES);
  const before = JSON.stringify(graph);
  const add = [{ from: "c", to: "a" }, { from: "c", to: "boto3" }, { from: "a", to: "c" }];
  assert.deepEqual(edgesIn(withLinks(graph, { add }, unknown)), [
    "a -> b",
    "a -> c",
    "a -> c T",
    "a -> (requests)",
    "b -> (requests)",
    "b -> (yaml)",
    "c -> a",
    "c -> (boto3)",
  ]);
  assert.equal(JSON.stringify(graph), before, "the graph that others use is not changed");
});

Deno.test("links: edges are removed, of one module only; what is not there is no mistake", () => {
  const remove = [
    { from: "a", to: "b" },
    { from: "a", to: "requests" },
    { from: "a", to: "c" },
    { from: "b", to: "c" },
  ];
  assert.deepEqual(edgesIn(withLinks(graphOf(SOURCES), { remove }, unknown)), [
    "b -> (requests)",
    "b -> (yaml)",
  ]);
});

Deno.test("links: what is removed and added is there", () => {
  const link = { from: "a", to: "b" };
  const graph = withLinks(graphOf(SOURCES), { remove: [link], add: [link] }, unknown);
  assert.ok(edgesIn(graph).includes("a -> b"));
});

Deno.test("links: the importing side must be a module", () => {
  const graph = graphOf(SOURCES);
  const link = { from: "nobody", to: "a" };
  assert.throws(() => withLinks(graph, { add: [link] }, unknown), /unknown nobody/);
  assert.throws(() => withLinks(graph, { remove: [link] }, unknown), /unknown nobody/);
});
