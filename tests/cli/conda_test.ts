/** Environments that conda's tools make: the contract of all such plugins, and what only conda does. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { delimiter } from "node:path";
import process from "node:process";
import { condaPackage, writeChannel } from "../support/venv/channel.ts";
import {
  type Bench,
  benchTest,
  configuration,
  endings,
  venvContract,
  type VenvTool,
} from "../support/venv/contract.ts";
import { showNoCredentials } from "../support/venv/credentials.ts";
import { micromamba } from "../support/venv/tools.ts";

function conda(): VenvTool {
  return {
    kind: "conda",
    program: "micromamba",
    installs: "*--file*",
    publish: (directory, packages) => writeChannel(directory, packages.map(condaPackage)),
    environment: (directory) =>
      Promise.resolve({ path: micromamba(), env: { CONDA_CHANNELS: `file://${directory}` } }),
    requirements: (name, wants) => {
      const specs = wants.map(({ name, version }) =>
        `  - ${name}${version ? `=${version}` : ""}\n`
      );
      return {
        reqs: `${name}.yml`,
        files: { [`${name}.yml`]: `dependencies:\n${specs.join("")}` },
      };
    },
  };
}

venvContract("conda", conda, {
  slow: ["damaged", "two at once", "where it is told"],
  lacks: ["of a wheel", "different Pythons"],
});

const REAL = process.env["QIK_TEST_MICROMAMBA"] ?? "";
Deno.test({
  name: "conda: all of this with a real micromamba, not the stand-in over py-rattler " +
    "(no registry of packages has one: name it by QIK_TEST_MICROMAMBA)",
  ignore: REAL === "",
  fn: () => assert.match(execFileSync(REAL, ["--version"], { encoding: "utf8" }), /^\d+\.\d+/),
});

const test = (name: string, body: (bench: Bench) => Promise<void>) =>
  benchTest(conda, `conda: ${name}`, body);

const LOCK = "._qik/artifacts/conda.lock/conda-app-lock.txt";

/** Further lines of the venv of `app`. */
function withSettings(bench: Bench, lines: string): string {
  return configuration(bench.tool).replace("[spaces.app.venv]\n", `[spaces.app.venv]\n${lines}\n`);
}

test("credentials of a channel are nowhere but at the channel", async (bench) => {
  await showNoCredentials(bench, { path: "", unset: ["CONDA_CHANNELS"] });
});

test("an archive that is not the locked one is not installed", async (bench) => {
  const { repo } = bench;
  await bench.run("conda.lock@app");
  assert.match(await repo.read(LOCK), /\/noarch\/qikgreen-1\.5-0\.tar\.bz2#[0-9a-f]{32}\n/);
  const packages = [{ name: "qikgreen", version: "1.5" }, { name: "qikblue", version: "1.0" }];
  const others = packages.map(condaPackage).map((one) => ({ ...one, files: { "share/x": "y" } }));
  writeChannel(repo.path("../packages"), others);
  const ran = await repo.qik("show");
  assert.notEqual(ran.code, 0);
  assert.match(ran.out + ran.err, /md5 mismatch/);
  assert.match(ran.out + ran.err, /cannot install the space "app"/);
});

test("one lock is for all platforms that are named", async (bench) => {
  const { repo } = bench;
  const subdirs = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"];
  const native = subdirs.map((subdir, at) => ({
    ...condaPackage({ name: "qiknative", version: `${at + 1}.0` }),
    subdir,
  }));
  writeChannel(repo.path("../packages"), native);
  await bench.ask("app", [{ name: "qiknative" }]);
  await repo.write({ "qik.toml": withSettings(bench, `platforms = ${JSON.stringify(subdirs)}`) });
  await bench.run("conda.install@app");
  const lock = await repo.read(LOCK);
  const parts = lock.split("# platform: ").slice(1).map((part) => [
    part.split("\n", 1)[0],
    /qiknative-(\d)/.exec(part)?.[1],
  ]);
  assert.deepEqual(parts, subdirs.map((subdir, at) => [subdir, `${at + 1}`]));
  // This machine takes its own part, and one of which there is none is told.
  await repo.remove("._qik/venv/app");
  const env = { QIK__ARCH: "linux-riscv64" };
  const other = await repo.with({ env }).qik("conda.install@app");
  assert.notEqual(other.code, 0);
  assert.match(other.out + other.err, /has nothing for "linux-riscv64" \[dep-unreadable\]/);
});

test("of a channel in the repository each clone installs its own, by the same lock", async (bench) => {
  const { repo } = bench;
  const packages = [{ name: "qikblue", version: "1.0" }];
  writeChannel(repo.path("my channel"), packages.map(condaPackage));
  await repo.write({
    "app.yml": "channels: ['./my channel']\ndependencies:\n  - qikblue\n",
  });
  await repo.commit();
  const env = { QIK__CACHE_DIR: repo.path("../shared") };
  await repo.with({ env }).must("show");
  const lock = await repo.read(LOCK);
  assert.match(lock, /^\.\/my%20channel\/noarch\/qikblue-1\.0-0\.tar\.bz2#[0-9a-f]{32}$/m);
  await repo.git("clone", "-q", ".", "../other");
  await repo.remove("my channel");
  const other = repo.with({ env, cwd: "../other" });
  await other.must("show");
  assert.deepEqual(await endings(repo, "../other"), {
    "conda.lock@app": "hit",
    "conda.install@app": "ran",
    "show@app": "hit",
  });
  assert.equal((await other.must(":x", "qikblue@app")).out, "qikblue 1.0\n");
});

test("spaces with different Pythons stand side by side in one run", async (bench) => {
  const { repo } = bench;
  // A Python is a package like any other: two of that name show which one is in which space.
  const pythons = ["3.11", "3.13"].map((version) => ({ name: "python", version }));
  writeChannel(repo.path("../packages"), pythons.map(condaPackage));
  await repo.write({
    "qik.toml": withSettings(bench, 'python = "3.13"')
      .replace("[spaces.lint.venv]\n", '[spaces.lint.venv]\npython = "3.11"\n')
      .replace(/exec = "qik\w+"/g, 'exec = "python"'),
    "app.yml": "dependencies: []\n",
    "lint.yml": "dependencies: []\n",
  });
  await bench.run();
  assert.equal(await repo.read("._qik/out/show@app.out"), "python 3.13\n");
  assert.equal(await repo.read("._qik/out/check@lint.out"), "python 3.11\n");
});

test("packages of PyPI in an environment file are refused", async ({ repo }) => {
  await repo.write({ "app.yml": "dependencies:\n  - pip:\n    - flask\n" });
  const ran = await repo.qik("show");
  assert.notEqual(ran.code, 0);
  assert.match(ran.out + ran.err, /Cannot use "app\.yml" .*"pip" \[dep-unreadable\]/);
});

test("mamba or conda do where micromamba is not there", async (bench) => {
  const { repo } = bench;
  await repo.run("mv", "../shim/micromamba", "../shim/conda");
  const path = (process.env["PATH"] ?? "").split(delimiter);
  const plain = path.filter((directory) => !/conda|mamba/.test(directory));
  const env = { PATH: [repo.path("../shim"), ...plain].join(delimiter) };
  await repo.with({ env }).must("show");
  assert.match(bench.calls().at(-1)!, /\/conda create --yes --prefix /);
  await repo.write({ "qik.toml": withSettings(bench, 'tool = "mamba"') });
  const ran = await repo.with({ env }).qik("conda.lock@app");
  assert.match(ran.out + ran.err, /Cannot run "mamba".*\[tool-missing\]/);
});
