/** A proof of many files is made in little more memory than the run took that it proves. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { MEASURE } from "../support/peak_memory.ts";
import { pythonRepoTest } from "../support/python.ts";
import { qikCommand } from "../support/repo.ts";
import { FULL } from "../support/torture.ts";

const FILES = FULL ? 50_000 : 12_000;
const TASKS = 250;
/** Before memory was given back in between it was 1.28 and 1.13; since, 1.09 and 1.02. */
const MOST = FULL ? 1.2 : 1.08;

const commands = Array.from(
  { length: TASKS },
  (_, at) => `t${at} = { exec = ":", deps = ["d${at}"] }`,
);

// Deno cannot be told to give memory back.
if ((process.env["QIK_BIN"] ?? "") !== "") {
  pythonRepoTest(`a proof of ${FILES} files takes little memory`, {
    "qik.toml": `[commands]\n${commands.join("\n")}\n`,
    ".gitignore": ".peak\n",
  }, async (repo) => {
    for (let at = 0; at < FILES; at++) {
      const directory = repo.path(`d${at % TASKS}`);
      if (at < TASKS) mkdirSync(directory);
      writeFileSync(`${directory}/file-with-a-name-${at}.txt`, `${at}`);
    }
    await repo.run("sleep", "2.2");
    await repo.commit();
    await repo.must();
    const peak = async (...args: readonly string[]) => {
      const command = ["python3", "-c", MEASURE, ...qikCommand(), ...args];
      assert.equal((await repo.run(command[0]!, ...command.slice(1))).code, 0, repo.log);
      return Number(await repo.read(".peak"));
    };
    const without = await peak("--report", "json");
    await repo.remove("._qik/state/proofs");
    const making = await peak();
    assert.ok(await repo.exists("._qik/state/proofs"), "no proof was made");
    const ratio = making / without;
    console.log(`${FILES} files: ${making >> 10} MiB, ${ratio.toFixed(2)} of what the run takes`);
    assert.ok(ratio <= MOST, `${making} and ${without} KiB`);
  });
}
