import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { Cache } from "../../../lib/cache/cache.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import { Sightings } from "../../../lib/proof/sightings.ts";
import { Witness } from "../../../lib/proof/witness.ts";
import { CacheRoom, keyOf } from "../../support/cache_room.ts";

const KEY = keyOf("1");
const PATTERNS: readonly (readonly string[])[] = [
  [],
  ["dist/"],
  ["dist/**"],
  ["dist/**", "!dist/in/**"],
  ["dist/in/deep/a", "dist/link", "other/hollow"],
  [":(glob)dist/in/*.gen", "other"],
  [":(glob)**/b.gen", "dist/large", "none/*.x"],
  ["alone.txt"],
];

function roomWithFiles(): CacheRoom {
  const room = new CacheRoom();
  for (const path of ["dist/a", "dist/in/b.gen", "dist/in/deep/a", "alone.txt"]) room.write(path);
  room.write("dist/large", new Uint8Array(300_000));
  room.write("dist/run", "x", 0o755);
  room.link("dist/link", "in/deep");
  room.mkdir("other/hollow");
  room.mkdir("._qik/cache");
  return room;
}

function watched(room: CacheRoom): { cache: Cache; sightings: Sightings } {
  const sightings = new Sightings(room.files, room.root);
  const cache = openLocalCache({
    files: sightings.files,
    clock: room.clock,
    dir: room.path("._qik/cache"),
    stateDir: room.state,
    onEntry: sightings.saw,
  });
  return { cache: sightings.watch(cache), sightings };
}

/** What the look-up of a proof asks, where nothing was seen before. */
async function askedAnew(room: CacheRoom, patterns: readonly string[]): Promise<Witness> {
  const isState = (path: string) => path.startsWith(`${room.state}/`);
  const witness = new Witness({ files: room.files, clock: room.clock }, isState);
  const { files } = witness;
  const dir = room.path("._qik/cache");
  const cache = openLocalCache({ files, clock: room.clock, dir, stateDir: room.state });
  const lookup = await cache.get(KEY);
  assert.ok(lookup.found);
  const outcome = await lookup.hit.restore(room.place(patterns));
  assert.deepEqual(outcome, { ok: true, written: 0, removed: 0 });
  return witness;
}

async function store(cache: Cache, room: CacheRoom, patterns: readonly string[]): Promise<void> {
  const outcome = await cache.put(room.result([["out", "said"]], { key: KEY, patterns }));
  assert.ok(outcome.stored, JSON.stringify(outcome));
}

async function find(cache: Cache, room: CacheRoom, patterns: readonly string[]): Promise<void> {
  const lookup = await cache.get(KEY);
  assert.ok(lookup.found);
  await lookup.hit.restore(room.place(patterns));
}

Deno.test("what was seen answers every question that is asked anew", async () => {
  for (const patterns of PATTERNS) {
    for (const see of [store, find]) {
      using room = roomWithFiles();
      const { cache, sightings } = watched(room);
      if (see === find) await store(watched(room).cache, room, patterns);
      await see(cache, room, patterns);
      const seen = sightings.holding([KEY]).get(KEY);
      assert.ok(seen, `${see.name} ${patterns}`);
      assert.equal(new TextDecoder().decode(seen.log), "said");
      const { asked } = await askedAnew(room, patterns);
      for (const [path, answers] of asked) {
        // In the store a row is enough; there it has to be asked for.
        const { content, ...rest } = answers;
        const isOwn = path.startsWith(room.path("._qik/cache/"));
        const wanted = isOwn || content === undefined ? rest : answers;
        const known = seen.asked.get(path);
        for (const [kind, answer] of Object.entries(wanted)) {
          const what = `${see.name} ${patterns}: ${kind} of ${path}`;
          if (kind !== "lstat") assert.deepEqual(known?.[kind as "names"], answer, what);
          else assert.equal(known?.lstat?.kind, (answer as { kind: string } | null)?.kind, what);
        }
      }
    }
  }
});

Deno.test("what was seen is no more to be relied on when anything of it is another", async () => {
  const patterns = ["dist/**", "other"];
  const changes: Readonly<Record<string, (room: CacheRoom) => unknown>> = {
    "content": (room) => fs.writeFileSync(room.path("dist/a"), "dist/b", { flag: "r+" }),
    "mode": (room) => fs.chmodSync(room.path("dist/in/b.gen"), 0o600),
    "special mode": (room) => fs.chmodSync(room.path("dist/run"), 0o4755),
    "mode of an empty directory": (room) => fs.chmodSync(room.path("other/hollow"), 0o700),
    "a file more": (room) => room.write("dist/in/deep/stale"),
    "a file more where none was": (room) => room.write("other/hollow/stale"),
    "a file less": (room) => room.remove("dist/in/b.gen"),
    "a directory for a directory": (room) => {
      fs.renameSync(room.path("dist/in"), room.path("dist/was"));
      fs.cpSync(room.path("dist/was"), room.path("dist/in"), { recursive: true });
    },
    "a link above": (room) => {
      fs.renameSync(room.path("dist"), room.path("was"));
      room.link("dist", "was");
    },
    "the text of a link": (room) => {
      room.remove("dist/link");
      room.link("dist/link", "in/else");
    },
    "no entry": (room) => room.remove("._qik/cache"),
    "an entry stored anew": (room) => store(watched(room).cache, room, patterns),
  };
  for (const [name, change] of Object.entries(changes)) {
    for (const see of [store, find]) {
      using room = roomWithFiles();
      const { cache, sightings } = watched(room);
      await store(cache, room, patterns);
      await see(cache, room, patterns);
      assert.ok(sightings.holding([KEY]).has(KEY));
      await change(room);
      assert.equal(sightings.holding([KEY]).has(KEY), false, `${see.name}: ${name}`);
    }
  }
});

Deno.test("nothing is remembered where a look-up would have more to do, or cannot be compared", async () => {
  const cases: Readonly<Record<string, (room: CacheRoom, cache: Cache) => unknown>> = {
    "a restore that wrote": async (room, cache) => {
      await store(cache, room, ["dist/a"]);
      room.remove("dist/a");
      await find(cache, room, ["dist/a"]);
    },
    "a failed command": (room, cache) =>
      cache.put(room.result([], { key: KEY, patterns: ["dist/"], exit: 1 })),
    "an artifact with a special mode": async (room, cache) => {
      fs.chmodSync(room.path("dist/run"), 0o4755);
      await store(cache, room, ["dist/run"]);
    },
    "what a killed qik left": async (room, cache) => {
      room.write("dist/.qik-tmp-1-1-abc");
      await store(cache, room, ["dist/"]);
    },
    "a log that is long": (room, cache) =>
      cache.put(room.result([["out", "x".repeat(9000)]], { key: KEY, patterns: ["dist/"] })),
    "a look-up that asked git": async (room, cache) => {
      await store(cache, room, ["dist/a"]);
      const lookup = await cache.get(KEY);
      assert.ok(lookup.found);
      const outcome = await lookup.hit.restore(room.place(["dist/a", "alone.txt"], ["alone.txt"]));
      assert.deepEqual(outcome, { ok: true, written: 0, removed: 0 });
    },
  };
  for (const [name, make] of Object.entries(cases)) {
    using room = roomWithFiles();
    const { cache, sightings } = watched(room);
    await make(room, cache);
    assert.equal(sightings.holding([KEY]).size, 0, name);
  }
});

Deno.test("a store that others may share is looked into again for what was stored", async () => {
  using room = roomWithFiles();
  const sightings = new Sightings(room.files, room.root);
  const { files } = sightings;
  const { clock, store: dir, state: stateDir } = room;
  const cache = openLocalCache({ files, clock, dir, stateDir, onEntry: sightings.saw });
  await store(sightings.watch(cache), room, ["dist/a"]);
  assert.equal(sightings.holding([KEY]).size, 0);
  await find(sightings.watch(cache), room, ["dist/a"]);
  assert.equal(sightings.holding([KEY]).size, 1);
});
