/** Environments that pip-tools makes: the contract of all such plugins, and what only pip-tools does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Bench,
  benchTest,
  configuration,
  endings,
  venvContract,
  type VenvTool,
} from "../support/venv/contract.ts";
import { showNoCredentials } from "../support/venv/credentials.ts";
import { project } from "../support/venv/projects.ts";
import { requirement, writeWheels } from "../support/venv/python_packages.ts";
import { quickPython } from "../support/venv/quick_venv.ts";
import { pipTools, pythonWithPipTools } from "../support/venv/tools.ts";

function piptools(): VenvTool {
  return {
    kind: "piptools",
    program: "pip-compile",
    others: ["pip-sync"],
    installs: "*pip-sync*",
    publish: writeWheels,
    environment: (directory) =>
      Promise.resolve({
        path: pipTools(),
        env: { PIP_INDEX_URL: `file://${join(directory, "simple")}` },
      }),
    pythonDirectory: pythonWithPipTools,
    // Of the three seconds that Python takes for an environment most are for pip itself.
    quick: quickPython,
    requirements: (name, wants) => ({
      reqs: `${name}.txt`,
      files: {
        [`${name}.txt`]: wants.map(requirement).join(""),
      },
    }),
  };
}

venvContract("piptools", piptools, {
  slow: [
    "another clone",
    "damaged",
    "emptied",
    "two at once",
    "keeps to a file",
    "where it is told",
    "--install",
  ],
});

const test = (name: string, body: (bench: Bench) => Promise<void>) =>
  benchTest(piptools, `piptools: ${name}`, body);

test("credentials of an index are nowhere but at the index", async (bench) => {
  await showNoCredentials(bench, { path: "/simple", unset: ["PIP_INDEX_URL"] });
});

test("a package that is not the locked one is not installed", async (bench) => {
  const { repo } = bench;
  await bench.run("piptools.lock@app");
  const lock = await repo.read("._qik/artifacts/piptools.lock/requirements-app-lock.txt");
  assert.match(lock, /by the following command:\n#\n# +qik piptools\.lock@app\n/);
  assert.match(lock, /^qikgreen==1\.5 \\\n +--hash=sha256:/m);
  const other = { name: "qikgreen", version: "1.5", requires: ["qikblue"] };
  writeWheels(repo.path("../packages"), [other]);
  const ran = await repo.qik("show");
  assert.notEqual(ran.code, 0);
  assert.match(ran.out + ran.err, /DO NOT MATCH THE HASHES/);
  assert.match(ran.out + ran.err, /cannot install the space "app"/);
});

test("a project with -e and a source distribution are each clone's own", async (bench) => {
  const { repo, tool } = bench;
  const sdist = "../made/qikred-1.0/";
  await repo.write({
    "qik.toml": configuration(tool)
      .replace("[spaces.app.venv]\n", "[spaces.app.venv]\nhashes = false\n")
      .replace('exec = "qikblue"', `exec = "python -c 'import mine; print(mine.__file__)'"`),
    "app.txt": "-e ./lib\n./dist/qikred-1.0.tar.gz\n",
    ...project("qiklib", "lib/"),
    "lib/mine.py": "",
    ...project("qikred", sdist),
    [`${sdist}PKG-INFO`]: "Metadata-Version: 2.1\nName: qikred\nVersion: 1.0\n",
    "dist/": "",
  });
  await repo.run("tar", "-czf", "dist/qikred-1.0.tar.gz", "-C", "../made", "qikred-1.0");
  await repo.commit();
  const env = { QIK__CACHE_DIR: repo.path("../shared") };
  await repo.with({ env }).must("show");
  const lock = await repo.read("._qik/artifacts/piptools.lock/requirements-app-lock.txt");
  assert.match(lock, /^-e \.\/lib$/m);
  assert.match(lock, /^qikred @ file:\.\/dist\/qikred-1\.0\.tar\.gz$/m);
  // Whoever keeps to this lock may want the same archive.
  await repo.write({
    "qik.toml": `${await repo.read("qik.toml")}[spaces.both.venv]\ntype = "piptools"\n` +
      'reqs = "both.txt"\nhashes = false\nconstraint = "limits.txt"\n',
    "both.txt": "./dist/qikred-1.0.tar.gz\n",
    "limits.txt": lock.replace("-e ./lib", ""),
  });
  await repo.must("piptools.lock@both");
  assert.match(
    await repo.read("._qik/artifacts/piptools.lock/requirements-both-lock.txt"),
    /^qikred @ file:\.\/dist\/qikred-1\.0\.tar\.gz\n +# via\n +# +-c limits\.txt\n +# +-r both\.txt$/m,
  );
  await repo.git("clone", "-q", ".", "../other");
  await repo.remove("lib");
  await repo.remove("dist");
  const other = repo.with({ env, cwd: "../other" });
  await other.must("show");
  assert.deepEqual(await endings(repo, "../other"), {
    "piptools.lock@app": "hit",
    "piptools.install@app": "ran",
    "show@app": "hit",
  });
  const code = "import mine, importlib.metadata as m; print(m.version('qikred'), mine.__file__)";
  const { out } = await other.must(":x", "python@app", "-c", code);
  assert.equal(out, `1.0 ${repo.path("../other")}/lib/mine.py\n`);
});

test("the Python that is asked for must have pip-tools", async ({ repo, tool }) => {
  const toml = configuration(tool).replace(
    "[spaces.app.venv]\n",
    '[spaces.app.venv]\npython = "./tools/python"\n',
  );
  await repo.write({ "qik.toml": toml });
  const absent = await repo.qik("show");
  assert.match(absent.out + absent.err, /Cannot run "\.\/tools\/python".* \[tool-missing\]/);
  await repo.writeScript("tools/python", '#!/bin/sh\nexec python3 -S "$@"\n');
  const bare = await repo.qik("show");
  assert.match(bare.out + bare.err, /"\.\/tools\/python" does not have it \[tool-missing\]/);
  assert.match(bare.out + bare.err, /hint: .*\.\/tools\/python -m pip install pip-tools/);
});
