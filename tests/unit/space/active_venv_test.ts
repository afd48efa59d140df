import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { findActiveVenv } from "../../../lib/space/active_venv.ts";
import { type Item, Scratch } from "./scratch.ts";
import { pythonTest } from "../../support/python.ts";

/** An installation of Python below `at`, as far as finding it goes. */
function installation(at: string, version = "3.11"): Record<string, Item> {
  return {
    [`${at}/bin/python${version}`]: { program: "#!/bin/false\n" },
    [`${at}/bin/python3`]: { link: `python${version}` },
    [`${at}/lib/python${version}/os.py`]: "",
    [`${at}/lib/python${version}/site-packages`]: "/",
  };
}

function environment(at: string, config: string, version = "3.11"): Record<string, Item> {
  return {
    [`${at}/pyvenv.cfg`]: config,
    [`${at}/bin/python3`]: { program: "#!/bin/false\n" },
    [`${at}/lib/python${version}/site-packages`]: "/",
  };
}

/** Directories found, relative to the scratch directory. */
function found(
  scratch: Scratch,
  env: Record<string, string>,
  platform: "linux" | "darwin" | "windows" = "linux",
) {
  const venv = findActiveVenv(scratch.ports(env, { platform }));
  const short = (path: string) => path.replace(scratch.root + "/", "");
  return venv && {
    kind: venv.kind,
    prefix: short(venv.prefix),
    bin: short(venv.bin),
    path: venv.pathDirs.map(short),
    site: venv.siteDirs.map(short),
  };
}

Deno.test("VIRTUAL_ENV comes before CONDA_PREFIX, and that before python3 on PATH", () => {
  using scratch = new Scratch({
    ...environment("v", "version = 3.11.7\n"),
    ...installation("conda", "3.12"),
    ...installation("usr", "3.13"),
  });
  const { root } = scratch;
  const env = { VIRTUAL_ENV: `${root}/v/`, CONDA_PREFIX: `${root}/conda`, PATH: `${root}/usr/bin` };
  assert.deepEqual(found(scratch, env), {
    kind: "virtualenv",
    prefix: "v",
    bin: "v/bin",
    path: [],
    site: ["v/lib/python3.11/site-packages"],
  });
  assert.deepEqual(found(scratch, { ...env, VIRTUAL_ENV: "" }), {
    kind: "conda",
    prefix: "conda",
    bin: "conda/bin",
    path: [],
    site: ["conda/lib/python3.12/site-packages"],
  });
  assert.deepEqual(found(scratch, { ...env, VIRTUAL_ENV: `${root}/gone`, CONDA_PREFIX: "" }), {
    kind: "python",
    prefix: "usr",
    bin: "usr/bin",
    path: [],
    site: ["usr/lib/python3.13/site-packages"],
  });
  assert.equal(found(scratch, { PATH: `${root}/none:${root}/v/lib` }), undefined);
});

Deno.test("the version in pyvenv.cfg decides between several lib directories", () => {
  using scratch = new Scratch({
    ...environment("v", "home = /x\nversion_info = 3.9.1.final.0\n", "3.9"),
    "v/lib/python3.12/site-packages": "/",
    "v/lib64": { link: "lib" },
  });
  const site = found(scratch, { VIRTUAL_ENV: `${scratch.root}/v` })?.site;
  assert.deepEqual(site, ["v/lib64/python3.9/site-packages"]);
});

Deno.test("a python3 inside an environment is that environment; one linked from elsewhere is its base", () => {
  using scratch = new Scratch({
    ...installation("usr"),
    ...environment("v", ""),
    "home/bin/python3": { link: "../../usr/bin/python3" },
  });
  const { root } = scratch;
  assert.equal(found(scratch, { PATH: `${root}/v/bin` })?.kind, "virtualenv");
  assert.equal(found(scratch, { PATH: `${root}/home/bin:${root}/v/bin` })?.prefix, "usr");
});

Deno.test("system packages count only where pyvenv.cfg says so, after the environment's own", () => {
  using scratch = new Scratch({
    ...installation("usr"),
    "home/.local/lib/python3.11/site-packages": "/",
  });
  const { root } = scratch;
  const config = (system: boolean) =>
    `home = ${root}/usr/bin\ninclude-system-site-packages = ${system}\nversion = 3.11.7\n`;
  for (const [path, item] of Object.entries(environment("open", config(true)))) {
    scratch.put(path, item);
  }
  for (const [path, item] of Object.entries(environment("shut", config(false)))) {
    scratch.put(path, item);
  }
  const env = (name: string) => ({ VIRTUAL_ENV: `${root}/${name}`, HOME: `${root}/home` });
  assert.deepEqual(found(scratch, env("shut"))?.site, ["shut/lib/python3.11/site-packages"]);
  assert.deepEqual(found(scratch, env("open"))?.site, [
    "home/.local/lib/python3.11/site-packages",
    "open/lib/python3.11/site-packages",
    "usr/lib/python3.11/site-packages",
  ]);
  assert.deepEqual(found(scratch, { ...env("open"), PYTHONNOUSERSITE: "1" })?.site, [
    "open/lib/python3.11/site-packages",
    "usr/lib/python3.11/site-packages",
  ]);
});

Deno.test("Debian's own Python looks into dist-packages", () => {
  using scratch = new Scratch({
    ...installation("usr"),
    "usr/local/lib/python3.11/dist-packages": "/",
    "usr/lib/python3/dist-packages": "/",
  });
  assert.deepEqual(found(scratch, { PATH: `${scratch.root}/usr/bin` })?.site, [
    "usr/local/lib/python3.11/dist-packages",
    "usr/lib/python3/dist-packages",
  ]);
});

Deno.test("Windows layout: Scripts and Lib/site-packages, names of variables in any case", () => {
  using scratch = new Scratch({
    "v/pyvenv.cfg": "version = 3.12.1\n",
    "v/Lib/site-packages": "/",
    "py/python.exe": "",
    "py/Lib/os.py": "",
    "py/Lib/site-packages": "/",
  });
  const { root } = scratch;
  const venv = found(scratch, { Virtual_Env: `${root}/v` }, "windows");
  assert.deepEqual([venv?.bin, venv?.site], ["v/Scripts", ["v", "v/Lib/site-packages"]]);
  const base = found(scratch, { Path: `C:\\nowhere;${root}/py` }, "windows");
  assert.equal(base?.prefix, "py");
});

Deno.test("PYTHONPATH comes first, relative entries below the root", () => {
  using scratch = new Scratch({ ...installation("usr"), "src": "/", "lib": "/" });
  const { root } = scratch;
  const env = { PATH: `${root}/usr/bin`, PYTHONPATH: `src:${root}/lib::${root}/gone` };
  assert.deepEqual(found(scratch, env)?.path, ["src", "lib"]);
});

Deno.test("archives on PYTHONPATH are known, also where it names what lies in them", () => {
  using scratch = new Scratch({ ...installation("usr"), "a.zip": "zip", "src": "/" });
  const { root } = scratch;
  const path = `a.zip:${root}/a.zip/inner/lib:src/gone/deep:gone.zip:src`;
  const venv = findActiveVenv(scratch.ports({ PATH: `${root}/usr/bin`, PYTHONPATH: path }));
  assert.deepEqual(venv?.pathArchives, [`${root}/a.zip`]);
});

const SHIM = (root: string) =>
  `#!/usr/bin/env bash\nset -e\nexport PYENV_ROOT="${root}/pyenv"\nexec x\n`;

function pyenv(): Scratch {
  const scratch = new Scratch({
    ...installation("pyenv/versions/3.9.18", "3.9"),
    ...installation("pyenv/versions/3.11.7"),
    ...installation("pyenv/versions/3.11.10"),
    ...installation("usr", "3.13"),
    "pyenv/version": "# all\n3.11.7 3.9.18\n",
  });
  scratch.put("pyenv/shims/python3", { program: SHIM(scratch.root) });
  return scratch;
}

Deno.test("a pyenv shim is followed to the version that its files name", () => {
  using scratch = pyenv();
  const { root } = scratch;
  const PATH = `${root}/pyenv/shims:${root}/usr/bin`;
  const prefix = (more = {}) => found(scratch, { PATH, ...more })?.prefix;
  assert.equal(prefix(), "pyenv/versions/3.11.7");
  assert.equal(prefix({ PYENV_VERSION: "3.9.18:3.11.7" }), "pyenv/versions/3.9.18");
  assert.equal(prefix({ PYENV_VERSION: "3.11" }), "pyenv/versions/3.11.10");
  assert.equal(prefix({ PYENV_VERSION: "system" }), "usr");
  assert.equal(prefix({ PYENV_VERSION: "3.8" }), undefined);
  scratch.put(".python-version", "../../usr\r\npython-3.9\r\n");
  assert.equal(prefix(), "pyenv/versions/3.9.18");
});

pythonTest("what this machine's python3 says of itself is what is found", () => {
  // A missing python3 fails the test: the rule is that a reference tool must be there.
  const script = "import json, site, sys; print(json.dumps([sys.prefix, site.getsitepackages()]))";
  const run = (python: string) =>
    JSON.parse(execFileSync(python, ["-c", script], { encoding: "utf8" })) as [string, string[]];
  using scratch = new Scratch();
  execFileSync("python3", ["-m", "venv", "--without-pip", `${scratch.root}/v`]);
  const [prefix, site] = run(`${scratch.root}/v/bin/python3`);
  const venv = findActiveVenv(scratch.ports({ VIRTUAL_ENV: `${scratch.root}/v` }))!;
  assert.equal(venv.prefix, prefix);
  const { files } = scratch.ports();
  const real = (path: string) => files.realPath(path);
  // Debian's Python also names directories that a venv does not have.
  const there = site.filter((path) => files.stat(path) !== undefined);
  assert.deepEqual(venv.siteDirs.map(real), [...new Set(there.map(real))]);
});
