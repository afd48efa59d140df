import assert from "node:assert/strict";
import * as fs from "node:fs";
import { joined, keyOf, type Said } from "../cache_room.ts";
import { random } from "../random.ts";
import { assertRecalled, build, type Case, KEY, PATTERNS, SAID, stored } from "./cases.ts";

export const LOOKUPS: readonly Case[] = [
  {
    name: "an empty cache misses",
    async run(room, kit) {
      assert.deepEqual(await kit.open(room).get(KEY), { found: false, reason: "absent" });
      assert.equal(fs.existsSync(kit.store(room)), false, "a look-up makes no directory");
    },
  },
  {
    name: "what was put is found by another process",
    async run(room, kit) {
      build(room);
      const cache = await stored(room, kit);
      const recalled = await room.recall(cache, KEY, PATTERNS);
      assertRecalled(recalled);
      const { manifest, written, removed } = recalled!;
      assert.deepEqual([manifest.task, manifest.exit, written, removed], ["build", 0, 0, 0]);
      assert.deepEqual(manifest.artifacts.map(({ path }) => path), [
        "dist/a.js",
        "dist/deep/b.bin",
        "report-x.xml",
      ]);
      assert.equal((await cache.get(keyOf("another"))).found, false);
    },
  },
  {
    name: "what another process stored since a look-up is there",
    async run(room, kit) {
      build(room);
      const before = kit.open(room);
      assert.equal((await before.get(KEY)).found, false);
      assert.equal(before.has!(KEY), false);
      await stored(room, kit);
      assert.equal(before.has!(KEY), true);
      assert.equal(before.has!(keyOf("another")), false);
      assert.equal((await before.get(KEY)).found, true);
    },
  },
  {
    name: "putting twice is no error",
    async run(room, kit) {
      build(room);
      await stored(room, kit);
      const cache = await stored(room, kit);
      assertRecalled(await room.recall(cache, KEY, PATTERNS));
    },
  },
  {
    name: "results of several keys are all kept",
    async run(room, kit) {
      build(room, "1");
      const cache = await stored(room, kit);
      const before = room.tree();
      build(room, "2");
      const other = keyOf("other");
      await cache.put(room.result([["out", "other"]], { key: other, patterns: PATTERNS }));
      const after = room.tree();
      assertRecalled(await room.recall(cache, KEY, PATTERNS));
      assert.deepEqual(room.tree(), before);
      assertRecalled(await room.recall(cache, other, PATTERNS), [["out", "other"]]);
      assert.deepEqual(room.tree(), after);
    },
  },
  {
    name: "a look-up changes nothing in the working tree",
    async run(room, kit) {
      build(room);
      const cache = await stored(room, kit);
      room.remove("report-x.xml");
      room.write("dist/stale.js");
      const before = room.tree();
      await cache.get(KEY);
      assert.deepEqual(room.tree(), before);
    },
  },
  {
    name: "a failure is replayed as one",
    async run(room, kit) {
      const cache = kit.open(room);
      const result = room.result(SAID, { key: KEY, exit: 137, patterns: ["never-written"] });
      const outcome = await cache.put(result);
      assert.equal(outcome.stored, true, "what a failed command did not write is not missing");
      const recalled = await room.recall(kit.open(room), KEY, ["never-written"]);
      assertRecalled(recalled);
      assert.equal(recalled!.manifest.exit, 137);
    },
  },
  {
    name: "logs come back byte for byte and in order, in bounded pieces",
    async run(room, kit) {
      const next = random(1);
      const said: Said[] = [["err", Uint8Array.of(0xff, 0xfe, 0, 13, 10)]];
      for (let at = 0; at < 40; at++) {
        const bytes = Uint8Array.from({ length: 1 + next(30_000) }, () => next(256));
        said.push([at % 2 === 0 ? "out" : "err", bytes]);
      }
      const cache = await stored(room, kit, said, []);
      const lookup = await cache.get(KEY);
      assert.ok(lookup.found);
      assert.ok((await lookup.hit.restore(room.place([]))).ok);
      const replayed: Said[] = [];
      lookup.hit.replay((stream, bytes) => {
        assert.ok(bytes.length > 0 && bytes.length <= 65_536);
        replayed.push([stream, bytes]);
      });
      assert.deepEqual(joined(replayed), joined(said));
    },
  },
  {
    name: "an empty log is replayed as nothing",
    async run(room, kit) {
      const cache = await stored(room, kit, [], []);
      assertRecalled(await room.recall(cache, KEY), []);
    },
  },
  {
    name: "two processes may put at the same time",
    async run(room, kit) {
      build(room);
      const caches = Array.from({ length: 8 }, () => kit.open(room));
      const result = room.result(SAID, { key: KEY, patterns: PATTERNS });
      const outcomes = await Promise.all(caches.map((cache) => cache.put(result)));
      assert.ok(outcomes.every(({ stored }) => stored));
      assertRecalled(await room.recall(kit.open(room), KEY, PATTERNS));
    },
  },
];
