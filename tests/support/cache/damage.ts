import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type CacheRoom, filesBelow } from "../cache_room.ts";
import { random } from "../random.ts";
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

/** Reads after damage: a miss, or exactly what was stored; then storing again mends it. */
async function assertNeverWrong(
  room: CacheRoom,
  kit: CacheKit,
  what: string,
  tree: string[],
): Promise<void> {
  room.remove("dist/a.js");
  const recalled = await room.recall(kit.open(room), KEY, PATTERNS);
  if (recalled !== undefined) {
    assertRecalled(recalled);
    assert.deepEqual(room.tree(), tree, what);
  }
  build(room);
  const outcome = await kit.open(room).put(room.result(SAID, { key: KEY, patterns: PATTERNS }));
  assert.ok(outcome.stored, what);
  assertRecalled(await room.recall(kit.open(room), KEY, PATTERNS));
}

/** Every file of a store that holds a result, with its bytes. */
async function damageable(
  room: CacheRoom,
  kit: CacheKit,
): Promise<[path: string, bytes: Uint8Array][]> {
  build(room);
  await stored(room, kit);
  return filesBelow(kit.store(room)).map((path) => [path, fs.readFileSync(path)]);
}

export const DAMAGE: readonly Case[] = [
  {
    name: "a file that is cut short is never believed",
    async run(room, kit) {
      const files = await damageable(room, kit);
      const tree = room.tree();
      for (const [path, bytes] of files) {
        const step = Math.max(1, Math.floor(bytes.length / 60));
        for (let length = 0; length < bytes.length; length += step) {
          fs.writeFileSync(path, bytes.subarray(0, length));
          await assertNeverWrong(room, kit, `${path} cut at ${length}`, tree);
        }
      }
    },
  },
  {
    name: "a flipped bit is never believed",
    async run(room, kit) {
      const files = await damageable(room, kit);
      const tree = room.tree();
      const next = random(7);
      for (const [path, bytes] of files) {
        for (let round = 0; round < 60; round++) {
          const [at, bit] = [next(bytes.length), next(8)];
          const flipped = Uint8Array.from(bytes);
          flipped[at]! ^= 1 << bit;
          fs.writeFileSync(path, flipped);
          await assertNeverWrong(room, kit, `${path} bit ${bit} of byte ${at}`, tree);
        }
      }
    },
  },
  {
    name: "swapped and zeroed files are never believed",
    async run(room, kit) {
      const files = await damageable(room, kit);
      const tree = room.tree();
      for (const [path, bytes] of files) {
        for (const [, other] of [...files, ["zeros", new Uint8Array(bytes.length)] as const]) {
          fs.writeFileSync(path, other);
          await assertNeverWrong(room, kit, `${path} exchanged`, tree);
        }
      }
    },
  },
  {
    name: "files that are missing are never missed out",
    async run(room, kit) {
      const files = await damageable(room, kit);
      const tree = room.tree();
      for (const [path] of files) {
        fs.rmSync(path);
        await assertNeverWrong(room, kit, `${path} removed`, tree);
        fs.rmSync(path, { force: true });
        fs.mkdirSync(path);
        room.remove("dist/a.js");
        const recalled = await room.recall(kit.open(room), KEY, PATTERNS);
        if (recalled !== undefined) assertRecalled(recalled);
        fs.rmSync(path, { recursive: true, force: true });
        build(room);
        await stored(room, kit);
      }
      fs.rmSync(kit.store(room), { recursive: true });
      await assertNeverWrong(room, kit, "all removed", tree);
    },
  },
];
