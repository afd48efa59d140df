/**
 * No change is missed: each way of changing files, again and again, and after each the command ran with what stands
 * there. 200 times each with `QIK_TORTURE=full`, on the executable with `QIK_BIN`.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { repoTest } from "../support/repo.ts";
import {
  endWatching,
  PATTERNS,
  quiet,
  startWatching,
  stateOf,
  WATCHED,
} from "../support/watched.ts";

const FULL = process.env["QIK_TORTURE"] === "full";
const TIMES = FULL ? 200 : 3;

for (const [name, change] of Object.entries(PATTERNS)) {
  if (name === "two files exchanged" && Deno.build.os !== "linux") continue;
  repoTest(`watch: ${name}`, WATCHED, async (repo) => {
    const long = repo.with({ limitMs: 600_000 });
    const running = await startWatching(long);
    for (let count = 1; count <= TIMES; count++) {
      change(repo.root, `u${count}`);
      await running.saw(await stateOf(repo));
      await quiet(running);
    }
    await endWatching(running);
  });
}

repoTest("watch: branches, stashes and rebases", WATCHED, async (repo) => {
  await repo.git("checkout", "-q", "-b", "other");
  for (let count = 0; count < 50; count++) await repo.write({ [`src/many/${count}`]: `${count}` });
  await repo.write({ "src/a": "other" });
  await repo.commit();
  await repo.git("checkout", "-q", "main");
  await repo.write({ "src/b": "main" });
  await repo.commit();
  const running = await startWatching(repo.with({ limitMs: 600_000 }));
  for (let count = 1; count <= TIMES; count++) {
    for (const branch of ["other", "main"]) {
      await repo.git("checkout", "-q", branch);
      await repo.write({ "src/dir/c": `${branch} ${count}` });
      await running.saw(await stateOf(repo));
      await repo.git("stash", "-q");
      await repo.write({ "src/new": `${branch} ${count}` });
      await running.saw(await stateOf(repo));
      await repo.remove("src/new");
      await repo.git("stash", "pop", "-q");
      await repo.git("checkout", "-q", ".");
    }
    await repo.git("branch", "-f", "topic", "other");
    await repo.git("rebase", "-q", "main", "topic");
    await repo.write({ "src/dir/c": `topic ${count}` });
    await running.saw(await stateOf(repo));
    await repo.git("checkout", "-q", ".");
  }
  await endWatching(running);
});

repoTest("watch: changes while the process was stopped", WATCHED, async (repo) => {
  const many = FULL ? 100_000 : 20_000;
  const running = await startWatching(repo.with({ limitMs: 600_000 }));
  running.signal("SIGSTOP");
  for (let count = 0; count < many; count++) {
    const directory = join(repo.root, `src/many/${count % 100}`);
    if (count < 100) fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(join(directory, `${Math.floor(count / 100) % 10}`), `${count}`);
  }
  fs.rmSync(join(repo.root, "src/many/7"), { recursive: true });
  await repo.write({ "src/late/n/m/k": "late" });
  const wanted = await stateOf(repo);
  running.signal("SIGCONT");
  await running.saw(wanted);
  // What came to be meanwhile is watched, too.
  await repo.write({ "src/late/n/m/l": "later", "src/many/3/new": "new" });
  await running.saw(await stateOf(repo));
  await endWatching(running);
});

repoTest("watch: an edit at a random time during a run", {
  ...WATCHED,
  "qik.toml":
    `[commands.build]\nexec = "sh show.sh; sleep 0.05; sh show.sh >> ../log"\ndeps = ["src"]\n`,
}, async (repo) => {
  const running = await startWatching(repo.with({ limitMs: 600_000 }));
  for (let count = 1; count <= TIMES; count++) {
    await repo.write({ "src/a": `first ${count}` });
    if (count % 3 > 0) await running.saw(`src/a=first ${count};`);
    await repo.write({ "src/a": `second ${count}` });
    await running.saw(await stateOf(repo));
  }
  await endWatching(running);
  assert.ok(!running.out.includes("without an end"), running.out);
});
