/**
 * The import graph against grimp's, edge by edge, on real packages. Where they differ, the difference stands here by
 * name with its reason; anything else fails.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildGraph } from "../../plugins/pygraph/graph/build.ts";
import { EDGE } from "../../plugins/pygraph/graph/graph.ts";
import { scan } from "../../plugins/pygraph/scan/scanner.ts";
import { ROOT } from "../../scripts/root.ts";
import { pinnedPackages } from "../support/pygraph/packages.ts";
import { pythonTest } from "../support/python.ts";

interface Edges {
  readonly modules: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

function ours(site: string, top: string): Edges {
  const files = readdirSync(join(site, top), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".py"))
    .map((path) => ({ path: `${top}/${path}`, kind: "file" as const, digest: "" }));
  const graph = buildGraph("", files, ({ path }) => scan(readFileSync(join(site, path))));
  assert.deepEqual(graph.flaws, []);
  const edges = graph.inside.flatMap((targets, importer) =>
    targets.map((edge) => `${graph.modules[importer]} -> ${graph.modules[Math.floor(edge / EDGE)]}`)
  );
  return { modules: new Set(graph.modules), edges: new Set(edges) };
}

function grimps(python: string, site: string, top: string): Edges {
  const script = join(ROOT, "tests", "support", "pygraph", "grimp_edges.py");
  const out = execFileSync(python, [script, top], {
    cwd: site,
    maxBuffer: 1 << 28,
    encoding: "utf8",
  });
  const { modules, edges } = JSON.parse(out) as { modules: string[]; edges: string[][] };
  return { modules: new Set(modules), edges: new Set(edges.map((edge) => edge.join(" -> "))) };
}

/** What only qik has, in order; grimp must have nothing that qik has not. */
function more(top: string): { modules: string[]; edges: string[] } {
  const { python, site } = pinnedPackages();
  const [mine, theirs] = [ours(site, top), grimps(python, site, top)];
  const only = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
    [...a].filter((one) => !b.has(one)).sort();
  assert.deepEqual(only(theirs.modules, mine.modules), []);
  assert.deepEqual(only(theirs.edges, mine.edges), []);
  return { modules: only(mine.modules, theirs.modules), edges: only(mine.edges, theirs.edges) };
}

pythonTest("Django: the same modules and edges", () => {
  assert.deepEqual(more("django"), { modules: [], edges: [] });
});

pythonTest("SQLAlchemy: the same, and packages around compiled modules", () => {
  // `from sqlalchemy.cyextension.processors import …`: a compiled module has no source, but Python runs the
  // `__init__.py` of the package around it. grimp looks one step up from the imported name only.
  const importers = [
    "engine.processors",
    "engine.result",
    "engine.row",
    "engine.util",
    "sql.visitors",
    "util._collections",
  ];
  assert.deepEqual(more("sqlalchemy"), {
    modules: [],
    edges: importers.map((name) => `sqlalchemy.${name} -> sqlalchemy.cyextension`),
  });
});

pythonTest(
  "Google's namespace package: the same, and packages without __init__.py inside others",
  () => {
    // `google/cloud/storage/_experimental` has no `__init__.py`, but its subdirectories do. Python imports them;
    // grimp leaves out what lies in such a directory.
    const orphans = "google.cloud.storage._experimental";
    const { modules, edges } = more("google");
    assert.ok(modules.length > 5);
    assert.deepEqual(
      modules.filter((name) => name !== orphans && !name.startsWith(`${orphans}.`)),
      [],
    );
    assert.deepEqual(edges.filter((edge) => !edge.startsWith(`${orphans}.`)), []);
  },
);
