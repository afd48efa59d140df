import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type BuiltVenv,
  clear,
  mark,
  standing,
  unmark,
  wantedId,
} from "../../../lib/space/built_venv.ts";
import type { Files, Stat } from "../../../lib/sys/sys.ts";
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
  const tree = NAMES.map((name) =>
    [`${BUILT.directory}/${name}`, name.startsWith("bin/") ? { program: "x" } : "x"] as const
  );
  const scratch = new Scratch({ ...Object.fromEntries(tree), "app.lock": "blue==1.0\n" });
  mark(files, scratch.root, BUILT, wantedId(files, scratch.root, BUILT)!);
  return scratch;
}

function remark(scratch: Scratch): void {
  mark(files, scratch.root, BUILT, wantedId(files, scratch.root, BUILT)!);
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
  assert.equal(at(scratch), "broken");
  remark(scratch);
  assert.equal(at(scratch), "same");
  scratch.put("python3.12", "the same Python, patched");
  assert.equal(at(scratch), "same");
  rmSync(join(scratch.root, "python3.12"));
  assert.equal(at(scratch), "broken");
});

Deno.test("another minor version behind its interpreter breaks it, another patch does not", () => {
  using scratch = installed();
  const pythons = ["a/python3.12", "b/python3.12", "b/python3.13"];
  for (const path of pythons) scratch.put(path, { program: path });
  const behind = (path: string) => {
    rmSync(join(scratch.root, "python3"), { force: true });
    scratch.put("python3", { link: path });
  };
  rmSync(join(scratch.root, BUILT.directory, "bin/python"));
  scratch.put(`${BUILT.directory}/bin/python`, { link: join(scratch.root, "python3") });
  behind(pythons[0]!);
  remark(scratch);
  assert.equal(at(scratch), "same");
  behind(pythons[1]!);
  assert.equal(at(scratch), "same");
  behind(pythons[2]!);
  assert.equal(at(scratch), "broken");
});

Deno.test("what was copied or moved to another checkout is broken there", () => {
  using scratch = installed();
  using other = new Scratch();
  cpSync(scratch.root, other.root, { recursive: true, preserveTimestamps: true });
  assert.equal(at(other), "broken");
  remark(other);
  assert.equal(at(other), "same");
  assert.equal(at(scratch), "same");
});

Deno.test("whatever took the place of an environment, or of all, is cleared away", () => {
  const wounds: readonly ((scratch: Scratch, path: string) => void)[] = [
    (scratch, path) => scratch.put(path, "text"),
    (scratch, path) => scratch.put(path, "/"),
    (scratch, path) => scratch.put(path, { link: "nowhere" }),
    (scratch, path) => scratch.put(path, { link: basename(path) }),
    (scratch, path) => execFileSync("mkfifo", [join(scratch.root, path)]),
  ];
  for (const place of [BUILT.directory, dirname(BUILT.directory)]) {
    for (const [nth, wound] of wounds.entries()) {
      using scratch = installed();
      rmSync(join(scratch.root, place), { recursive: true });
      wound(scratch, place);
      assert.notEqual(at(scratch), "same", `${place} ${nth}`);
      clear(files, scratch.root, BUILT);
      assert.equal(at(scratch), "absent", `${place} ${nth}`);
      mkdirSync(join(scratch.root, BUILT.directory), { recursive: true });
    }
  }
});

Deno.test("clearing a link leaves what it leads to, and a directory of all that stands elsewhere", () => {
  using scratch = installed();
  const other = { ...BUILT, directory: "._qik/venv/other", identity: "uv 3.13" };
  scratch.put(other.directory, { link: "app" });
  clear(files, scratch.root, other);
  assert.equal(at(scratch, other), "absent");
  assert.equal(at(scratch), "same");
  renameSync(join(scratch.root, "._qik/venv"), join(scratch.root, "elsewhere"));
  scratch.put("._qik/venv", { link: "../elsewhere" });
  assert.equal(at(scratch), "same");
  clear(files, scratch.root, BUILT);
  assert.equal(at(scratch), "absent");
  assert.ok(lstatSync(join(scratch.root, "._qik/venv")).isSymbolicLink());
});

Deno.test("a program that was emptied, written anew or made no program breaks it", () => {
  const blue = `${BUILT.directory}/bin/blue`;
  const wounds: readonly ((path: string) => void)[] = [
    (path) => writeFileSync(path, ""),
    (path) => writeFileSync(path, "another"),
    (path) => chmodSync(path, 0o600),
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    // Of the same size.
    (path) => {
      writeFileSync(path, "y");
      utimesSync(path, 1, 1);
    },
  ];
  for (const [nth, wound] of wounds.entries()) {
    using scratch = installed();
    wound(join(scratch.root, blue));
    assert.equal(at(scratch), "broken", `${nth}`);
  }
  using scratch = installed();
  scratch.put("elsewhere", "x");
  scratch.put(`${BUILT.directory}/bin/link`, { link: join(scratch.root, "elsewhere") });
  remark(scratch);
  scratch.put("elsewhere", "");
  assert.equal(at(scratch), "broken");
});

Deno.test("a configuration of the environment that was exchanged for a pipe breaks it", () => {
  using scratch = installed();
  scratch.put(`${BUILT.directory}/pyvenv.cfg`, "home = /usr/bin\n");
  remark(scratch);
  assert.equal(at(scratch), "same");
  rmSync(join(scratch.root, BUILT.directory, "pyvenv.cfg"));
  execFileSync("mkfifo", [join(scratch.root, BUILT.directory, "pyvenv.cfg")]);
  assert.equal(at(scratch), "broken");
});

Deno.test("an archive that the lock names is part of what the environment has to be", () => {
  using scratch = installed();
  scratch.put("app.lock", "./wheels/blue.whl\n");
  scratch.put("wheels/blue.whl", "1");
  remark(scratch);
  assert.equal(at(scratch), "same");
  scratch.put("wheels/blue.whl", "2");
  assert.equal(at(scratch), "stale");
  scratch.put("wheels/blue.whl", "1");
  assert.equal(at(scratch), "same");
  rmSync(join(scratch.root, "wheels"), { recursive: true });
  assert.equal(at(scratch), "stale");
  // Changed while it was installed: nobody knows which of them was.
  const id = wantedId(files, scratch.root, BUILT)!;
  unmark(files, scratch.root, BUILT);
  scratch.put("wheels/blue.whl", "3");
  mark(files, scratch.root, BUILT, id);
  assert.equal(at(scratch), "broken");
});

Deno.test("an old archive is read again only where its stat is another one", () => {
  using scratch = installed();
  scratch.put("app.lock", "./blue.whl\n");
  scratch.put("blue.whl", "1");
  const reads: string[] = [];
  const old = (stat: Stat | undefined) => stat && { ...stat, ctimeNs: 1n, mtimeNs: 1n };
  const inner: Files = {
    ...files,
    stat: (path) => path.endsWith(".whl") ? old(files.stat(path)) : files.stat(path),
    read(path) {
      reads.push(path.slice(scratch.root.length + 1));
      return files.read(path);
    },
  };
  mark(inner, scratch.root, BUILT, wantedId(inner, scratch.root, BUILT)!);
  const whl = () => reads.splice(0).filter((path) => path.endsWith(".whl")).length;
  assert.equal(whl(), 2);
  assert.equal(standing(inner, scratch.root, BUILT), "same");
  assert.equal(whl(), 0);
  scratch.put("blue.whl", "longer");
  assert.equal(standing(inner, scratch.root, BUILT), "stale");
  assert.ok(whl() > 0);
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
