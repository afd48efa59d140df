import assert from "node:assert/strict";
import * as fs from "node:fs";
import { collect } from "../../../lib/cache/collection.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import type { Files } from "../../../lib/sys/sys.ts";
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

function collectIn(
  { files, clock, store: dir }: CacheRoom,
  maxSize: number,
  maxAgeMs = 30 * DAY,
  seen: Partial<Files> = {},
) {
  return collect({ files: { ...files, ...seen }, clock, dir, maxSize, maxAgeMs });
}

Deno.test("a store that fits is left alone", async () => {
  using room = new CacheRoom();
  for (const name of "abc") await put(room, name, DAY);
  const before = filesBelow(room.store);
  const { left, ...removed } = await collectIn(room, 1e9);
  assert.deepEqual(removed, { entries: 0, blobs: 0, leftovers: 0, freed: 0 });
  assert.ok(left > 3000);
  assert.deepEqual(filesBelow(room.store), before);
  assert.equal(await kept(room, "abc"), "abc");
});

Deno.test("what was not used for too long goes", async () => {
  using room = new CacheRoom();
  await put(room, "a", 31 * DAY, 10_000);
  await put(room, "b", 29 * DAY, 10_000);
  const { entries, blobs } = await collectIn(room, 1e9);
  assert.deepEqual([entries, blobs], [1, 1]);
  assert.equal(await kept(room, "ab"), "b");
});

Deno.test("the least recently used go until the rest fits", async () => {
  using room = new CacheRoom();
  await put(room, "a", 2 * DAY, 10_000);
  await put(room, "b", 4 * DAY, 10_000);
  await put(room, "c", 3 * DAY, 10_000);
  const { left, freed } = await collectIn(room, 15_000);
  assert.ok(left <= 15_000 && freed > 20_000);
  assert.equal(await kept(room, "abc"), "a");
});

Deno.test("what was used within the hour stays, whatever the limits say", async () => {
  using room = new CacheRoom();
  await put(room, "a", HOUR / 2);
  await put(room, "b", -DAY);
  await put(room, "c", 2 * DAY);
  await open(room).get(keyOf("c"));
  assert.equal((await collectIn(room, 0, 0)).entries, 0);
  assert.equal(await kept(room, "abc"), "abc");
});

Deno.test("a content that another entry names stays", async () => {
  using room = new CacheRoom();
  await put(room, "a", 40 * DAY);
  room.write("dist/a", new Uint8Array(1000).fill("a".charCodeAt(0)));
  const result = room.result([], { key: keyOf("z"), patterns: ["dist"] });
  assert.ok((await open(room).put(result)).stored);
  for (const path of filesBelow(`${room.store}/v1/blobs`)) age(path, 40 * DAY);
  assert.deepEqual((await collectIn(room, 1e9)).entries, 1);
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
    const { leftovers, blobs, entries } = await collectIn(room, 1e9);
    assert.deepEqual([leftovers, blobs, entries], young ? [0, 0, 0] : [4, 1, 0]);
  }
  for (const path of files) assert.equal(fs.existsSync(path), false, path);
  assert.equal(await kept(room, "a"), "a");
});

Deno.test("an empty or missing store is collected without a word", async () => {
  using room = new CacheRoom();
  const none = { entries: 0, blobs: 0, leftovers: 0, freed: 0, left: 0 };
  assert.deepEqual(await collectIn(room, 0), none);
});

Deno.test("what is used while a collection is under way stays, and the next one goes instead", async () => {
  using room = new CacheRoom();
  await put(room, "a", 4 * DAY, 10_000);
  await put(room, "b", 3 * DAY, 10_000);
  await put(room, "c", 2 * DAY, 10_000);
  const used: string[] = [];
  const { entries, left } = await collectIn(room, 25_000, 30 * DAY, {
    lstat(path) {
      if (path.endsWith(`${keyOf("a")}.json`)) {
        room.files.touch(path);
        used.push(path);
      }
      return room.files.lstat(path);
    },
  });
  assert.equal(used.length, 1, "it was looked at once more before it would have gone");
  assert.equal(entries, 1);
  assert.ok(left <= 25_000);
  assert.equal(await kept(room, "abc"), "ac");
});

Deno.test("a collection that is ended leaves nothing that the next one does not find", async () => {
  using room = new CacheRoom();
  for (const name of "abcd") await put(room, name, name < "c" ? 40 * DAY : DAY, 10_000);
  const fail = () => Promise.reject(Object.assign(new Error("gone"), { code: "EIO" }));
  assert.equal((await collectIn(room, 1e9, 30 * DAY, { removeAside: fail })).entries, 2);
  const aside = filesBelow(`${room.store}/v1/tmp`);
  assert.ok(aside.length >= 4, "two entries and two contents");
  assert.equal(await kept(room, "abcd"), "cd");
  const again = await collectIn(room, 1e9);
  assert.deepEqual([again.entries, again.leftovers], [0, aside.length]);
  assert.deepEqual(filesBelow(`${room.store}/v1/tmp`), []);
});

Deno.test("each file that is looked at or removed is a step", async () => {
  using room = new CacheRoom();
  for (const name of "ab") await put(room, name, 40 * DAY, 10_000);
  const files = filesBelow(`${room.store}/v1/entries`).length +
    filesBelow(`${room.store}/v1/blobs`).length;
  const steps: number[] = [];
  const { files: all, clock, store: dir } = room;
  const onStep = (done: number) => steps.push(done);
  await collect({ files: all, clock, dir, maxSize: 0, maxAgeMs: DAY, onStep });
  assert.ok(steps.length >= 2 * files);
  assert.deepEqual(steps, steps.map((_, at) => at + 1));
});
