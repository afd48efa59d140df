/** `qik :cache gc` of a large store, as somebody sees it who waits for it. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { inTerminal } from "../support/pseudo_terminal.ts";
import { pythonRepoTest } from "../support/python.ts";

/** The longest that is read: it takes more than the tenth of a second after which something is shown. */
const LARGE = 1 << 28;
const SHELF = 64;

pythonRepoTest("a collection tells how far it is, and ends at Ctrl-C", {
  "qik.toml": '[commands]\nc = "true"\n',
}, async (repo) => {
  const entries = repo.path("._qik/cache/v1/entries");
  const name = (shelf: string, at: number) => shelf + at.toString(16).padStart(62, "0") + ".json";
  const old = Date.now() / 1000 - 86_400;
  const store = () => {
    for (const shelf of ["00", "01", "02", "03"]) {
      fs.mkdirSync(`${entries}/${shelf}`, { recursive: true });
      for (let at = 0; at < SHELF; at++) {
        const path = `${entries}/${shelf}/${name(shelf, at)}`;
        fs.writeFileSync(path, "no entry");
        if (at === 0 && shelf !== "03") fs.truncateSync(path, LARGE);
        fs.utimesSync(path, old, old);
      }
    }
  };
  store();
  const ended = await inTerminal(repo, [":cache", "gc"], {
    steps: [{ when: "Collecting files: ", send: "\x03" }],
  });
  assert.notEqual(ended.code, 0, ended.output);
  assert.doesNotMatch(ended.output, /Removed/);
  assert.equal(ended.restored, true);

  store();
  const whole = await inTerminal(repo, [":cache", "gc"]);
  assert.equal(whole.code, 0, whole.output);
  const [, ...shown] = whole.output.split("\rCollecting files: ");
  assert.ok(shown.length > 0 && shown.every((text) => /^\d+/.test(text)), whole.output);
  assert.match(shown.at(-1)!.replace("\x1b[K", ""), /^\d+\rRemoved 0 results/);
  assert.deepEqual(
    fs.readdirSync(entries, { recursive: true }).filter((one) => `${one}`.endsWith(".json")),
    [],
  );
});
