/**
 * Indexes that other implementations of git wrote: what qik reads in them is what git reads, and what they say of a
 * file's stat deceives nobody. A missing python3 fails these tests.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHANGES, check, FILES, later } from "../support/changes.ts";
import { pinnedPython } from "../support/pinned.ts";
import { pythonTest } from "../support/python.ts";
import { gitStates, Ground, look } from "../support/work_tree.ts";

const PINS = {
  importable: [
    "dulwich==1.2.21",
    "urllib3==2.8.0",
    "pygit2==1.21.0",
    "cffi==2.1.1",
    "pycparser==3.12",
    "typing_extensions==4.16.0",
  ],
};
const SCRIPT = fileURLToPath(new URL("../support/write_index.py", import.meta.url));

/** Stages everything, as `git add -A` does. */
function stage(writer: string, ground: Ground): void {
  const python = join(pinnedPython("git-writers", PINS), "venv", "bin", "python");
  execFileSync(python, [SCRIPT, writer, ground.root], { stdio: ["ignore", "inherit", "inherit"] });
}

/** Whether the index was read without asking git what is in it. */
function wasRead(ground: Ground): boolean {
  return ground.started.every((argv) => !argv.includes("--stage"));
}

for (const writer of ["libgit2", "dulwich"]) {
  pythonTest(`an index that ${writer} wrote: what is on disk is what counts`, async () => {
    using ground = Ground.create({ ...FILES, "caf\u00e9/-x": "1", "empty": "" });
    stage(writer, ground);
    assert.deepEqual(gitStates(ground).length, Object.keys(FILES).length + 2);
    for (const [change, make] of Object.entries(CHANGES)) {
      make(ground);
      await check(ground, `${writer}: ${change}`);
      stage(writer, ground);
      await check(ground, `${writer}: ${change}, staged`);
    }
    assert.ok(wasRead(ground), `git was asked: ${ground.started.join("\n")}`);
  });

  pythonTest(`edits of equal size while ${writer} is not looking`, async () => {
    using ground = Ground.create(FILES);
    for (let round = 0; round < 20; round++) {
      ground.write("src/a.txt", `${round}`.padStart(8, "a"));
      stage(writer, ground);
      ground.write("src/a.txt", `${round}`.padStart(8, "b"));
      const tree = await ground.tree({ sys: later(ground) });
      assert.deepEqual(await look(tree), gitStates(ground), `${writer}, round ${round}`);
    }
  });
}
