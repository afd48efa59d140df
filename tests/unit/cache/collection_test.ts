import assert from "node:assert/strict";
import * as fs from "node:fs";
import { collect } from "../../../lib/cache/collection.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import { CacheRoom, filesBelow, keyOf } from "../../support/cache_room.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function open(room: CacheRoom) {
  const { files, clock, store: dir, state: stateDir } = room;
  return openLocalCache({ files, clock, dir, stateDir });
}

/** Stores a result whose every file was last used so long ago. */
async function put(room: CacheRoom, name: string, ageMs: number, size = 1000): Promise<void> {
  const before = new Set(filesBelow(room.store));
  room.write("dist/a", new Uint8Array(size).fill(name.charCodeAt(0)));
  const result = room.result([["out", name]], { key: keyOf(name), patterns: ["dist"], task: name });
  assert.ok((await open(room).put(result)).stored);
  for (const path of filesBelow(room.store)) if (!before.has(path)) age(path, ageMs);
}

function age(path: string, ms: number): void {
  const time = new Date(Date.now() - ms);
  fs.utimesSync(path, time, time);
}

async function kept(room: CacheRoom, names: string): Promise<string> {
  let found = "";
  for (const name of names) {
    room.remove("dist");
    if (await room.recall(open(room), keyOf(name), ["dist"]) !== undefined) found += name;
  }
  return found;
}

function collectIn(room: CacheRoom, maxSize: number, maxAgeMs = 30 * DAY) {
  return collect({ files: room.files, clock: room.clock, dir: room.store, maxSize, maxAgeMs });
}

Deno.test("a store that fits is left alone", async () => {
  using room = new CacheRoom();
  for (const name of "abc") await put(room, name, DAY);
  const before = filesBelow(room.store);
  const { left, ...removed } = collectIn(room, 1e9);
  assert.deepEqual(removed, { entries: 0, blobs: 0, leftovers: 0, freed: 0 });
  assert.ok(left > 3000);
  assert.deepEqual(filesBelow(room.store), before);
  assert.equal(await kept(room, "abc"), "abc");
});

Deno.test("what was not used for too long goes", async () => {
  using room = new CacheRoom();
  await put(room, "a", 31 * DAY, 10_000);
  await put(room, "b", 29 * DAY, 10_000);
  const { entries, blobs } = collectIn(room, 1e9);
  assert.deepEqual([entries, blobs], [1, 1]);
  assert.equal(await kept(room, "ab"), "b");
});

Deno.test("the least recently used go until the rest fits", async () => {
  using room = new CacheRoom();
  await put(room, "a", 2 * DAY, 10_000);
  await put(room, "b", 4 * DAY, 10_000);
  await put(room, "c", 3 * DAY, 10_000);
  const { left, freed } = collectIn(room, 15_000);
  assert.ok(left <= 15_000 && freed > 20_000);
  assert.equal(await kept(room, "abc"), "a");
});

Deno.test("what was used within the hour stays, whatever the limits say", async () => {
  using room = new CacheRoom();
  await put(room, "a", HOUR / 2);
  await put(room, "b", -DAY);
  await put(room, "c", 2 * DAY);
  await open(room).get(keyOf("c"));
  assert.equal(collectIn(room, 0, 0).entries, 0);
  assert.equal(await kept(room, "abc"), "abc");
});

Deno.test("a content that another entry names stays", async () => {
  using room = new CacheRoom();
  await put(room, "a", 40 * DAY);
  room.write("dist/a", new Uint8Array(1000).fill("a".charCodeAt(0)));
  const result = room.result([], { key: keyOf("z"), patterns: ["dist"] });
  assert.ok((await open(room).put(result)).stored);
  for (const path of filesBelow(`${room.store}/v1/blobs`)) age(path, 40 * DAY);
  assert.deepEqual([collectIn(room, 1e9).entries], [1]);
  assert.equal(await kept(room, "az"), "z");
});

Deno.test("leftovers, orphans and damaged entries go when they are old", async () => {
  using room = new CacheRoom();
  await put(room, "a", 0);
  const [entry] = filesBelow(`${room.store}/v1/entries`).filter((path) => path.endsWith(".json"));
  const shelf = entry!.slice(0, entry!.lastIndexOf("/"));
  const files = [
    `${room.store}/v1/tmp/x-1`,
    `${shelf}/.qik-tmp-1-1-x`,
    `${shelf}/${keyOf("damaged")}.json`,
    `${shelf}/${keyOf("gone")}.why`,
    `${room.store}/v1/blobs/00/${"0".repeat(64)}`,
  ];
  for (const young of [true, false]) {
    for (const path of files) {
      room.files.writeAtomic(path, new Uint8Array(5));
      if (!young) age(path, 2 * HOUR);
    }
    const { leftovers, blobs, entries } = collectIn(room, 1e9);
    assert.deepEqual([leftovers, blobs, entries], young ? [0, 0, 0] : [4, 1, 0]);
  }
  for (const path of files) assert.equal(fs.existsSync(path), false, path);
  assert.equal(await kept(room, "a"), "a");
});

Deno.test("an empty or missing store is collected without a word", () => {
  using room = new CacheRoom();
  assert.deepEqual(collectIn(room, 0), { entries: 0, blobs: 0, leftovers: 0, freed: 0, left: 0 });
});
