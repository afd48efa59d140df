import assert from "node:assert/strict";
import { importCycles } from "../../../scripts/layers/cycles.ts";
import { checkLayers, ROOMS } from "../../../scripts/layers/rules.ts";

/** Violations of a checkout made of these files, as `path:line: message`. */
function violations(files: Record<string, string>): string[] {
  return checkLayers(Object.entries(files).map(([path, text]) => ({ path, text })))
    .map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

function onlyViolation(files: Record<string, string>): string {
  const found = violations(files);
  assert.equal(found.length, 1, found.join("\n"));
  return found[0]!;
}

Deno.test("each room may import every room below it, and itself", () => {
  ROOMS.forEach((room, rank) => {
    if (room === "report") return;
    const below = ROOMS.slice(0, rank).map((other) => `import "../${other}/a.ts";\n`).join("");
    assert.deepEqual(violations({ [`lib/${room}/x.ts`]: `${below}import "./y.ts";\n` }), []);
  });
});

Deno.test("no room imports a room above it, in any form that the language has", () => {
  const forms = [
    'import { a } from "../run/a.ts";',
    'import type { A } from "../run/a.ts";',
    'export * from "../run/a.ts";',
    'export type { A } from "../run/a.ts";',
    'const a = await import("../run/a.ts");',
    'type A = import("../run/a.ts").A;',
    'import a = require("../run/a.ts");',
    'const a = require("../run/a.ts");',
    "const a = await import(`../run/a.ts`);",
  ];
  for (const form of forms) {
    const said = onlyViolation({ "lib/hash/key.ts": `\n${form}\n` });
    assert.equal(said, "lib/hash/key.ts:2: hash lies below run: imports lib/run/a.ts", form);
  }
  ROOMS.forEach((room, rank) => {
    for (const above of ROOMS.slice(rank + 1)) {
      const said = onlyViolation({ [`lib/${room}/x.ts`]: `import "../${above}/a.ts";` });
      assert.match(said, /lies below/);
    }
  });
});

Deno.test("comments and strings are not imports", () => {
  const text =
    '// import "../run/a.ts"\n/* import("../run/a.ts") */\nconst a = \'import "../run/a.ts"\';\n';
  assert.deepEqual(violations({ "lib/hash/key.ts": text }), []);
});

Deno.test("report imports base and events only, and run never imports report", () => {
  const fine = 'import "../base/a.ts";\nimport "../events/a.ts";\nimport "./b.ts";\n';
  assert.deepEqual(violations({ "lib/report/plain.ts": fine }), []);
  for (const room of ["sys", "config", "git", "space", "plan", "hash", "cache", "run"]) {
    const said = onlyViolation({
      "lib/report/plain.ts": `import type { A } from "../${room}/a.ts";`,
    });
    assert.match(said, /report imports base and events only/);
  }
  assert.match(
    onlyViolation({ "lib/run/a.ts": 'import "../report/plain.ts";' }),
    /run lies below report/,
  );
});

Deno.test("lib imports nothing outside of lib", () => {
  for (
    const target of [
      "plugins/mod.ts",
      "plugins/uv/mod.ts",
      "main.ts",
      "mod.ts",
      "tests/support/repo.ts",
    ]
  ) {
    const said = onlyViolation({ "lib/cli/app.ts": `import "../../${target}";` });
    assert.equal(said, `lib/cli/app.ts:1: lib never imports ${target}`);
  }
  assert.match(
    onlyViolation({ "mod.ts": 'import "./plugins/mod.ts";' }),
    /mod.ts imports lib only/,
  );
  assert.deepEqual(
    violations({ "main.ts": 'import "./plugins/mod.ts";\nimport "./lib/cli/app.ts";' }),
    [],
  );
});

Deno.test("a plugin imports mod.ts, itself and packages, nothing else", () => {
  const fine =
    'import type { A } from "../../mod.ts";\nimport "./b.ts";\nimport "./deep/c.ts";\nimport "zod";\n';
  assert.deepEqual(violations({ "plugins/uv/mod.ts": fine }), []);
  for (const target of ["../../lib/base/order.ts", "../s3/mod.ts", "../mod.ts", "../../main.ts"]) {
    const said = onlyViolation({ "plugins/uv/mod.ts": `import type { A } from "${target}";` });
    assert.match(said, /a plugin imports mod\.ts and itself only/, target);
  }
  assert.deepEqual(
    violations({ "plugins/mod.ts": 'export const s3 = () => import("./s3/mod.ts");' }),
    [],
  );
});

Deno.test("cycles are found through type imports and dynamic imports, and named by path", () => {
  const said = onlyViolation({
    "lib/plan/a.ts": 'import type { B } from "./b.ts";',
    "lib/plan/b.ts": '\nconst c = () => import("./c.ts");',
    "lib/plan/c.ts": 'export * from "./a.ts";',
    "lib/plan/user.ts": 'import "./a.ts";',
  });
  assert.equal(
    said,
    "lib/plan/a.ts:1: import cycle: lib/plan/a.ts -> lib/plan/b.ts -> lib/plan/c.ts -> lib/plan/a.ts",
  );
  assert.match(onlyViolation({ "lib/plan/a.ts": 'import "./a.ts";' }), /a\.ts -> lib\/plan\/a\.ts/);
});

Deno.test("every knot is found, also beside another one", () => {
  const edge = (from: string, to: string) => ({ from, to, line: 1 });
  const found = importCycles([
    edge("in", "a"),
    edge("a", "b"),
    edge("b", "a"),
    edge("b", "c"),
    edge("c", "d"),
    edge("d", "c"),
    edge("d", "out"),
  ]);
  const members = found.map((cycle) => [...new Set(cycle)].sort().join(""));
  assert.deepEqual(members.sort(), ["ab", "cd"]);
  assert.deepEqual(importCycles([edge("a", "b"), edge("a", "c"), edge("b", "c")]), []);
});

Deno.test("runtime names are for lib/sys alone", () => {
  const uses = [
    ["Deno.args;", "Deno"],
    ["const a: Deno.FsFile = b;", "Deno"],
    ["Bun.version;", "Bun"],
    ["process.exit(1);", "process"],
    ["globalThis.Deno;", "Deno"],
    ['globalThis["process"];', "process"],
    ["typeof Bun;", "Bun"],
    ["const { process } = globalThis;", "process"],
  ] as const;
  for (const [text, name] of uses) {
    for (const path of ["lib/run/a.ts", "plugins/uv/mod.ts", "main.ts", "mod.ts"]) {
      assert.equal(onlyViolation({ [path]: `\n${text}` }), `${path}:2: only lib/sys names ${name}`);
    }
    assert.deepEqual(violations({ "lib/sys/deno.ts": text }), []);
  }
  const fine = '// Deno\nconst a = "Bun";\nfunction f(processes: Processes) {}\nsys.process;\n' +
    "const b = { process: 1 };\ninterface C { process: number }\nconst { process: d } = b;\n";
  assert.deepEqual(violations({ "lib/run/a.ts": fine }), []);
});

Deno.test("modules that do I/O are for lib/sys alone", () => {
  for (
    const name of [
      "node:fs",
      "node:fs/promises",
      "node:child_process",
      "node:os",
      "fs",
      "node:http2",
    ]
  ) {
    const text = `import type { X } from "${name}";`;
    assert.equal(
      onlyViolation({ "lib/git/a.ts": text }),
      `lib/git/a.ts:1: only lib/sys imports "${name}"`,
    );
    assert.deepEqual(violations({ "lib/sys/files.ts": text }), []);
  }
  const fine = 'import "node:path";\nimport "node:crypto";\nimport "fs-extra";\n';
  assert.deepEqual(violations({ "lib/git/a.ts": fine }), []);
});

Deno.test("clock, chance, console and locale order are for nobody but lib/sys", () => {
  for (
    const text of [
      "Date.now();",
      "new Date();",
      "Math.random();",
      "setTimeout(f, 1);",
      "console.log(1);",
    ]
  ) {
    assert.match(onlyViolation({ "lib/run/a.ts": text }), /only lib\/sys uses/, text);
    assert.deepEqual(violations({ "lib/sys/clock.ts": text }), []);
  }
  assert.match(onlyViolation({ "lib/run/a.ts": "a.b.localeCompare(c);" }), /use byCodeUnit/);
  assert.deepEqual(violations({ "lib/run/a.ts": "new Date(0); clock.now(); Math.max(1);" }), []);
});

Deno.test("a computed import is for what loads plugins alone", () => {
  const text = "export const load = (path: string) => import(path);";
  assert.match(onlyViolation({ "lib/cli/a.ts": text }), /imports a computed name/);
  assert.deepEqual(violations({ "lib/sys/modules.ts": text }), []);
});

Deno.test("files have at most 400 lines and functions at most 60", () => {
  assert.deepEqual(violations({ "lib/run/a.ts": "\n".repeat(400) }), []);
  assert.equal(
    onlyViolation({ "bench/a.ts": "\n".repeat(401) }),
    "bench/a.ts:401: 401 lines: at most 400",
  );
  const body = (lines: number) => `{\n${"f();\n".repeat(lines - 2)}}`;
  const forms = (lines: number) => [
    `function f() ${body(lines)}`,
    `const f = () => ${body(lines)}`,
    `class A { f() ${body(lines)} }`,
    `export default async function* f() ${body(lines)}`,
  ];
  for (const text of forms(60)) assert.deepEqual(violations({ "scripts/a.ts": text }), []);
  for (const text of forms(61)) {
    assert.match(
      onlyViolation({ "scripts/a.ts": text }),
      /^scripts\/a\.ts:1: function f has 61 lines/,
    );
  }
  assert.deepEqual(violations({ "tests/unit/a_test.ts": forms(61)[0]! }), []);
});

Deno.test("names that say nothing are refused", () => {
  for (
    const path of [
      "lib/run/utils.ts",
      "lib/base/path_helper.ts",
      "scripts/manager.ts",
      "bench/data/a.ts",
    ]
  ) {
    assert.match(onlyViolation({ [path]: "" }), /says nothing/, path);
  }
  assert.match(
    onlyViolation({ "lib/run/a.ts": "export class PoolManager {}" }),
    /"PoolManager" says nothing/,
  );
  assert.match(onlyViolation({ "lib/run/camelCase.ts": "" }), /snake_case/);
  assert.match(onlyViolation({ "lib/stuff/a.ts": "" }), /lies in no room/);
  assert.match(onlyViolation({ "lib/a.ts": "" }), /lies in no room/);
});

Deno.test("tests do not sleep", () => {
  assert.match(onlyViolation({ "tests/cli/a_test.ts": "setTimeout(done, 50);" }), /use a Gate/);
  assert.deepEqual(violations({ "tests/support/running.ts": "setTimeout(kill, 50);" }), []);
});
