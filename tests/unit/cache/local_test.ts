import assert from "node:assert/strict";
import * as fs from "node:fs";
import { writeEntry } from "../../../lib/cache/entry.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import { replayTurns } from "../../../lib/cache/replay.ts";
import { seal } from "../../../lib/cache/seal.ts";
import { prepareWorkDir } from "../../../lib/cache/work_dir.ts";
import { sha256 } from "../../../lib/sys/digest.ts";
import type { Files } from "../../../lib/sys/sys.ts";
import { cacheContract } from "../../support/cache_contract.ts";
import { CacheRoom, filesBelow, keyOf, realFiles } from "../../support/cache_room.ts";
import { faultyFiles } from "../../support/faulty_files.ts";

function open(room: CacheRoom, files: Files = room.files) {
  return openLocalCache({ files, clock: room.clock, dir: room.store, stateDir: room.state });
}

cacheContract({
  name: "local",
  open,
  store: (room) => room.store,
  forge(room, manifest, contents) {
    const { key } = manifest;
    const inline = new Map(contents.map((bytes) => [sha256(bytes), bytes]));
    const file = `${room.store}/v1/entries/${key.slice(0, 2)}/${key}.json`;
    room.files.writeAtomic(file, writeEntry({ manifest, inline }));
  },
  skips: {},
});

const KEY = keyOf("local");
/** Too long to stand in the entry. */
const LONG = "content ".repeat(1000);
const HOUR = 3_600_000;

async function put(room: CacheRoom, name = "local", patterns: readonly string[] = ["dist"]) {
  const result = room.result([["out", name]], { key: keyOf(name), patterns });
  const outcome = await open(room).put(result);
  assert.ok(outcome.stored, JSON.stringify(outcome));
  return entryFile(room, name);
}

function entryFile(room: CacheRoom, name = "local"): string {
  const key = keyOf(name);
  return `${room.store}/v1/entries/${key.slice(0, 2)}/${key}.json`;
}

function age(path: string, ms: number): void {
  const time = new Date(Date.now() - ms);
  fs.utimesSync(path, time, time);
}

Deno.test("a warm hit reads one entry and no artifact", async () => {
  using room = new CacheRoom();
  for (const name of ["a", "b", "c"]) room.write(`dist/${name}`, name);
  await put(room);
  room.clock.time += 10_000;
  const cold = open(room);
  await room.recall(cold, KEY, ["dist"]);
  cold.save();
  const { files, counts } = faultyFiles(room.files);
  const warm = open(room, files);
  const recalled = await room.recall(warm, KEY, ["dist"]);
  assert.deepEqual([recalled?.written, recalled?.removed], [0, 0]);
  assert.deepEqual(Object.fromEntries([...counts].sort()), { list: 1, lstat: 6, read: 2 });
  warm.save();
  assert.equal(counts.get("writeAtomic"), undefined, "nothing was learned, nothing is saved");
});

Deno.test("a remembered artifact is read again when only its ctime changed", async () => {
  using room = new CacheRoom();
  room.write("dist/a", "1");
  await put(room);
  room.clock.time += 10_000;
  const first = open(room);
  await room.recall(first, KEY, ["dist"]);
  first.save();
  const { mtime } = fs.statSync(room.path("dist/a"));
  fs.writeFileSync(room.path("dist/a"), "2");
  fs.utimesSync(room.path("dist/a"), mtime, mtime);
  const { lstat } = room.files;
  const later = (path: string) => {
    const stat = lstat(path);
    return stat && { ...stat, ctimeNs: stat.ctimeNs + 5_000_000_000n };
  };
  const second = open(room, { ...room.files, lstat: later });
  assert.equal((await room.recall(second, KEY, ["dist"]))?.written, 1);
  assert.equal(fs.readFileSync(room.path("dist/a"), "utf8"), "1");
});

Deno.test("a young artifact is not remembered", async () => {
  using room = new CacheRoom();
  room.write("dist/a", "1");
  await put(room);
  const cache = open(room);
  await room.recall(cache, KEY, ["dist"]);
  cache.save();
  assert.equal(fs.existsSync(room.state), false);
});

Deno.test("a damaged memo is an empty one", async () => {
  using room = new CacheRoom();
  room.write("dist/a", "1");
  await put(room);
  room.clock.time += 10_000;
  const cache = open(room);
  await room.recall(cache, KEY, ["dist"]);
  cache.save();
  const [file] = filesBelow(room.state);
  const bytes = fs.readFileSync(file!);
  room.write("dist/a", "2");
  for (
    const damaged of [
      bytes.subarray(0, 90),
      Uint8Array.from(bytes, (byte) => byte ^ 1),
      new Uint8Array(),
    ]
  ) {
    fs.writeFileSync(file!, damaged);
    await room.recall(open(room), KEY, ["dist"]);
    assert.equal(fs.readFileSync(room.path("dist/a"), "utf8"), "1");
    room.write("dist/a", "2");
  }
});

Deno.test("an entry is marked as used when it is read, but not all the time", async () => {
  using room = new CacheRoom();
  room.write("dist/a");
  const file = await put(room);
  const modified = () => fs.statSync(file).mtimeMs;
  age(file, HOUR);
  await open(room).get(KEY);
  const marked = modified();
  assert.ok(marked > Date.now() - HOUR / 2);
  age(file, HOUR / 4);
  const before = modified();
  await open(room).get(KEY);
  assert.equal(modified(), before);
});

Deno.test("a damaged entry says so once and is gone then", async () => {
  using room = new CacheRoom();
  room.write("dist/a");
  const file = await put(room);
  fs.writeFileSync(file, "{}");
  const lookup = await open(room).get(KEY);
  assert.deepEqual(lookup, {
    found: false,
    reason: "damaged",
    detail: "The entry is not what was written",
  });
  assert.deepEqual(await open(room).get(KEY), { found: false, reason: "absent" });
});

Deno.test("an entry of a later format is not believed and not removed by its neighbour", async () => {
  using room = new CacheRoom();
  fs.mkdirSync(`${room.store}/v2/entries`, { recursive: true });
  fs.writeFileSync(`${room.store}/v2/entries/x`, "later");
  room.write("dist/a");
  await put(room);
  assert.equal(fs.readFileSync(`${room.store}/v2/entries/x`, "utf8"), "later");
  const value = JSON.parse(fs.readFileSync(entryFile(room), "utf8"));
  fs.writeFileSync(
    entryFile(room),
    seal(`"manifest":${JSON.stringify({ ...value.manifest, schema: 2 })},"inline":{}`),
  );
  const lookup = await open(room).get(KEY);
  assert.ok(!lookup.found && lookup.reason === "damaged");
  assert.match(lookup.detail, /its format is not known to this version/);
});

Deno.test("a text that is no key is a bug of the caller", () => {
  using room = new CacheRoom();
  assert.throws(() => open(room).get("../../etc/passwd"), /Not a key/);
});

Deno.test("stored files are closed to others and take no more space twice", async () => {
  using room = new CacheRoom();
  room.write("dist/a", LONG);
  room.write("dist/b", LONG, 0o755);
  await put(room, "one");
  await put(room, "two");
  const stored = filesBelow(room.store);
  assert.equal(stored.filter((path) => path.includes("/blobs/")).length, 1);
  for (const path of stored) assert.equal(fs.statSync(path).mode & 0o777, 0o600, path);
});

Deno.test("a replay whose disk fails ends with a note instead of a crash", () => {
  const { files } = faultyFiles(realFiles, { at: 1, kinds: ["reader"] });
  const said: string[] = [];
  const reader = files.openReader(import.meta.filename!)!;
  replayTurns(reader, [10], (stream, bytes) => said.push(stream + new TextDecoder().decode(bytes)));
  assert.deepEqual(said, ["err\nqik: Cannot read the rest of this log\n"]);
});

Deno.test("staged files that a killed qik left are removed when they are old", async () => {
  using room = new CacheRoom();
  room.write("dist/a");
  room.write("dist/.qik-tmp-dead-0", "half");
  await put(room);
  room.write("dist/.qik-tmp-other-0", "half");
  age(room.path("dist/.qik-tmp-dead-0"), 2 * HOUR);
  const recalled = await room.recall(open(room), KEY, ["dist"]);
  assert.deepEqual(recalled?.manifest.artifacts.map(({ path }) => path), ["dist/a"]);
  assert.deepEqual(fs.readdirSync(room.path("dist")).sort(), [".qik-tmp-other-0", "a"]);
});

Deno.test("the work directory is closed, ignored by git and made once", () => {
  using room = new CacheRoom();
  assert.equal(prepareWorkDir(room.files, room.root), undefined);
  assert.equal(fs.statSync(room.path("._qik")).mode & 0o777, 0o700);
  assert.equal(fs.readFileSync(room.path("._qik/.gitignore"), "utf8"), "*\n");
  const { files, counts } = faultyFiles(room.files);
  assert.equal(prepareWorkDir(files, room.root), undefined);
  assert.deepEqual([...counts.keys()], ["lstat"]);
  fs.rmSync(room.path("._qik"), { recursive: true });
  const faulty = faultyFiles(room.files, {
    at: 1,
    onwards: true,
    code: "EROFS",
    kinds: ["makeDirectory"],
  });
  assert.equal(prepareWorkDir(faulty.files, room.root)?.code, "cache-unwritable");
});

Deno.test("short artifacts stand in the entry, as long as it stays short", async () => {
  using room = new CacheRoom();
  room.write("dist/empty", "");
  for (let at = 0; at < 10; at++) room.write(`dist/${at}`, `${at}`.repeat(4000));
  await put(room);
  assert.equal(filesBelow(`${room.store}/v1/blobs`).length, 6);
  room.remove("dist");
  assert.equal((await room.recall(open(room), KEY, ["dist"]))?.written, 11);
  assert.equal(fs.readFileSync(room.path("dist/0"), "utf8"), "0".repeat(4000));
  assert.equal(fs.readFileSync(room.path("dist/9"), "utf8"), "9".repeat(4000));
  assert.equal(fs.readFileSync(room.path("dist/empty"), "utf8"), "");
});

Deno.test("a damaged content of any size is found, and stored anew by the next put", async () => {
  using room = new CacheRoom();
  const said = [["out", "x".repeat(300_000)]] as const;
  const store = async () => {
    room.write("dist/small", LONG);
    room.write("dist/large", new Uint8Array(300_000).fill(7));
    assert.ok((await open(room).put(room.result(said, { key: KEY, patterns: ["dist"] }))).stored);
  };
  await store();
  const blobs = filesBelow(`${room.store}/v1/blobs`);
  assert.equal(blobs.length, 3);
  for (const blob of blobs) {
    const bytes = fs.readFileSync(blob);
    fs.writeFileSync(blob, bytes.with(3, bytes[3]! ^ 1));
    room.remove("dist");
    const lookup = await open(room).get(KEY);
    assert.ok(lookup.found);
    const outcome = await lookup.hit.restore(room.place(["dist"]));
    assert.ok(!outcome.ok && outcome.reason === "damaged");
    assert.match(outcome.detail, /is not what was stored/);
    assert.equal(fs.existsSync(room.path("dist")), false);
    assert.deepEqual(await open(room).get(KEY), { found: false, reason: "absent" });
    await store();
    room.remove("dist");
    assert.equal((await room.recall(open(room), KEY, ["dist"]))?.written, 2);
  }
});

Deno.test("an entry under the name of another key is damaged", async () => {
  using room = new CacheRoom();
  room.write("dist/a");
  const [one, two] = [await put(room, "one"), await put(room, "two")];
  fs.copyFileSync(one, two);
  const lookup = await open(room).get(keyOf("two"));
  assert.ok(!lookup.found && lookup.reason === "damaged");
  assert.equal(lookup.detail, "The entry belongs to another key");
});

Deno.test("a content that is stored again is marked as used", async () => {
  using room = new CacheRoom();
  room.write("dist/a", LONG);
  await put(room, "one");
  const [blob] = filesBelow(`${room.store}/v1/blobs`);
  age(blob!, 40 * 24 * HOUR);
  await put(room, "two");
  assert.ok(fs.statSync(blob!).mtimeMs > Date.now() - HOUR);
});

Deno.test("a content that went bad unnoticed is stored anew by the next put", async () => {
  using room = new CacheRoom();
  room.write("dist/small", LONG);
  room.write("dist/large", new Uint8Array(300_000).fill(7));
  await put(room, "one");
  for (const blob of filesBelow(`${room.store}/v1/blobs`)) {
    const bytes = fs.readFileSync(blob);
    fs.writeFileSync(blob, bytes.with(3, bytes[3]! ^ 1));
  }
  await put(room, "two");
  room.remove("dist");
  assert.equal((await room.recall(open(room), keyOf("two"), ["dist"]))?.written, 2);
});

Deno.test("a directory in the place of a stored file is damage once", async () => {
  using room = new CacheRoom();
  room.write("dist/a", LONG);
  room.write("dist/large", new Uint8Array(300_000).fill(7));
  await put(room);
  const stored = filesBelow(room.store);
  assert.equal(stored.length, 4, "two contents, the entry with its explanation, the task's keys");
  for (const file of stored) {
    fs.rmSync(file);
    fs.mkdirSync(`${file}/x`, { recursive: true });
    room.remove("dist/a");
    room.remove("dist/large");
    await room.recall(open(room), KEY, ["dist"]);
    room.write("dist/a", LONG);
    room.write("dist/large", new Uint8Array(300_000).fill(7));
    await put(room);
    room.remove("dist");
    assert.equal((await room.recall(open(room), KEY, ["dist"]))?.written, 2, file);
    assert.equal(filesBelow(room.store).length, 4, file);
  }
});

Deno.test("an artifact whose ctime alone changes while it is stored is not stored", async () => {
  using room = new CacheRoom();
  room.write("dist/a");
  let asked = 0n;
  const lstat = (path: string) => {
    const stat = room.files.lstat(path);
    return stat && { ...stat, ctimeNs: stat.ctimeNs + (asked += 1n) };
  };
  const cache = open(room, { ...room.files, lstat });
  const outcome = await cache.put(room.result([], { key: KEY, patterns: ["dist"] }));
  assert.ok(!outcome.stored && outcome.reason === "bad-artifact");
  assert.match(outcome.detail, /changed while it was stored/);
});

Deno.test("git is asked about files in the way only", async () => {
  using room = new CacheRoom();
  for (const name of ["a", "b", "c"]) room.write(`dist/${name}`, name);
  await put(room);
  const asked: string[] = [];
  const restore = async (files: Files) => {
    const lookup = await open(room, files).get(KEY);
    assert.ok(lookup.found);
    const place = { ...room.place(["dist"]), isListed: (path: string) => !!asked.push(path) };
    return await lookup.hit.restore(place);
  };
  assert.ok((await restore(room.files)).ok);
  assert.deepEqual(asked, []);
  room.write("dist/b", "mine");
  const outcome = await restore(room.files);
  assert.ok(!outcome.ok && outcome.reason === "conflict");
  assert.deepEqual(asked, ["dist/b"]);
});

Deno.test("a conflict names a file on one line of a terminal", async () => {
  using room = new CacheRoom();
  room.write("dist/a");
  await put(room);
  room.write("dist/x\ny");
  const lookup = await open(room).get(KEY);
  assert.ok(lookup.found);
  const outcome = await lookup.hit.restore(room.place(["dist"], [], ["dist/x\ny"]));
  assert.ok(!outcome.ok);
  assert.equal(outcome.detail, '"dist/x\\ny" is not what an earlier run wrote');
});
