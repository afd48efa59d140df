/** Environments that Poetry makes: the contract of all such plugins, and what only Poetry does. */
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import {
  type Bench,
  benchTest,
  configuration,
  venvContract,
  type VenvTool,
  type Want,
} from "../support/venv/contract.ts";
import { startIndex } from "../support/venv/index_server.ts";
import { openIndex } from "../support/venv/open_index.ts";
import { writeWheels } from "../support/venv/python_packages.ts";
import { poetry as poetryDirectory } from "../support/venv/tools.ts";

// Poetry reads indexes over HTTP only.
const index = await openIndex();

function poetry(): VenvTool {
  return {
    kind: "poetry",
    program: "poetry",
    installs: "*poetry?sync*",
    publish(directory, packages) {
      writeWheels(directory, packages);
      index.serve(directory);
    },
    environment: () => Promise.resolve({ path: poetryDirectory(), env: {} }),
    requirements: (name, wants) => ({
      reqs: `${name}/pyproject.toml`,
      files: { [`${name}/pyproject.toml`]: project(name, wants) },
    }),
  };
}

function project(name: string, wants: readonly Want[], more = ""): string {
  const list = wants.map(({ name, version }) => `"${name}${version ? `==${version}` : ""}"`);
  const wheels = wants.filter(({ wheel }) => wheel !== undefined)
    .map(({ name, wheel }) => `[tool.poetry.dependencies.${name}]\npath = "../${wheel}"\n`);
  return `[project]
name = "${name}"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = [${list.join(", ")}]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "mine"
url = "${index.url}/simple"
priority = "primary"
${wheels.join("")}${more}`;
}

venvContract("poetry", poetry, {
  lacks: ["keeps to a file", "where it is told"],
  slow: ["damaged", "emptied", "two at once", "--install"],
});

const test = (name: string, body: (bench: Bench) => Promise<void>) =>
  benchTest(poetry, `poetry: ${name}`, body);

test("what Poetry does not know is refused, with what to write", async ({ repo, tool }) => {
  const toml = configuration(tool);
  const refused: readonly (readonly [string, RegExp])[] = [
    ['lock = "app.lock"', /keeps its lock at "app\/poetry\.lock", not "app\.lock"/],
    ['constraint = "limits.txt"', /knows no constraints/],
    ['index-url = "https://example.org/simple"', /takes no index URL/],
  ];
  for (const [line, why] of refused) {
    await repo.write({
      "qik.toml": toml.replace("[spaces.app.venv]\n", `[spaces.app.venv]\n${line}\n`),
    });
    const { code, err } = await repo.qik("show");
    assert.equal(code, 2, line);
    assert.match(err, why);
    assert.match(err, /\[config-bad-value\]\n +at qik\.toml/);
  }
  await repo.write({ "qik.toml": toml.replace("app/pyproject.toml", "app/requirements.txt") });
  const { code, err } = await repo.qik("show");
  assert.equal(code, 2);
  assert.match(err, /takes one "pyproject\.toml", not "app\/requirements\.txt"/);
});

test("spaces share a project and its lock, each with its groups", async (bench) => {
  const { repo } = bench;
  const group = '[tool.poetry.group.dev.dependencies]\nqikblue = "1.0"\n';
  await repo.write({
    "app/pyproject.toml": project("app", [{ name: "qikgreen" }], group),
    "qik.toml": configuration(bench.tool)
      .replace('reqs = "lint/pyproject.toml"', 'reqs = "app/pyproject.toml"\nonly = "main"'),
  });
  await bench.run();
  assert.equal((await repo.must(":x", "qikblue@app")).out, "qikblue 1.0\n");
  assert.notEqual((await repo.qik(":x", "qikblue@lint")).code, 0);
  assert.equal((await repo.must(":x", "qikgreen@lint")).out, "qikgreen 1.5\n");
  assert.match((await repo.must()).out, /6 cached/);
});

test("an archive that a project names is an input of lock and environment", async (bench) => {
  const { repo } = bench;
  const wheel = "qikred-1.0-py3-none-any.whl";
  const publish = (requires: readonly string[]) => {
    writeWheels(repo.path("../made"), [{ name: "qikred", version: "1.0", requires }]);
    copyFileSync(repo.path(`../made/${wheel}`), repo.path(`wheels/${wheel}`));
  };
  const path = `[tool.poetry.dependencies]\nqikred = {path = "../wheels/${wheel}"}\n`;
  const wants = [{ name: "qikblue", version: "1.0" }, { name: "qikred" }];
  await repo.write({ "wheels/": "", "app/pyproject.toml": project("app", wants, path) });
  publish([]);
  await bench.run("show");
  publish(["qikblue"]);
  const ran = { "poetry.lock@app": "ran", "poetry.install@app": "ran", "show@app": "ran" };
  assert.deepEqual(await bench.run("show"), ran);
  const code = "from importlib.metadata import requires; print(requires('qikred'))";
  assert.match((await repo.must(":x", "python@app", "-c", code)).out, /qikblue/);
});

test("a lock that was made by hand stays, and is what is installed", async (bench) => {
  const { repo } = bench;
  await bench.ask("app", [{ name: "qikblue", version: "1.0" }]);
  await bench.run("show");
  // As after `poetry update`, or a checkout: other versions for the same project.
  const lock = await repo.read("app/poetry.lock");
  await repo.write({
    "app/pyproject.toml": project("app", [{ name: "qikgreen", version: "1.0" }]),
  });
  await bench.run("poetry.lock@app");
  const older = (await repo.read("app/poetry.lock")).match(
    /\[\[package\]\]\nname = "qikgreen"[^]*?\n\n\n?(?=\[)/,
  )![0];
  await bench.ask("app", [{ name: "qikblue", version: "1.0" }]);
  const byHand = lock.replace(/\[\[package\]\]\nname = "qikgreen"[^]*?\n\n\n?(?=\[)/, older);
  assert.notEqual(byHand, lock);
  await repo.write({ "app/poetry.lock": byHand });
  await bench.run("show");
  assert.equal(await repo.read("app/poetry.lock"), byHand);
  assert.equal((await repo.must(":x", "qikgreen@app")).out, "qikgreen 1.0\n");
});

test("credentials of a source are nowhere but at the source", async (bench) => {
  const { repo } = bench;
  await using closed = await startIndex(repo.path("../packages"), ["canary-word-0001"]);
  const text = (await repo.read("app/pyproject.toml"))
    .replace(index.url, `http://127.0.0.1:${closed.port}`);
  await repo.write({ "app/pyproject.toml": text });
  const env = {
    POETRY_HTTP_BASIC_MINE_USERNAME: "me",
    POETRY_HTTP_BASIC_MINE_PASSWORD: "canary-word-0001",
  };
  const ran = [await repo.with({ env }).qik("show", "-v", "2")];
  assert.equal(ran[0]!.code, 0, repo.log);
  assert.ok(closed.answered() > 0);
  ran.push(await repo.with({ env }).qik(":explain", "poetry.lock@app"));
  assert.doesNotMatch(ran.map(({ out, err }) => out + err).join("\n"), /canary/);
  assert.equal((await repo.run("grep", "-rl", "canary-word", ".")).out, "");
});
