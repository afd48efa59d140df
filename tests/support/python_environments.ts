/**
 * Real Python environments to compare with: wheels from PyPI at pinned versions, and projects installed in every way
 * that leaves their code where it is. The wheels are downloaded once (`QIK_TEST_PACKAGES`, else the user's cache
 * directory; about 6 MB), the environments are made anew by each run.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { quickVenv } from "./venv/quick_venv.ts";

/** Small wheels of every shape: shared namespaces, extension modules, lone modules, names unlike their imports. */
const WHEELS = [
  "zope.interface==8.0.1",
  "zope.event==6.0",
  "google-cloud-core==2.5.0",
  "googleapis-common-protos==1.72.0",
  "protobuf==6.33.1",
  "ruamel.yaml==0.18.16",
  "ruamel.yaml.clib==0.2.15",
  "jaraco.text==4.0.0",
  "backports.tarfile==1.2.0",
  "sphinxcontrib-jsmath==1.0.1",
  "PyYAML==6.0.3",
  "attrs==25.4.0",
  "six==1.17.0",
  "python-dateutil==2.9.0.post0",
  "cffi==2.0.0",
  "mypy_extensions==1.1.0",
  "black==25.11.0",
  "pytest==9.0.1",
];

/** What builds the projects below. */
const BACKENDS = [
  "setuptools==80.9.0",
  "hatchling==1.27.0",
  "pathspec==0.12.1",
  "tomli==2.3.0",
  "pluggy==1.6.0",
  "packaging==25.0",
  "trove-classifiers==2025.9.11.17",
  "editables==0.5",
  "flit_core==3.12.0",
  "pdm-backend==2.4.6",
  "poetry-core==2.2.1",
];

/** The last setuptools whose `develop` leaves an `.egg-link`. */
const LEGACY = ["setuptools==75.8.2", "wheel==0.45.1"];

/** An editable project: its files, and the imports that must lead to it. */
interface Project {
  readonly backend: string;
  readonly more?: string;
  readonly files: readonly string[];
  readonly imports: readonly string[];
  readonly mode?: string;
}

const SETUPTOOLS = "setuptools.build_meta";
const EXACT = "[tool.hatch.build]\ndev-mode-exact = true\n";

/** By the name of the distribution. */
export const PROJECTS: Readonly<Record<string, Project>> = {
  // A `.pth` file that names the directory.
  "st-src": {
    backend: SETUPTOOLS,
    files: ["src/st_src/__init__.py", "src/st_src/deep/__init__.py"],
    imports: ["st_src", "st_src.deep"],
  },
  // A finder, since other files stand beside the package.
  "st-flat": {
    backend: SETUPTOOLS,
    files: ["st_flat/__init__.py", "st_flat/one.py"],
    imports: ["st_flat", "st_flat.one"],
  },
  // A finder that maps packages, and a part of a namespace, to directories of other names.
  "st-map": {
    backend: SETUPTOOLS,
    more: `[tool.setuptools]\npackages = ["mapped", "mapped.sub", "acme.maps"]\n` +
      `package-dir = {mapped = "lib/it", "acme.maps" = "acme_maps"}\n`,
    files: ["lib/it/__init__.py", "lib/it/sub/__init__.py", "acme_maps/__init__.py"],
    imports: ["mapped", "mapped.sub", "acme.maps"],
  },
  "st-ns": {
    backend: SETUPTOOLS,
    files: ["src/acme/ns/__init__.py"],
    imports: ["acme.ns"],
  },
  // A tree of links.
  "st-strict": {
    backend: SETUPTOOLS,
    files: ["src/st_strict/__init__.py"],
    imports: ["st_strict"],
    mode: "editable_mode=strict",
  },
  "hatch-ed": {
    backend: "hatchling.build",
    files: ["src/hatch_ed/__init__.py"],
    imports: ["hatch_ed"],
  },
  // The library `editables`.
  "hatch-exact": {
    backend: "hatchling.build",
    more: EXACT,
    files: ["src/hatch_exact/__init__.py", "src/hatch_exact/one.py"],
    imports: ["hatch_exact", "hatch_exact.one"],
  },
  "acme-hatch": {
    backend: "hatchling.build",
    more: '[tool.hatch.build.targets.wheel]\npackages = ["src/acme"]\n',
    files: ["src/acme/hatch/__init__.py"],
    imports: ["acme.hatch"],
  },
  "flit-ed": {
    backend: "flit_core.buildapi",
    files: ["src/flit_ed/__init__.py"],
    imports: ["flit_ed"],
  },
  "pdm-ed": { backend: "pdm.backend", files: ["src/pdm_ed/__init__.py"], imports: ["pdm_ed"] },
  "poe-ed": {
    backend: "poetry.core.masonry.api",
    files: ["poe_ed/__init__.py"],
    imports: ["poe_ed"],
  },
};

/** A directory with environments, removed at the end. */
export class PythonEnvironments implements Disposable {
  /** Absolute, symlinks resolved. */
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "qik-env-")));
  readonly #wheels = downloadedWheels();

  /** An environment with all wheels and editable projects. */
  modern(): string {
    const venv = this.#venv("modern");
    this.#pip(venv, ...WHEELS, ...BACKENDS);
    const editable = Object.entries(PROJECTS).map(([name, project]) => {
      this.#project(name, project);
      return { path: join(this.root, name), mode: project.mode };
    });
    const usual = editable.filter(({ mode }) => mode === undefined);
    this.#pip(venv, ...usual.flatMap(({ path }) => ["-e", path]));
    for (const { path, mode } of editable) {
      if (mode !== undefined) this.#pip(venv, "-e", path, "--config-settings", mode);
    }
    return venv;
  }

  /** An environment with a project that `setup.py develop` installed. */
  legacy(name = "legacy"): string {
    const venv = this.#venv(name);
    this.#pip(venv, ...LEGACY, "six==1.17.0");
    this.put(
      "old/setup.py",
      "from setuptools import setup\nsetup(name='old-one', version='0.3', packages=['old'])\n",
    );
    this.put("old/old/__init__.py", "");
    execFileSync(join(venv, "bin/python"), ["setup.py", "-q", "develop", "--no-deps"], {
      cwd: join(this.root, "old"),
      stdio: "ignore",
    });
    return venv;
  }

  /** Installs a project by copying it, over what is there; needs {@link legacy}'s setuptools. */
  copied(venv: string, project: string): void {
    this.#pip(venv, "--force-reinstall", join(this.root, project));
  }

  /**
   * A prefix laid out as conda does: an installation of its own, no virtual environment. Python runs in it with
   * `PYTHONHOME`.
   */
  conda(): string {
    const prefix = join(this.root, "conda");
    const stdlib = execFileSync(
      "python3",
      ["-c", "import os; print(os.path.dirname(os.__file__))"],
      {
        encoding: "utf8",
      },
    ).trim();
    const lib = join(prefix, "lib", stdlib.slice(stdlib.lastIndexOf("/") + 1));
    mkdirSync(join(lib, "site-packages"), { recursive: true });
    mkdirSync(join(prefix, "conda-meta"));
    execFileSync("sh", [
      "-c",
      'for f in "$1"/*; do case $f in */site-packages|*/dist-packages) ;; *) ln -s "$f" "$2";; esac; done',
      "sh",
      stdlib,
      lib,
    ]);
    // What Debian has changed of its Python looks elsewhere; conda's own does not.
    const customize = join(lib, "sitecustomize.py");
    rmSync(customize, { force: true });
    writeFileSync(
      customize,
      "import os, site, sys\n" +
        'own = os.path.join(os.path.dirname(os.__file__), "site-packages")\n' +
        "if own not in sys.path: site.addsitedir(own)\n",
    );
    const pip = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile"];
    execFileSync("python3", [
      ...pip,
      "--disable-pip-version-check",
      `--find-links=${this.#wheels}`,
      "--target",
      join(lib, "site-packages"),
      ...WHEELS,
    ], { stdio: ["ignore", "ignore", "inherit"] });
    return prefix;
  }

  put(path: string, text: string): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  #venv(name: string): string {
    const venv = join(this.root, name);
    quickVenv(venv);
    return venv;
  }

  #pip(venv: string, ...args: readonly string[]): void {
    const usual = ["-q", "--no-deps", "--no-index", "--no-build-isolation", "--no-compile"];
    execFileSync(join(venv, "bin/python"), [
      ...["-m", "pip", "install", ...usual, "--disable-pip-version-check"],
      `--find-links=${this.#wheels}`,
      ...args,
    ], { stdio: ["ignore", "ignore", "inherit"] });
  }

  #project(name: string, { backend, more = "", files }: Project): void {
    this.put(
      `${name}/pyproject.toml`,
      `[build-system]\nrequires = []\nbuild-backend = "${backend}"\n` +
        `[project]\nname = "${name}"\nversion = "0.1"\ndescription = "x"\n${more}`,
    );
    for (const file of files) this.put(`${name}/${file}`, '"""x"""\n');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A directory with the wheels for this machine's python3. Cost of the first call: some ten seconds of downloading. */
export function downloadedWheels(): string {
  const tag = execFileSync("python3", ["-c", "import sys; print(sys.implementation.cache_tag)"], {
    encoding: "utf8",
  }).trim();
  const all = [...WHEELS, ...BACKENDS, ...LEGACY];
  const pins = createHash("sha256").update(all.join("\n")).digest("hex").slice(0, 12);
  const base = process.env["QIK_TEST_PACKAGES"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "qik-tests");
  const wheels = join(base, `wheels-${tag}-${pins}`);
  if (existsSync(wheels)) return wheels;
  // Made under another name: what is half there has never the name that is looked for.
  const half = `${wheels}.${process.pid}`;
  try {
    const pip = ["-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"];
    for (const wanted of [[...WHEELS, ...BACKENDS], LEGACY]) {
      const argv = [...pip, "--only-binary=:all:", "-d", half, ...wanted];
      execFileSync("python3", argv, { stdio: ["ignore", "ignore", "inherit"] });
    }
    if (!existsSync(wheels)) renameSync(half, wheels);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return wheels;
}
