import assert from "node:assert/strict";
import { Calls } from "../../../lib/cache/remote/calls.ts";
import { Presence } from "../../../lib/cache/remote/presence.ts";
import { PIECES } from "../../../lib/cache/remote/record.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { honest, Member } from "../../support/remote/team.ts";
import { MemoryStore } from "../../support/remote/memory_store.ts";

function setUp() {
  const store = new MemoryStore();
  const clock = new FakeClock();
  const calls = new Calls({ name: "team", store, clock, timeoutMs: 1000, tell: () => {} });
  return { store, presence: new Presence(calls) };
}

const questions = ({ calls }: MemoryStore) => calls.filter((one) => one.startsWith("has "));

Deno.test("what many want to know at the same time is asked in few questions, and nothing twice", async () => {
  const { store, presence } = setUp();
  for (let at = 0; at < 500; at += 2) store.objects.set(`o${at}`, new Uint8Array());
  const { promise, resolve } = Promise.withResolvers<void>();
  store.before = () => promise;
  const names = Array.from({ length: 500 }, (_, at) => `o${at}`);
  const asked = [...names, ...names].map((name) => presence.ask([name]));
  resolve();
  const answers = await Promise.all(asked);
  answers.forEach((there, at) => assert.equal(there.size, at % 2 === 0 ? 1 : 0));
  // The first four are asked at once; the others wait for them and share what is asked next.
  assert.equal(questions(store).length, 4 + Math.ceil(496 / 64));
  for (const one of questions(store)) assert.ok(one.split(" ").length - 1 <= 64);
  assert.equal(questions(store).flatMap((one) => one.split(" ").slice(1)).length, 500);
});

Deno.test("small contents are sent without a question, large ones only where they are not there", async () => {
  const objects = new MemoryStore();
  using first = new Member(objects);
  await first.build("a");
  await first.finish();
  assert.deepEqual(questions(objects), []);
  const noise = new Uint8Array(1 << 20);
  for (let from = 0; from < noise.length; from += 65_536) {
    crypto.getRandomValues(noise.subarray(from, from + 65_536));
  }
  const build = async (member: Member, key: string) => {
    member.write("out/noise", noise);
    await member.build(key, "same");
    await member.finish();
  };
  using second = new Member(objects);
  await build(second, "b");
  assert.equal(questions(objects).length, 1);
  const pieces = objects.names(PIECES).length;
  // The noise is one, and what `build` writes besides can be compressed to little.
  const puts = () => objects.calls.filter((one) => one.startsWith(`put ${PIECES}`)).length;
  const before = puts();
  using third = new Member(objects);
  await build(third, "c");
  assert.equal(objects.names(PIECES).length, pieces);
  assert.equal(puts() - before, 1, "the large content was not sent again");
  using reader = new Member(objects);
  assert.equal(await reader.replay("c"), honest("same"));
});
