import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type CacheRoom, keyOf, type Said } from "../cache_room.ts";
import { faultyFiles, WRITES } from "../faulty_files.ts";
import {
  assertRecalled,
  build,
  type CacheKit,
  type Case,
  KEY,
  PATTERNS,
  SAID,
  stored,
} from "./cases.ts";

export const FAULTS: readonly Case[] = [
  {
    name: "a read-only store serves what it has and takes nothing",
    async run(room, kit) {
      build(room);
      await stored(room, kit);
      for (const code of ["EROFS", "EACCES"]) {
        const { files } = faultyFiles(room.files, { at: 1, onwards: true, code, kinds: WRITES });
        assertRecalled(await room.recall(kit.open(room, files), KEY, PATTERNS));
        const result = room.result(SAID, { key: keyOf("new"), patterns: PATTERNS });
        const outcome = await kit.open(room, files).put(result);
        assert.ok(!outcome.stored && outcome.reason === "unwritable", JSON.stringify(outcome));
        assert.match(outcome.detail, new RegExp(code));
        assert.equal((await kit.open(room).get(keyOf("new"))).found, false);
      }
    },
  },
  {
    name: "a disk that fills up while storing leaves nothing half done",
    run: (room, kit) =>
      putWithFaults(room, kit, { onwards: true, torn: true, code: "ENOSPC", kinds: WRITES }),
  },
  {
    name: "every call of put may fail once",
    run: (room, kit) => putWithFaults(room, kit, { code: "EMFILE", torn: true }),
  },
  {
    name: "every call of restore may fail once",
    run: (room, kit) => restoreWithFaults(room, kit, { code: "EIO", torn: true }),
  },
  {
    name: "a disk that fills up while restoring leaves no pieces behind",
    run: (room, kit) =>
      restoreWithFaults(room, kit, {
        onwards: true,
        torn: true,
        code: "ENOSPC",
        kinds: [
          "write",
          "writeAtomic",
          "create",
          "append",
          "symlink",
          "makeDirectory",
          "copy",
          "writer",
        ],
      }),
  },
];

type Kind = Parameters<typeof faultyFiles>[1];

/** Artifacts of every kind and size, in an empty place. */
function buildAll(room: CacheRoom): void {
  room.remove("dist");
  build(room);
  room.write("dist/large.bin", new Uint8Array(300_000).fill(7), 0o755);
  room.link("dist/link", "a.js");
}

async function putWithFaults(room: CacheRoom, kit: CacheKit, fault: Kind): Promise<void> {
  const said: Said[] = [["out", "x".repeat(300_000)], ["err", "end"]];
  for (let at = 1;; at++) {
    fs.rmSync(kit.store(room), { recursive: true, force: true });
    buildAll(room);
    const tree = room.tree();
    const faulty = faultyFiles(room.files, { ...fault, at });
    const cache = kit.open(room, faulty.files);
    const outcome = await cache.put(room.result(said, { key: KEY, patterns: PATTERNS }));
    assert.deepEqual(
      room.tree().filter((line) => !line.includes(".qik")),
      tree.filter((line) => !line.includes(".qik")),
    );
    const recalled = await room.recall(kit.open(room), KEY, PATTERNS);
    if (outcome.stored) assertRecalled(recalled, said);
    else {
      assert.doesNotMatch(outcome.detail, /TypeError|undefined|not a function/);
      assert.ok(recalled === undefined, `what was not stored was found (call ${at})`);
    }
    if (faulty.calls() < at) {
      assert.ok(outcome.stored);
      return assert.ok(at > 5, "the faults came from nowhere");
    }
  }
}

async function restoreWithFaults(room: CacheRoom, kit: CacheKit, fault: Kind): Promise<void> {
  const mayWrite = kit.skips["deleted and changed artifacts are put back"] === undefined;
  buildAll(room);
  await stored(room, kit);
  const tree = room.tree();
  for (let at = 1;; at++) {
    room.remove("dist/stale.js");
    if (mayWrite) {
      room.remove("dist");
      room.write("dist/deep", "a file now");
      room.write("dist/link/x", "a directory now");
    }
    room.write("dist/stale.js");
    const faulty = faultyFiles(room.files, { ...fault, at });
    const recalled = await room.recall(kit.open(room, faulty.files), KEY, PATTERNS);
    assert.deepEqual(room.tree().filter((line) => line.includes(".qik-tmp-")), [], `call ${at}`);
    if (recalled !== undefined) {
      assertRecalled(recalled);
      assert.deepEqual(room.tree(), tree, `call ${at}`);
    }
    if (faulty.calls() < at) {
      assert.ok(recalled !== undefined);
      return;
    }
    buildAll(room);
    await stored(room, kit);
  }
}
