import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { Manifest } from "../../../lib/cache/cache.ts";
import { noCache } from "../../../lib/cache/none.ts";
import { openRepoCache } from "../../../lib/cache/repo.ts";
import { repoEntryText } from "../../../lib/cache/repo_files.ts";
import { cacheContract } from "../../support/cache_contract.ts";
import { CacheRoom, filesBelow, keyOf, realFiles, treeOf } from "../../support/cache_room.ts";

const KEY = keyOf("repo");

function open(room: CacheRoom, files = realFiles, added: string[] = []) {
  return openRepoCache({
    files,
    clock: room.clock,
    root: room.root,
    stateDir: room.state,
    intentToAdd: (paths) => void added.push(...paths),
  });
}

const DIGESTS = "an entry holds digests of artifacts, which are files of the repository";

cacheContract({
  name: "repo",
  open,
  store: (room) => room.path(".qik/cache"),
  forge(room, manifest: Manifest) {
    realFiles.writeAtomic(room.path(".qik/cache/build/build.json"), repoEntryText(manifest));
  },
  skips: {
    "results of several keys are all kept": "one entry per task",
    "deleted and changed artifacts are put back": DIGESTS,
    "modes, symlinks and empty directories come back": DIGESTS,
    "a file takes a directory's place and the other way round": DIGESTS,
    "many files come back": DIGESTS,
    "an edited file that git shows is not overwritten": DIGESTS,
    "what git shows does not make room for another kind of thing": DIGESTS,
    "a tracked file that was deleted does not come back, one that is right stays": DIGESTS,
    "a checkout under another umask is nobody's work": DIGESTS,
    "what an earlier result of the task wrote gives way": DIGESTS,
    "what another task wrote does not give way": DIGESTS,
    "odd file names come back": DIGESTS,
  },
});

Deno.test("the repo cache writes the same bytes in every checkout", async () => {
  const texts: string[][] = [];
  for (const tookMs of [1, 2]) {
    using room = new CacheRoom();
    room.clock.time += tookMs;
    room.write("dist/b", "b", 0o775);
    room.write("dist/a", "a", 0o600);
    room.mkdir("dist/empty");
    room.link("dist/l", "a");
    const result = room.result([["out", "hello"]], { key: KEY, tookMs, patterns: ["dist"] });
    assert.ok((await open(room).put(result)).stored);
    texts.push(filesBelow(room.path(".qik")).map((path) => fs.readFileSync(path, "utf8")));
  }
  assert.deepEqual(texts[0], texts[1]);
  const [attributes, entry, log] = texts[0]!;
  assert.equal(attributes, "cache/** linguist-generated merge=qik -text\n");
  assert.equal(log, "hello");
  assert.match(entry!, /"mode":493,"path":"dist\/b"/);
  assert.match(entry!, /"mode":420,"path":"dist\/a"/);
  assert.match(entry!, /"storedAt": 0/);
  assert.doesNotMatch(entry!, /dist\/empty/);
});

Deno.test("the repo cache tells git of new files only, and rewrites none without need", async () => {
  using room = new CacheRoom();
  const added: string[] = [];
  const result = room.result([["out", "x"]], { key: KEY, task: "lint@a#é/../b", command: "../up" });
  assert.ok((await open(room, realFiles, added).put(result)).stored);
  assert.deepEqual(added.sort(), [
    ".qik/.gitattributes",
    ".qik/cache/%2E.%2Fup/lint@a#%C3%A9%2F..%2Fb.json",
    ".qik/cache/%2E.%2Fup/lint@a#%C3%A9%2F..%2Fb.out",
  ]);
  const inodes = () => filesBelow(room.path(".qik")).map((path) => fs.statSync(path).ino);
  const before = inodes();
  assert.ok((await open(room, realFiles, added).put(result)).stored);
  assert.deepEqual(inodes(), before);
  assert.equal(added.length, 3);
});

Deno.test("the repo cache misses where an artifact is not as recorded", async () => {
  using room = new CacheRoom();
  room.write("lock.txt", "1");
  const result = room.result([], { key: KEY, patterns: ["lock.txt"] });
  assert.ok((await open(room).put(result)).stored);
  assert.equal((await open(room).get(KEY)).found, true);
  const wrong = {
    found: false,
    reason: "absent",
    detail: 'the artifact "lock.txt" is not as recorded',
  };
  room.write("lock.txt", "2");
  assert.deepEqual(await open(room).get(KEY), wrong);
  room.write("lock.txt", "1", 0o755);
  assert.deepEqual(await open(room).get(KEY), wrong);
  room.write("lock.txt", "1", 0o664);
  assert.equal((await open(room).get(KEY)).found, true, "git keeps the exec bit only");
  const lookup = await open(room).get(KEY);
  assert.ok(lookup.found);
  room.remove("lock.txt");
  const outcome = await lookup.hit.restore(room.place(["lock.txt"]));
  assert.deepEqual(outcome, {
    ok: false,
    reason: "damaged",
    detail: 'The artifact "lock.txt" is not as recorded',
  });
});

Deno.test("the repo cache sees entries that another process wrote later", async () => {
  using room = new CacheRoom();
  const cache = open(room);
  assert.equal((await cache.get(KEY)).found, false);
  assert.ok((await open(room).put(room.result([], { key: KEY }))).stored);
  assert.equal((await cache.get(KEY)).found, true);
});

Deno.test("a merge conflict in an entry is a damaged entry, and the next result mends it", async () => {
  using room = new CacheRoom();
  const result = room.result([], { key: KEY });
  await open(room).put(result);
  const file = room.path(".qik/cache/build/build.json");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, `<<<<<<< ours\n${text}=======\n${text}>>>>>>> theirs\n`);
  const lookup = await open(room).get(KEY);
  assert.ok(!lookup.found && lookup.reason === "damaged");
  assert.match(lookup.detail, /build\.json" cannot be used: it is not what was written/);
  assert.ok(fs.existsSync(file), "files of the repository are not removed");
  await open(room).put(result);
  assert.equal((await open(room).get(KEY)).found, true);
});

Deno.test("other git attributes are kept", async () => {
  using room = new CacheRoom();
  room.write(".qik/.gitattributes", "*.md text");
  await open(room).put(room.result([], { key: KEY }));
  await open(room).put(room.result([], { key: keyOf("next") }));
  assert.equal(
    fs.readFileSync(room.path(".qik/.gitattributes"), "utf8"),
    "*.md text\ncache/** linguist-generated merge=qik -text\n",
  );
});

Deno.test("a repo cache whose git fails has stored all the same", async () => {
  using room = new CacheRoom();
  const { files, clock, root, state: stateDir } = room;
  const intentToAdd = () => Promise.reject(new Error("index.lock"));
  const cache = openRepoCache({ files, clock, root, stateDir, intentToAdd });
  assert.ok((await cache.put(room.result([], { key: KEY }))).stored);
});

Deno.test("the cache none keeps nothing", async () => {
  using room = new CacheRoom();
  assert.equal((await noCache.get(KEY)).found, false);
  assert.equal((await noCache.put(room.result([["out", "x"]], { key: KEY }))).stored, false);
  assert.equal((await noCache.get(KEY)).found, false);
  assert.deepEqual(treeOf(room.root), []);
});
