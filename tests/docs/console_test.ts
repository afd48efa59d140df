import assert from "node:assert/strict";
import { type Block, fencedBlocks } from "../../scripts/docs/blocks.ts";
import { readPages } from "../../scripts/docs/pages.ts";
import { consoleSteps, looksLike } from "../../scripts/docs/transcript.ts";
import { Repo } from "../support/repo.ts";

/**
 * Runs a page from top to bottom in one repository: a block with `title=PATH` writes that file, a console
 * block runs its commands and compares what they print, both streams together.
 */
async function runPage(blocks: readonly Block[]): Promise<void> {
  await using repo = await Repo.create();
  const path = `${await repo.writeProgram()}:${repo.environment()["PATH"]}`;
  for (const { language, title, words, text, line } of blocks) {
    if (title !== undefined) await repo.write({ [title]: text });
    if (language !== "console") continue;
    for (const { command, output } of consoleSteps(text)) {
      const shell = repo.with({ env: { PATH: path } });
      const ran = await shell.run("sh", "-c", `exec 2>&1\n${command}`);
      const where = `line ${line}: $ ${command}`;
      assert.equal(ran.code !== 0, words.includes("fails"), `${where}\n${ran.out}`);
      if (!looksLike(ran.out, output)) assert.equal(ran.out, output, where);
    }
  }
}

for (const { path, text } of await readPages()) {
  const blocks = fencedBlocks(text);
  if (blocks.some(({ language }) => language === "console")) {
    Deno.test(`${path} shows what really happens`, () => runPage(blocks));
  }
}

Deno.test("a page that shows something else fails", async () => {
  const blocks = fencedBlocks("```text title=a.txt\nhi\n```\n```console\n$ cat a.txt\nho\n```\n");
  await assert.rejects(runPage(blocks), /line 4: \$ cat a\.txt/);
  await assert.rejects(runPage(fencedBlocks("```console\n$ false\n```\n")), /line 1: \$ false/);
  await runPage(fencedBlocks("```text title=a.txt\nhi\n```\n```console\n$ cat a.txt\nhi\n```\n"));
  await runPage(fencedBlocks("```console fails\n$ echo no >&2; false\nno\n```\n"));
});
