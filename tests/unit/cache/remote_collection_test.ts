/** What a collection of a remote keeps, and that many results are no trouble. */
import assert from "node:assert/strict";
import type { Manifest } from "../../../lib/cache/cache.ts";
import { RemoteInventory } from "../../../lib/cache/remote/inventory.ts";
import { pieceName, recordName, writeRecord } from "../../../lib/cache/remote/record.ts";
import { systemClock } from "../../../lib/sys/clock.ts";
import { MemoryStore } from "../../support/remote/memory_store.ts";

const hex = (number: number) => number.toString(16).padStart(64, "0");

/** Adds a result whose artifacts are these pieces, 1,000 bytes each. */
async function add(store: MemoryStore, number: number, pieces: readonly number[]): Promise<void> {
  const key = hex(number);
  const manifest: Manifest = {
    schema: 1,
    key,
    task: "build",
    exit: 0,
    tookMs: 1,
    storedAt: 1,
    log: { digest: hex(0), size: 0, turns: [] },
    artifacts: pieces.map((piece) => ({
      path: `out/${piece}`,
      kind: "file",
      mode: 0o644,
      size: 2000,
      content: hex(piece),
    })),
  };
  const name = recordName("shared", key, "0");
  const described = pieces.map((piece) =>
    [hex(piece), [{ name: hex(piece), stored: 1000, size: 2000 }]] as const
  );
  const producer = { at: 1, qik: "1", arch: "linux-64" };
  const record = { name, key, scope: "shared", producer, manifest, inline: new Map() };
  const bytes = await writeRecord({ ...record, pieces: new Map(described) }, undefined);
  store.objects.set(name, bytes!);
  for (const piece of pieces) store.objects.set(pieceName(hex(piece)), new Uint8Array(1000));
}

const open = (store: MemoryStore) =>
  new RemoteInventory({ name: "team", store, clock: systemClock, timeoutMs: 60_000 });

Deno.test("what several results share counts once, and as long as one of them is left", async () => {
  const store = new MemoryStore();
  await add(store, 1, [100, 101]);
  await add(store, 2, [100, 102]);
  await add(store, 3, [100]);
  const records = (await open(store).results()).reduce((sum, { record }) => sum + record.bytes, 0);
  const nothing = await open(store).collect({ maxSize: 3000 + records });
  assert.deepEqual([nothing.entries, nothing.left], [0, 3000 + records]);
  // Of what was stored at the same time the last name goes first: its content is that of others, too.
  const some = await open(store).collect({ maxSize: 2999 + records });
  assert.deepEqual([some.entries, some.left], [1, 3000 + records - some.freed]);
  const more = await open(store).collect({ maxSize: 2999 });
  assert.deepEqual([more.entries, more.left], [1, some.left - more.freed]);
  const all = await open(store).collect({ maxSize: 1 });
  assert.deepEqual([all.entries, all.left], [1, 0]);
});

Deno.test("removing thousands of results takes about as long as looking at them", async () => {
  const store = new MemoryStore();
  for (let number = 0; number < 3000; number += 1) {
    await add(store, number, [1, 2, 3].map((piece) => number * 10 + piece));
  }
  const started = performance.now();
  assert.equal((await open(store).results()).length, 3000);
  const looked = performance.now() - started;
  assert.equal((await open(store).collect({ maxSize: 1 })).entries, 3000);
  const collected = performance.now() - started - looked;
  assert.ok(collected < 3 * looked + 2000, `${looked} ms, then ${collected} ms`);
});
