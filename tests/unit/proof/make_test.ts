import assert from "node:assert/strict";
import * as fs from "node:fs";
import { makeProof } from "../../../lib/proof/make.ts";
import type { Proof, ProofText } from "../../../lib/proof/proof.ts";
import { Witness } from "../../../lib/proof/witness.ts";
import { newStatRows } from "../../../lib/sys/bulk_stat.ts";
import { CacheRoom } from "../../support/cache_room.ts";

/** A proof of what a witness saw, of a tree without inputs. */
function proofOf({ files, root }: CacheRoom, witness: Witness): Proof | undefined {
  return makeProof({
    files,
    root,
    startedMs: Date.now(),
    evidence: {
      algorithm: "sha1",
      files: { states: [], rows: newStatRows(0), unsettled: [], named: [] },
      directories: [],
      parents: [],
      rules: [],
      ignoredBy: [],
    },
    witnesses: [witness],
    isOwn: () => false,
    restorable: new Map(),
    text: {} as ProofText,
  });
}

Deno.test("there is no proof of a file that changed since somebody asked about it", () => {
  const changes: Readonly<Record<string, (room: CacheRoom, path: string) => void>> = {
    "mode": (_, path) => fs.chmodSync(path, 0o600),
    "special mode": (_, path) => fs.chmodSync(path, 0o4755),
    "another file with the same times": (_, path) => {
      const { atime, mtime } = fs.statSync(path);
      fs.copyFileSync(path, `${path}-new`);
      fs.utimesSync(`${path}-new`, atime, mtime);
      fs.renameSync(`${path}-new`, path);
    },
    "no file": (_, path) => fs.rmSync(path),
  };
  for (const question of ["lstat", "stat"] as const) {
    for (const [name, change] of Object.entries(changes)) {
      using room = new CacheRoom();
      room.write("file", "text", 0o644);
      const path = room.path("file");
      const witness = new Witness(room, () => false);
      witness.files[question](path);
      assert.ok(proofOf(room, witness), `${question}: nothing yet`);
      change(room, path);
      assert.equal(proofOf(room, witness), undefined, `${question}: ${name}`);
    }
  }
});

Deno.test("names may come and go in a directory of which only was asked what it is", () => {
  using room = new CacheRoom();
  room.mkdir("directory");
  const witness = new Witness(room, () => false);
  witness.files.lstat(room.path("directory"));
  room.write("directory/new");
  assert.ok(proofOf(room, witness));
  fs.chmodSync(room.path("directory"), 0o700);
  assert.equal(proofOf(room, witness), undefined);
});
