import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuiltVenv, mark, standing, unmark, wantedId } from "../../../lib/space/built_venv.ts";
import { files, Scratch } from "./scratch.ts";

const BUILT: BuiltVenv = {
  directory: "._qik/venv/app",
  lock: "app.lock",
  layout: "virtualenv",
  identity: "uv",
  recipe: "[]",
};

const SITE = "lib/python3.12/site-packages";

/** What stands in the environment, relative to it. */
const NAMES = [
  "bin/python",
  "bin/blue",
  `${SITE}/blue/__init__.py`,
  `${SITE}/blue/deep/module.py`,
  `${SITE}/blue-1.0.dist-info/RECORD`,
  `${SITE}/six.py`,
];

function installed(): Scratch {
  const tree = NAMES.map((name) => [`${BUILT.directory}/${name}`, "x"] as const);
  const scratch = new Scratch({ ...Object.fromEntries(tree), "app.lock": "blue==1.0\n" });
  mark(files, scratch.root, BUILT, wantedId(files, scratch.root, BUILT)!);
  return scratch;
}

const at = (scratch: Scratch, built = BUILT) => standing(files, scratch.root, built);

Deno.test("an environment is what its lock and settings say, another one, or broken", () => {
  using scratch = installed();
  assert.equal(at(scratch), "same");
  assert.equal(at(scratch, { ...BUILT, recipe: "[1]" }), "other");
  assert.equal(at(scratch, { ...BUILT, identity: "uv 3.13" }), "broken");
  scratch.put("app.lock", "blue==2.0\n");
  assert.equal(at(scratch), "other");
  rmSync(join(scratch.root, "app.lock"));
  assert.equal(at(scratch), "other");
  scratch.put("app.lock", "blue==1.0\n");
  assert.equal(at(scratch), "same");
  unmark(files, scratch.root, BUILT);
  assert.equal(at(scratch), "broken");
  rmSync(join(scratch.root, BUILT.directory), { recursive: true });
  assert.equal(at(scratch), "absent");
});

Deno.test("whatever of it is removed, it is broken", () => {
  const gone = [
    ...NAMES.filter((name) => !name.includes("deep/module") && !name.includes("RECORD")),
    `${SITE}/blue/deep`,
    `${SITE}/blue`,
    `${SITE}/blue-1.0.dist-info`,
    SITE,
    "lib",
    "bin",
  ];
  for (const name of gone) {
    using scratch = installed();
    rmSync(join(scratch.root, BUILT.directory, name), { recursive: true });
    assert.equal(at(scratch), "broken", name);
  }
});

Deno.test("what Python and commands leave in it breaks nothing; what pip adds does", () => {
  const added: readonly (readonly [string, "same" | "broken"])[] = [
    [`${SITE}/__pycache__/six.cpython-312.pyc`, "same"],
    [`${SITE}/blue/__pycache__/__init__.cpython-312.pyc`, "same"],
    [`${SITE}/blue/cache.json`, "same"],
    ["share/jupyter/x", "same"],
    ["bin/other", "same"],
    [`${SITE}/red-1.0.dist-info/RECORD`, "broken"],
    [`${SITE}/blue-2.0.dist-info/RECORD`, "broken"],
    [`${SITE}/red.pth`, "broken"],
  ];
  for (const [name, wanted] of added) {
    using scratch = installed();
    scratch.put(`${BUILT.directory}/${name}`, "x");
    assert.equal(at(scratch), wanted, name);
  }
});

Deno.test("an interpreter that is gone breaks the environment that was made with it", () => {
  using scratch = installed();
  scratch.put("python3.12", "x");
  const python = join(scratch.root, BUILT.directory, "bin/python");
  rmSync(python);
  scratch.put(`${BUILT.directory}/bin/python`, { link: join(scratch.root, "python3.12") });
  assert.equal(at(scratch), "same");
  rmSync(join(scratch.root, "python3.12"));
  assert.equal(at(scratch), "broken");
});

Deno.test("a mark that is damaged in any way is none", () => {
  using scratch = installed();
  const path = join(scratch.root, BUILT.directory, "qik-installed.json");
  const whole = readFileSync(path, "utf8");
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.slice(0, length));
    assert.equal(at(scratch), "broken", `${length}`);
  }
  for (const text of ["null", "[]", '{"id":1}', '{"id":"a","identity":"uv","names":{"bin":1}}']) {
    writeFileSync(path, text);
    assert.equal(at(scratch), "broken", text);
  }
  rmSync(path);
  mkdirSync(path);
  assert.equal(at(scratch), "broken");
});
