/**
 * A file of 4 GiB, which git's index has no room to tell the size of: the index says the same of it as of an empty one,
 * or of one that is shorter by 4 GiB. Small form: 64 MiB, which only shows that it is read in pieces.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { later } from "../support/changes.ts";
import { gitIds, Ground, look } from "../support/work_tree.ts";
import { tell, times } from "../support/torture.ts";

const SIZE = times(1 << 26, 2 ** 32);

function poke(path: string, at: number): void {
  const fd = fs.openSync(path, "r+");
  fs.writeSync(fd, "x", at);
  fs.closeSync(fd);
}

Deno.test("a sparse file of 4 GiB has the digest of all its bytes", async () => {
  using ground = Ground.create();
  const path = join(ground.root, "large");
  const edits: Record<string, () => void> = {
    "as it was added": () => {},
    "its first byte": () => poke(path, 0),
    "its last byte": () => poke(path, SIZE - 1),
    "five bytes more": () => fs.truncateSync(path, SIZE + 5),
    "five bytes": () => fs.truncateSync(path, 5),
    "as long as before": () => fs.truncateSync(path, SIZE),
  };
  ground.write("large", "");
  fs.truncateSync(path, SIZE);
  ground.git("update-index", "--add", "--info-only", "large");
  let longestMs = 0;
  for (const [name, edit] of Object.entries(edits)) {
    edit();
    const started = performance.now();
    const [state] = await look(await ground.tree({ sys: later(ground) }), ["large"]);
    longestMs = Math.max(longestMs, performance.now() - started);
    assert.equal(state!.digest, `sha1:${gitIds(ground, ["large"])[0]}`, name);
  }
  tell(`a file of ${SIZE / 2 ** 30} GiB: ${Math.round(longestMs)} ms for one reading at most`);
});
