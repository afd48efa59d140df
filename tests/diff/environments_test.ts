/**
 * Environments as qik reads them against what a real Python says in them through `importlib.metadata`. Every
 * difference is listed here by name, with its reason; another one fails.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ActiveVenv, findActiveVenv } from "../../lib/space/active_venv.ts";
import { openPackages, type Packages } from "../../lib/space/packages.ts";
import { openSys } from "../../lib/sys/open.ts";
import { pythonTest } from "../support/python.ts";
import { PROJECTS, PythonEnvironments } from "../support/python_environments.ts";

/** `packages_distributions` reads lists of files since 3.12 (in part since 3.11); older ones get its rule here. */
const SCRIPT = `
import importlib.metadata as metadata, importlib.util, inspect, json, re, sys
normal = lambda name: re.sub(r"[-_.]+", "-", name).lower()
versions, imports, modules, files = {}, {}, {}, {}
for found in metadata.distributions():
    name = normal(found.metadata["Name"] or "")
    if not name or name in files: continue
    versions[name] = metadata.version(found.metadata["Name"])
    files[name] = [f for f in found.files or [] if f.parts[0] != ".."]
    for f in files[name]:
        module = inspect.getmodulename(f.name)
        if module is None or not all(part.isidentifier() for part in (*f.parts[:-1], module)): continue
        dotted = ".".join(f.parts[:-1] if module == "__init__" else (*f.parts[:-1], module))
        if name not in modules.setdefault(dotted, []): modules[dotted].append(name)
def tops(found):
    declared = (found.read_text("top_level.txt") or "").split()
    first = lambda f: f.parts[0] if len(f.parts) > 1 else inspect.getmodulename(f.name) or f.name
    return declared or [top for top in set(map(first, found.files or [])) if "." not in top]
if sys.version_info >= (3, 12):
    imports = metadata.packages_distributions()
else:
    for found in metadata.distributions():
        for top in tops(found):
            imports.setdefault(top, []).append(found.metadata["Name"])
imports = {top: sorted({normal(name) for name in names}) for top, names in imports.items()}
specs = {}
for name in json.loads(sys.argv[1]):
    spec = importlib.util.find_spec(name)
    specs[name] = spec is not None and spec.origin
print(json.dumps(dict(prefix=sys.prefix, versions=versions, imports=imports, modules=modules, specs=specs)))
`;

interface Told {
  readonly prefix: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Top-level import name to distributions. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** Dotted names of all modules that distributions list among their files. */
  readonly modules: Readonly<Record<string, readonly string[]>>;
  /** Of the names that were asked for: where Python would import them from. */
  readonly specs: Readonly<Record<string, string | false>>;
}

type Env = Readonly<Record<string, string>>;

function ask(python: string, env: Env, names: readonly string[] = []): Told {
  // -c puts the working directory on sys.path; an empty one adds nothing.
  const cwd = mkdtempSync(join(tmpdir(), "qik-empty-"));
  try {
    const argv = ["-c", SCRIPT, JSON.stringify(names)];
    return JSON.parse(execFileSync(python, argv, { cwd, env, encoding: "utf8" })) as Told;
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** This process's environment without what names an environment. */
function plainEnv(): Record<string, string> {
  const { VIRTUAL_ENV: _, CONDA_PREFIX: __, ...env } = openSys().env;
  return env;
}

function find(env: Env): ActiveVenv {
  const { files, clock, machine } = openSys();
  const root = realpathSync(tmpdir());
  const venv = findActiveVenv({ files, clock, env, platform: machine.platform, root });
  assert.ok(venv !== undefined, "no python3 was found");
  return venv;
}

type Explained = readonly [name: RegExp, why: string];

/** Names of what differs, with both answers. */
function differences(packages: Packages, told: Told): Map<string, string> {
  const found = new Map<string, string>();
  const note = (name: string, qik: unknown, python: unknown) => {
    const [mine, theirs] = [JSON.stringify(qik), JSON.stringify(python)];
    if (mine !== theirs) found.set(name, `qik: ${mine}, Python: ${theirs}`);
  };
  note("names", packages.names(), Object.keys(told.versions).sort());
  for (const [name, version] of Object.entries(told.versions)) {
    note(`version ${name}`, packages.version(name), version);
  }
  for (const [top, names] of Object.entries(told.imports)) {
    note(`import ${top}`, packages.distributionsOf(top), names);
  }
  for (const [dotted, names] of Object.entries(told.modules)) {
    if (dotted.includes(".")) {
      note(`module ${dotted}`, packages.distributionsOf(dotted), [...names].sort());
    }
  }
  return found;
}

/** What Python's rule takes for names of modules, and no import statement can. */
const NO_IMPORTS: readonly Explained[] = [
  [/^import __pycache__$/, "the folder of compiled files"],
  [/^import \d\w*__mypyc$/, "mypyc's shared part"],
];

function compare(
  venv: ActiveVenv,
  told: Told,
  ...explained: readonly Explained[]
): void {
  assert.equal(venv.prefix, told.prefix);
  const packages = openPackages(openSys(), venv);
  const left = [...differences(packages, told)];
  const unexplained = left.filter(([name]) =>
    ![...NO_IMPORTS, ...explained].some(([known]) => known.test(name))
  );
  assert.deepEqual(unexplained, []);
}

pythonTest("wheels of every shape, and editable installs by every backend", () => {
  using made = new PythonEnvironments();
  const env = { ...plainEnv(), VIRTUAL_ENV: made.modern() };
  const names = Object.values(PROJECTS).flatMap(({ imports }) => imports);
  const told = ask(join(env.VIRTUAL_ENV, "bin/python"), env, names);
  const explained: readonly Explained[] = [
    [
      /^import acme$/,
      "acme-hatch has neither top_level.txt nor modules, so that Python cannot tell",
    ],
    [/^import _editable_impl_/, "the hook of the library editables, which nobody imports"],
  ];
  compare(find(env), told, ...explained);
  const packages = openPackages(openSys(), find(env));
  for (const [name, { imports }] of Object.entries(PROJECTS)) {
    for (const pyimport of imports) {
      assert.match(String(told.specs[pyimport]), /\.py$/, `Python imports ${pyimport}`);
      assert.deepEqual(packages.distributionsOf(pyimport), [name], pyimport);
    }
  }
});

pythonTest("a project that setup.py develop installed", () => {
  using made = new PythonEnvironments();
  const env = { ...plainEnv(), VIRTUAL_ENV: made.legacy() };
  compare(find(env), ask(join(env.VIRTUAL_ENV, "bin/python"), env));
});

pythonTest(
  "two installs from a directory are told apart by content, not by version or place",
  () => {
    using made = new PythonEnvironments();
    const project = (place: string, text: string) => {
      made.put(
        `${place}/setup.py`,
        "from setuptools import setup\nsetup(name='copied', version='1', packages=['copied'], " +
          "entry_points={'console_scripts': ['copied = copied:main']})\n",
      );
      made.put(`${place}/copied/__init__.py`, text);
      return place;
    };
    const env = { ...plainEnv(), VIRTUAL_ENV: made.legacy() };
    const identity = (place: string, text: string) => {
      made.copied(env.VIRTUAL_ENV, project(place, text));
      const packages = openPackages(openSys(), find(env));
      assert.equal(packages.version("copied"), "1");
      return packages.identity("copied");
    };
    const first = identity("here", "1");
    assert.match(String(first), /^1 @ sha256=[0-9a-f]{64}$/);
    assert.notEqual(identity("here", "2"), first);
    assert.equal(identity("there", "1"), first);
  },
);

pythonTest("a prefix as conda lays it out", () => {
  using made = new PythonEnvironments();
  const prefix = made.conda();
  const told = ask("python3", { ...plainEnv(), PYTHONHOME: prefix, PYTHONNOUSERSITE: "1" });
  compare(find({ ...plainEnv(), CONDA_PREFIX: prefix, PYTHONNOUSERSITE: "1" }), told);
});

pythonTest("the python3 on PATH", () => {
  const env = plainEnv();
  compare(find(env), ask("python3", env));
});

pythonTest("the system's python3, Debian's where this is Debian", () => {
  if (!existsSync("/usr/bin/python3")) return;
  const env = { ...plainEnv(), PATH: "/usr/bin:/bin" };
  compare(find(env), ask("/usr/bin/python3", env));
});
