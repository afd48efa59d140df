/** Results that were found to be wrong: nobody is to find them again, and where that fails it is told. */
import assert from "node:assert/strict";
import { recordName } from "../../../lib/cache/remote/record.ts";
import { QUARANTINE } from "../../../lib/cache/remote/quarantine.ts";
import { StoreFault } from "../../../lib/cache/remote/store.ts";
import { keyOf } from "../../support/cache_room.ts";
import { MemoryStore } from "../../support/remote/memory_store.ts";
import { honest, keys, Member } from "../../support/remote/team.ts";

/** Two keys have signed a wrong result, and a third one another; whoever reads accepts all. */
async function team() {
  const objects = new MemoryStore();
  const [one, two, three] = [await keys(), await keys(), await keys()];
  for (const [key, text] of [[one, "wrong"], [two, "wrong"], [three, "right"]] as const) {
    using writer = new Member(objects, { signKey: key.signKey });
    await writer.build("k", text);
    await writer.finish();
  }
  const acceptKeys = [one.accept, two.accept, three.accept];
  const name = (id: string) => recordName("shared", keyOf("k"), id);
  const { signKey } = one;
  return {
    objects,
    acceptKeys,
    signKey,
    names: [name(one.id), name(two.id), name(three.id)] as const,
  };
}

async function disown(reader: Member) {
  const lookup = await reader.remote.get(keyOf("k"));
  assert.ok(lookup.found);
  return await reader.remote.disown!(lookup.hit.manifest);
}

Deno.test("all records that say the same are moved away, and no others", async () => {
  const { objects, acceptKeys, names: [one, two, three] } = await team();
  using reader = new Member(objects, { acceptKeys });
  assert.equal(await reader.replay("k"), honest("wrong"));
  assert.equal(await disown(reader), undefined);
  assert.deepEqual(objects.names("v1/rec/"), [three]);
  const moved = objects.names(QUARANTINE);
  const expected = [one, two].map((name) => name.replace("v1/rec/", QUARANTINE));
  assert.deepEqual(moved.toSorted(), expected.toSorted());
  assert.equal(await reader.replay("k"), honest("right"));
  assert.deepEqual(reader.problems, []);
});

Deno.test("who may not write or remove says that it is still there", async () => {
  for (const more of [{ writes: false }, {}]) {
    const { objects, acceptKeys, names } = await team();
    using reader = new Member(objects, { acceptKeys, ...more });
    objects.before = (call) => {
      if (call === "remove") throw new StoreFault("denied", "the server answered 403");
    };
    assert.match((await disown(reader))!, /still in the remote cache "team"/);
    assert.deepEqual(objects.names("v1/rec/").toSorted(), names.toSorted());
    const codes = reader.problems.map(({ code }) => code);
    assert.deepEqual(codes, "writes" in more ? [] : ["remote-denied"]);
  }
});

Deno.test("a protocol that cannot remove loses what is one's own, by writing over it", async () => {
  const { objects, acceptKeys, signKey, names: [one, two] } = await team();
  Object.assign(objects, { remove: undefined });
  using reader = new Member(objects, { acceptKeys, signKey });
  assert.match((await disown(reader))!, /still in/);
  const [own, other] = [objects.objects.get(one)!, objects.objects.get(two)!];
  await reader.build("k", "right");
  await reader.finish();
  assert.notDeepEqual(objects.objects.get(one), own);
  assert.deepEqual(objects.objects.get(two), other);
  using later = new Member(objects, { acceptKeys: acceptKeys.slice(0, 1) });
  assert.equal(await later.replay("k"), honest("right"));
});
