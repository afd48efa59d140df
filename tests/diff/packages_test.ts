/**
 * What qik reads of Python's environments against what Python says of itself, through `importlib.metadata`. A
 * missing `python3` fails these tests: without it nothing would be compared.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ActiveVenv, findActiveVenv } from "../../lib/space/active_venv.ts";
import { normalName } from "../../lib/space/installed.ts";
import { openPackages } from "../../lib/space/packages.ts";
import { openSys } from "../../lib/sys/open.ts";

const SCRIPT = `
import json, sys
import importlib.metadata as metadata
versions = [[d.metadata["Name"], d.version] for d in metadata.distributions() if d.metadata["Name"]]
imports = getattr(metadata, "packages_distributions", dict)()
print(json.dumps({"prefix": sys.prefix, "versions": versions, "imports": imports}))
`;
import { pythonTest } from "../support/python.ts";

interface Told {
  readonly prefix: string;
  /** Every distribution on \`sys.path\`, the first of a name first. */
  readonly versions: readonly (readonly [string, string])[];
  readonly imports: Readonly<Record<string, readonly string[]>>;
}

function ask(python: string, env: Record<string, string>): Told {
  // -c puts the working directory on sys.path; an empty one adds nothing.
  const cwd = mkdtempSync(join(tmpdir(), "qik-empty-"));
  const told = execFileSync(python, ["-c", SCRIPT], { cwd, env, encoding: "utf8" });
  rmSync(cwd, { recursive: true });
  return JSON.parse(told) as Told;
}

function compare(venv: ActiveVenv, told: Told): void {
  const packages = openPackages(openSys(), venv);
  assert.equal(venv.prefix, told.prefix);
  const versions = new Map<string, string>();
  for (const [name, version] of told.versions) {
    if (!versions.has(normalName(name))) versions.set(normalName(name), version);
  }
  assert.deepEqual(packages.names(), [...versions.keys()].sort());
  for (const [name, version] of versions) assert.equal(packages.version(name), version, name);
  for (const [pyimport, names] of Object.entries(told.imports)) {
    if (!/^\w+$/.test(pyimport) || pyimport.startsWith("__editable__")) continue;
    const found = packages.distributionsOf(pyimport);
    const listed = new Set(names.map(normalName));
    // Where several share a package, qik may know which of them holds it; it never names another one.
    assert.ok(found.length > 0, pyimport);
    assert.deepEqual(found.filter((name) => !listed.has(name)), [], pyimport);
    if (listed.size === 1) assert.deepEqual(found, [...listed], pyimport);
  }
}

function active(env: Record<string, string>, root: string): ActiveVenv {
  const { files, clock, machine } = openSys();
  const venv = findActiveVenv({ files, clock, env, platform: machine.platform, root });
  assert.ok(venv !== undefined, "python3 was not found");
  return venv;
}

/** This process's environment without what names an environment. */
function plainEnv(): Record<string, string> {
  const { VIRTUAL_ENV: _, CONDA_PREFIX: __, ...env } = openSys().env;
  return env;
}

pythonTest("the python3 on PATH: every distribution and import name", () => {
  const root = realpathSync(tmpdir());
  const env = plainEnv();
  const venv = active(env, root);
  const told = ask("python3", env);
  assert.ok(told.versions.length > 0, "the interpreter has no distributions to compare");
  compare(venv, told);
});

pythonTest("a fresh environment with wheels, eggs, editable installs and odd names", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "qik-venv-")));
  try {
    execFileSync("python3", ["-m", "venv", `${root}/v`], { env: plainEnv() });
    const env = { ...plainEnv(), VIRTUAL_ENV: `${root}/v` };
    const python = join(root, "v", "bin", "python3");
    const site = active(env, root).siteDirs[0]!;
    const put = (path: string, text: string) => {
      const full = join(site, path);
      mkdirSync(join(full, ".."), { recursive: true });
      writeFileSync(full, text);
    };
    const head = (name: string, version: string) =>
      `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nSummary: é\n\nVersion: 9\n`;
    put("Zope.Interface_x-1.0.dist-info/METADATA", head("zope.interface-x", "1.0"));
    put("Zope.Interface_x-1.0.dist-info/RECORD", "zope/interface/__init__.py,,\n");
    put("local-1.0+abc.1.dist-info/METADATA", head("local", "1.0+abc.1"));
    put("local-1.0+abc.1.dist-info/RECORD", '"local/a,b.py",,\nlocal/__init__.py,,\n_l.py,,\n');
    put("local/__init__.py", "");
    put("_l.py", "");
    put("old_egg-2.0-py3.egg-info/PKG-INFO", head("old-egg", "2.0"));
    put("old_egg-2.0-py3.egg-info/top_level.txt", "old_egg\n_old\n");
    put("lone-3.0.egg-info", head("lone", "3.0"));
    put(
      "late-1.dist-info/METADATA",
      `Name: late\n${"Classifier: A :: B\n".repeat(900)}Version: 4\n\n`,
    );
    put("crlf-1.dist-info/METADATA", head("crlf", "1!2.0rc1").replaceAll("\n", "\r\n"));
    put("mine.pth", "../../../../src\n# ../../../../none\nimport sys\n");
    mkdirSync(`${root}/src/mine.egg-info`, { recursive: true });
    writeFileSync(`${root}/src/mine.egg-info/PKG-INFO`, head("mine", "0.1.dev0"));
    writeFileSync(`${root}/src/mine.egg-info/top_level.txt`, "mine\n");
    // The same distribution again further along the path: the first one counts.
    cpSync(join(site, "local-1.0+abc.1.dist-info"), `${root}/src/local-0.1.dist-info`, {
      recursive: true,
    });
    writeFileSync(`${root}/src/local-0.1.dist-info/METADATA`, head("local", "0.1"));
    const told = ask(python, env);
    assert.ok(told.versions.length >= 8);
    compare(active(env, root), told);
    const { PATH, ...rest } = plainEnv();
    compare(active({ ...rest, PATH: `${root}/v/bin:${PATH}` }, root), told);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
