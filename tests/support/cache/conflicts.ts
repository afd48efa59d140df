import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type CacheRoom, keyOf } from "../cache_room.ts";
import { assertRecalled, build, type CacheKit, type Case, KEY, PATTERNS, stored } from "./cases.ts";

interface Listed {
  readonly tracked?: readonly string[];
  readonly untracked?: readonly string[];
}

/** Restores with these files known to git, and expects that the user's work is found and left alone. */
async function assertConflict(
  room: CacheRoom,
  kit: CacheKit,
  path: string,
  { tracked = [], untracked = [] }: Listed,
  patterns = PATTERNS,
): Promise<void> {
  const before = room.tree();
  const lookup = await kit.open(room).get(KEY);
  assert.ok(lookup.found);
  const outcome = await lookup.hit.restore(room.place(patterns, tracked, untracked));
  assert.deepEqual(outcome, {
    ok: false,
    reason: "conflict",
    detail: `"${path}" is not what an earlier run wrote`,
  });
  assert.deepEqual(room.tree(), before, "nothing at all is written");
  assert.equal((await kit.open(room).get(KEY)).found, true, "the entry is not damaged");
}

/** What a hit may do to files that git shows: nothing, unless an earlier run wrote them as they are. */
export const CONFLICTS: readonly Case[] = [
  {
    name: "an edited file that git shows is not overwritten",
    async run(room, kit) {
      build(room);
      await stored(room, kit);
      room.remove("report-x.xml");
      for (const listed of [{ tracked: ["dist/a.js"] }, { untracked: ["dist/a.js"] }]) {
        for (const content of ["an", "something longer"]) {
          room.write("dist/a.js", content);
          await assertConflict(room, kit, "dist/a.js", listed);
        }
      }
      room.write("dist/a.js", "a1", 0o755);
      await assertConflict(room, kit, "dist/a.js", { tracked: ["dist/a.js"] });
      room.remove("dist/a.js");
      room.link("dist/a.js", "deep/b.bin");
      await assertConflict(room, kit, "dist/a.js", { tracked: ["dist/a.js"] });
    },
  },
  {
    name: "an untracked file that git shows is not removed as stale",
    async run(room, kit) {
      build(room);
      await stored(room, kit);
      room.write("dist/notes");
      room.write("dist/ignored");
      await assertConflict(room, kit, "dist/notes", { untracked: ["dist/notes"] });
      room.write("dist/nested/deep/x");
      await assertConflict(room, kit, "dist/nested/deep/x", { untracked: ["dist/nested"] });
      room.remove("dist/nested");
      room.link("dist/link", "a.js");
      await assertConflict(room, kit, "dist/link", { untracked: ["dist/link"] });
    },
  },
  {
    name: "what git shows does not make room for another kind of thing",
    async run(room, kit) {
      room.write("dist/a/b", "deep");
      room.write("dist/c", "flat");
      room.mkdir("dist/e");
      await stored(room, kit);
      room.remove("dist/a");
      room.write("dist/a", "mine");
      await assertConflict(room, kit, "dist/a", { tracked: ["dist/a"] });
      await assertConflict(room, kit, "dist/a", { untracked: ["dist/a"] });
      room.remove("dist/a");
      room.remove("dist/c");
      room.write("dist/c/mine", "mine");
      await assertConflict(room, kit, "dist/c/mine", { tracked: ["dist/c/mine"] });
      await assertConflict(room, kit, "dist/c/mine", { untracked: ["dist/c/mine"] });
      room.remove("dist/c");
      room.remove("dist/e");
      room.write("dist/e", "mine");
      await assertConflict(room, kit, "dist/e", { tracked: ["dist/e"] });
    },
  },
  {
    name: "a tracked file that was deleted does not come back, one that is right stays",
    async run(room, kit) {
      build(room);
      const cache = await stored(room, kit);
      const { ino } = fs.statSync(room.path("report-x.xml"));
      assertRecalled(await room.recall(cache, KEY, PATTERNS, ["dist/a.js", "report-x.xml"]));
      assert.equal(fs.statSync(room.path("report-x.xml")).ino, ino);
      room.remove("dist/a.js");
      const before = room.tree();
      const lookup = await cache.get(KEY);
      assert.ok(lookup.found);
      const outcome = await lookup.hit.restore(room.place(PATTERNS, ["dist/a.js"]));
      assert.ok(!outcome.ok && outcome.reason === "conflict", JSON.stringify(outcome));
      assert.match(outcome.detail, /^"dist\/a.js" was deleted, and git still has it$/);
      assert.deepEqual(room.tree(), before);
    },
  },
  {
    name: "a checkout under another umask is nobody's work",
    async run(room, kit) {
      build(room);
      const cache = await stored(room, kit);
      const before = room.tree();
      fs.chmodSync(room.path("dist/a.js"), 0o600);
      assertRecalled(await room.recall(cache, KEY, PATTERNS, ["dist/a.js"]));
      assert.deepEqual(room.tree(), before);
    },
  },
  {
    name: "what an earlier result of the task wrote gives way",
    async run(room, kit) {
      build(room, "1");
      room.write("dist/only-1");
      const cache = await stored(room, kit);
      const first = room.tree();
      build(room, "2");
      room.remove("dist/only-1");
      room.write("dist/only-2");
      const other = keyOf("other");
      await cache.put(room.result([["out", "2"]], { key: other, patterns: PATTERNS }));
      const second = room.tree();
      const listed = ["dist/a.js", "dist/deep/b.bin"];
      const both = ["dist/only-1", "dist/only-2", "report-x.xml"];
      for (const [key, tree] of [[KEY, first], [other, second], [KEY, first]] as const) {
        const lookup = await kit.open(room).get(key);
        assert.ok(lookup.found);
        const outcome = await lookup.hit.restore(room.place(PATTERNS, listed, both));
        assert.ok(outcome.ok, JSON.stringify(outcome));
        lookup.hit.replay(() => {});
        assert.deepEqual(room.tree(), tree);
      }
      room.write("dist/only-2", "edited");
      await assertConflict(room, kit, "dist/only-2", { untracked: both });
    },
  },
  {
    name: "what another task wrote does not give way",
    async run(room, kit) {
      build(room, "1");
      const cache = await stored(room, kit);
      build(room, "2");
      const over = { key: keyOf("other"), task: "other", patterns: PATTERNS };
      await cache.put(room.result([["out", "2"]], over));
      await assertConflict(room, kit, "dist/a.js", { tracked: ["dist/a.js"] });
    },
  },
];
