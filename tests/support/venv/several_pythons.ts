import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { type Bench, configuration } from "./contract.ts";
import type { FoundPython } from "./pythons.ts";

/** Two spaces with a Python each, in one run; then both with the same. */
export async function showSeveralPythons(
  { repo, tool }: Bench,
  [first, second]: readonly [FoundPython, FoundPython],
): Promise<void> {
  const prints = (name: string) => `exec = "python -c 'import sys, ${name}; print(sys.version)'"`;
  const withPythons = (app: FoundPython, lint: FoundPython) =>
    configuration(tool)
      .replace("[spaces.app.venv]\n", `[spaces.app.venv]\npython = "${app.version}"\n`)
      .replace("[spaces.lint.venv]\n", `[spaces.lint.venv]\npython = "${lint.version}"\n`)
      .replace('exec = "qikblue"', prints("qikblue"))
      .replace('exec = "qikgreen"', prints("qikgreen"));
  await repo.write({ "qik.toml": withPythons(first, second) });
  const directories = [first, second].map((python) =>
    tool.pythonDirectory?.(python) ?? python.directory
  );
  const path = [repo.path("../shim"), ...directories, repo.environment()["PATH"]];
  const both = repo.with({ env: { PATH: path.join(delimiter) } });
  const shown = async (task: string) =>
    /^\d+\.\d+/.exec(await repo.read(`._qik/out/${task}.out`))?.[0];
  await both.must();
  assert.deepEqual([await shown("show@app"), await shown("check@lint")], [
    first.version,
    second.version,
  ]);
  assert.match((await both.must()).out, /6 cached/);
  // Another Python is another environment, although the lock may stay.
  await repo.write({ "qik.toml": withPythons(second, second) });
  await both.must();
  assert.equal(await shown("show@app"), second.version);
}
