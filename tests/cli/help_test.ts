/** What `qik --help` prints, word for word, and that it fits a terminal of 80 columns. */
import assert from "node:assert/strict";
import { Goldens } from "../support/golden.ts";
import { repoTest } from "../support/repo.ts";
import { OPTIONS } from "../../lib/cli/options.ts";

const goldens = new Goldens(new URL("../golden/cli/", import.meta.url));

repoTest("the help is what reviewers have read, 80 columns wide", {}, async (repo) => {
  const { out, err } = await repo.must("--help");
  assert.equal(err, "");
  assert.equal((await repo.must("-h")).out, out);
  for (const line of out.split("\n")) {
    assert.ok([...line].length <= 80, `${[...line].length} columns: ${line}`);
    assert.equal(line, line.trimEnd());
  }
  for (const { flags } of OPTIONS) assert.ok(out.includes(flags), flags);
  goldens.check("help", out.replace(/^qik [\w.-]+:/, "qik VERSION:"));
  goldens.end();
});
