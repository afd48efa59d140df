import assert from "node:assert/strict";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { counted, settled } from "../support/counted_git.ts";
import { isExecutable, type Repo, repoTest } from "../support/repo.ts";

/** Whoever reads a link reads what it leads to: that counts as if it were named. */

const FILES = {
  "qik.toml": `[commands.show]
exec = "cat app/one app/dir/* app/far app/late 2> /dev/null; true"
deps = ["app"]
[commands.plain]
exec = "cat lib/inner/plain"
deps = ["lib/inner/plain"]
`,
  "lib/one": "one\n",
  "lib/inner/plain": "plain\n",
  "lib/inner/more/deep": "deep\n",
  "app/plain": "",
};

function link(repo: Repo, from: string, to: string): void {
  rmSync(repo.path(from), { force: true });
  symlinkSync(to, repo.path(from));
}

/** A chain of links to a file, a link to a directory, a link to nothing yet, links to files elsewhere and upward. */
async function plant(repo: Repo): Promise<void> {
  await repo.write({ "../outside/far": "far\n", "../outside/further": "further\n" });
  link(repo, "app/one", "../hop");
  link(repo, "hop", "lib/one");
  link(repo, "app/dir", "../alias/inner");
  link(repo, "alias", "lib");
  link(repo, "app/late", "../lib/later");
  link(repo, "app/far", repo.path("../outside/far"));
  link(repo, "app/up", "..");
  link(repo, "app/self", "self");
  await repo.commit();
}

type Change = (repo: Repo) => unknown;

const CHANGES: readonly (readonly [string, "runs" | "hits", Change])[] = [
  ["the file at the end of a chain", "runs", (repo) => repo.write({ "lib/one": "eins\n" })],
  [
    "a file in a directory behind a link",
    "runs",
    (repo) => repo.write({ "lib/inner/plain": "p\n" }),
  ],
  ["a file further down", "runs", (repo) => repo.write({ "lib/inner/more/deep": "d\n" })],
  [
    "a new file in a directory behind a link",
    "runs",
    (repo) => repo.write({ "lib/inner/new": "n\n" }),
  ],
  ["a file that a link was waiting for", "runs", (repo) => repo.write({ "lib/later": "late\n" })],
  ["a file outside of the repository", "runs", (repo) => repo.write({ "../outside/far": "f\n" })],
  ["a link on the way", "runs", (repo) => {
    renameSync(repo.path("lib"), repo.path("lab"));
    link(repo, "alias", "lab");
    link(repo, "hop", "lab/one");
  }],
  ["what no link leads to", "hits", (repo) => repo.write({ "other": "x\n" })],
  ["what a link upward leads to", "hits", (repo) => repo.write({ "../outside/further": "x\n" })],
];

for (const recalled of [false, true]) {
  const how = recalled ? "against a run to recall" : "with nothing to recall";
  repoTest(`what a link leads to is an input, ${how}`, FILES, async (first) => {
    const { repo, calls } = await counted(first);
    await plant(repo);
    for (const [name, effect, change] of CHANGES) {
      if (recalled) await settled(repo, calls, "show");
      else await repo.must("show");
      if (!recalled) await repo.remove("._qik/state/proofs");
      await change(repo);
      const { out, err } = await repo.must("show");
      assert.match(out + err, effect === "runs" ? /1 ran/ : /1 cached/, name);
      const read = "cat app/one app/dir/* app/far app/late 2>/dev/null";
      const shown = await repo.run("sh", "-c", read);
      assert.equal(await repo.read("._qik/out/show.out"), shown.out, name);
    }
  });
}

/** Texts of links, as `printf` writes them, each with the file where it ends. */
const TEXTS: readonly (readonly [string, string, string])[] = [
  ["up from where another link leads", "../lib/hop/../up", "far/up"],
  ["up from where a link elsewhere leads", "../../outside/hop/../up", "../outside/far/up"],
  ["a name that is not UTF-8", "../lib/\\351", "lib/\\351"],
  ["a backslash", "../lib/a\\\\b", "lib/a\\\\b"],
];

for (const [name, text, end] of TEXTS) {
  repoTest(`a link is followed as the system does: ${name}`, {
    "qik.toml": `[commands.show]\nexec = "cat app/link"\ndeps = ["app"]\n`,
    "app/plain": "",
    "lib/up": "wrong\n",
    "far/deep/plain": "",
    "../outside/up": "wrong\n",
    "../outside/far/deep/plain": "",
  }, async (repo) => {
    link(repo, "lib/hop", "../far/deep");
    link(repo, "../outside/hop", "far/deep");
    // By a shell: Deno makes no name that is not UTF-8.
    const sh = (script: string) => repo.run("sh", "-c", script);
    await sh(`ln -s "$(printf '${text}')" app/link`);
    await sh(`echo one > "$(printf '${end}')"`);
    await repo.commit();
    if (text.includes("351") && !isExecutable()) {
      const { code, err } = await repo.qik();
      assert.equal(code, 2);
      assert.match(err, /"app\/link": what it leads to is not UTF-8, which Deno cannot read/);
      return;
    }
    assert.equal((await repo.must()).out, "one\n");
    assert.match((await repo.must()).err, /1 cached/);
    await sh(`echo two > "$(printf '${end}')"`);
    assert.equal((await repo.must()).out, "two\n");
  });
}

repoTest("a change behind a link selects the tasks that read through it", FILES, async (repo) => {
  await plant(repo);
  const selected = async () => (await repo.must("--changed", "--ls")).out.trim().split("\n");
  await repo.write({ "other": "x\n" });
  assert.match((await repo.must("--changed")).err, /Nothing to run/);
  await repo.write({ "lib/inner/more/deep": "d\n" });
  assert.deepEqual(await selected(), ["show"]);
  await repo.write({ "lib/inner/plain": "p\n" });
  assert.deepEqual((await selected()).sort(), ["plain", "show"]);
  await repo.git("checkout", "-q", ".");
  await repo.remove("lib/one");
  assert.deepEqual(await selected(), ["show"]);
});

repoTest("what is ignored stays ignored behind a link, and so do own artifacts", {
  "qik.toml": `[commands.c]
exec = "cp app/in out/made; cat app/in"
deps = ["app"]
ignore = ["lib/skip"]
artifacts = ["out"]
`,
  "app/in": "1\n",
  "lib/skip": "1\n",
  "lib/in": "1\n",
  "out/.keep": "",
}, async (repo) => {
  link(repo, "app/lib", "../lib");
  link(repo, "app/out", "../out");
  await repo.commit();
  await repo.must();
  assert.match((await repo.must()).err, /1 cached/);
  await repo.write({ "lib/skip": "2\n" });
  assert.match((await repo.must()).err, /1 cached/);
  await repo.write({ "lib/in": "2\n" });
  assert.match((await repo.must()).err, /1 ran/);
});
