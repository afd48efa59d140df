/** Whose entries are used, and that nothing else is (RELIABILITY section 4, R2, R5). */
import { setImmediate } from "node:timers";
import assert from "node:assert/strict";
import { ciRun } from "../../../lib/cache/remote/ci.ts";
import { closeEnvelope } from "../../../lib/cache/remote/envelope.ts";
import { PIECES, recordName, RECORDS } from "../../../lib/cache/remote/record.ts";
import { remotePolicy, type TrustSettings } from "../../../lib/cache/remote/trust.ts";
import { compressZstd, decompressZstd } from "../../../lib/sys/zstd.ts";
import { keyOf } from "../../support/cache_room.ts";
import { random as seeded } from "../../support/random.ts";
import { fakeFiles } from "../../support/remote/fake_net.ts";
import { MemoryStore } from "../../support/remote/memory_store.ts";
import { honest, keys, Member, signedStore } from "../../support/remote/team.ts";

const full = (Deno.env.get("QIK_TORTURE") ?? "") === "full";

Deno.test("a signed entry is used by those who accept its key, and tells who made it", async () => {
  const { objects, trusted, acceptKeys } = await signedStore();
  using reader = new Member(objects, { acceptKeys });
  const lookup = await reader.remote.get(keyOf("k"));
  assert.ok(lookup.found);
  const origin = lookup.hit.manifest.origin;
  assert.equal(origin?.keyId, trusted.id);
  assert.equal(origin?.scope, "shared");
  assert.equal(await reader.replay("k"), honest("k"));
  assert.deepEqual(reader.problems, []);
});

Deno.test("an entry without a signature, or with another's, is a miss", async () => {
  const { objects } = await signedStore();
  const other = await keys();
  using unsigned = new Member(objects);
  await unsigned.build("plain");
  await unsigned.finish();
  using reader = new Member(objects, { acceptKeys: [other.accept] });
  assert.equal(await reader.replay("k"), undefined);
  assert.equal(await reader.replay("plain"), undefined);
  // Also where it stands under the name of the accepted key.
  const bytes = objects.objects.get(recordName("shared", keyOf("plain"), "0"))!;
  objects.objects.set(recordName("shared", keyOf("plain"), other.id), bytes);
  assert.equal(await reader.replay("plain"), undefined);
  assert.deepEqual(reader.problems.map(({ code }) => code), ["remote-damaged"]);
});

Deno.test("what an older configuration brought here is not used under stricter rules", async () => {
  const objects = new MemoryStore();
  using member = new Member(objects);
  using writer = new Member(objects);
  await writer.build("k");
  await writer.finish();
  assert.equal(await member.replay("k"), honest("k"));
  const { accept } = await keys();
  using strict = new Member(objects, { acceptKeys: [accept] });
  const entry = member.files.read(
    `${member.store}/v1/entries/${keyOf("k").slice(0, 2)}/${keyOf("k")}.json`,
  )!;
  strict.files.writeAtomic(
    `${strict.store}/v1/entries/${keyOf("k").slice(0, 2)}/${keyOf("k")}.json`,
    entry,
  );
  assert.equal((await strict.remote.get(keyOf("k"))).found, false);
});

Deno.test("a key that is accepted until a day vouches for nothing later", async () => {
  const objects = new MemoryStore();
  const old = await keys(" until 2001-01-01");
  using writer = new Member(objects, { signKey: old.signKey });
  await writer.build("k");
  await writer.finish();
  using reader = new Member(objects, { acceptKeys: [old.accept] });
  assert.equal(await reader.replay("k"), undefined);
});

/** Ways to change what a store holds, each told what it holds. */
const TAMPERING: Readonly<Record<string, (objects: MemoryStore, id: string) => Promise<void>>> = {
  "a record of another key under this one's name": async (objects, id) => {
    move(objects, recordName("shared", keyOf("other"), id), recordName("shared", keyOf("k"), id));
    await Promise.resolve();
  },
  "a record of another scope": (objects, id) => {
    const from = recordName("pr/1", keyOf("k"), id);
    move(objects, from, recordName("shared", keyOf("k"), id));
    return Promise.resolve();
  },
  "a payload changed behind its signature": async (objects, id) => {
    const name = recordName("shared", keyOf("k"), id);
    const envelope = JSON.parse(text(objects.objects.get(name)!));
    const payload = Uint8Array.from(atob(envelope.payload), (char) => char.charCodeAt(0));
    const inner = JSON.parse(text(await decompressZstd(payload, 1 << 26)));
    inner.manifest.exit = 7;
    const changed = await compressZstd(bytes(JSON.stringify(inner)));
    envelope.payload = btoa(String.fromCharCode(...changed));
    objects.objects.set(name, bytes(JSON.stringify(envelope)));
  },
  "the same, signed anew by a key that is not accepted": async (objects, id) => {
    const name = recordName("shared", keyOf("k"), id);
    const envelope = JSON.parse(text(objects.objects.get(name)!));
    const payload = Uint8Array.from(atob(envelope.payload), (char) => char.charCodeAt(0));
    const { signKey } = await keys();
    const forged = JSON.parse(text(await closeEnvelope(payload, signKey)));
    for (const one of forged.signatures) one.keyid = id;
    objects.objects.set(name, bytes(JSON.stringify(forged)));
  },
  "a page of HTML": (objects) => replaceAll(objects, RECORDS, bytes("<html>no</html>")),
  "an empty record": (objects) => replaceAll(objects, RECORDS, new Uint8Array()),
  "a record as long as can be": (objects) =>
    replaceAll(objects, RECORDS, new Uint8Array(5_000_000).fill(32)),
  "contents that were swapped for others": (objects) => {
    const pieces = objects.names(PIECES);
    const kept = pieces.map((name) => objects.objects.get(name)!);
    pieces.forEach((name, at) => objects.objects.set(name, kept[(at + 1) % kept.length]!));
    return Promise.resolve();
  },
  "contents that are gone": (objects) => {
    for (const name of objects.names(PIECES)) objects.objects.delete(name);
    return Promise.resolve();
  },
  "a content that is a bomb of zstd": async (objects) =>
    await replaceAll(
      objects,
      PIECES,
      new Uint8Array(await compressZstd(new Uint8Array(64 << 20))),
    ),
};

for (const [name, tamper] of Object.entries(TAMPERING)) {
  Deno.test(`tampering: ${name}`, async () => {
    const trusted = await keys();
    const objects = new MemoryStore();
    for (const [scope, entry] of [["shared", "k"], ["shared", "other"], ["pr/1", "k"]] as const) {
      using writer = new Member(objects, { signKey: trusted.signKey, scope });
      await writer.build(entry, `${entry} of ${scope}`);
      await writer.finish();
    }
    await tamper(objects, trusted.id);
    using reader = new Member(objects, { acceptKeys: [trusted.accept] });
    assert.equal(await reader.replay("k"), undefined);
    assert.ok(reader.problems.length <= 1);
    // Whoever builds it anew mends what he has seen to be wrong.
    using builder = new Member(objects, { acceptKeys: [trusted.accept], signKey: trusted.signKey });
    assert.equal(await builder.replay("k"), undefined);
    await builder.build("k", "k of shared");
    await builder.finish();
    using next = new Member(objects, { acceptKeys: [trusted.accept] });
    assert.equal(await next.replay("k"), honest("k of shared"));
  });
}

Deno.test("flipped bits and cut ends: never another result than the honest one", async () => {
  const { objects, acceptKeys } = await signedStore();
  const whole = new Map(objects.objects);
  const random = seeded(11);
  for (let round = 0; round < (full ? 5_000 : 150); round += 1) {
    objects.objects.clear();
    for (const [name, kept] of whole) objects.objects.set(name, kept.slice());
    const names = [...whole.keys()];
    const name = names[random(names.length)]!;
    const target = objects.objects.get(name)!;
    const at = random(target.length);
    if (round % 3 === 0) objects.objects.set(name, target.slice(0, at));
    else target[at]! ^= 1 << random(8);
    using reader = new Member(objects, { acceptKeys });
    const replayed = await reader.replay("k");
    assert.ok(replayed === undefined || replayed === honest("k"), `round ${round}`);
  }
});

Deno.test("an upload that dies at any point is never a hit elsewhere", async () => {
  let points = 0;
  for (let at = 1;; at += 1) {
    const objects = new MemoryStore();
    let calls = 0;
    objects.before = () => (calls += 1) >= at ? new Promise(() => {}) : undefined;
    using writer = new Member(objects);
    for (const name of [..."abcdef"]) await writer.build(name);
    const done = writer.finish().then(() => "done");
    const stuck = await Promise.race([done, ends(() => calls >= at)]);
    objects.before = () => {};
    using reader = new Member(objects);
    for (const name of [..."abcdef"]) {
      const replayed = await reader.replay(name);
      assert.ok(replayed === undefined || replayed === honest(name), `${name} at ${at}`);
    }
    assert.deepEqual(reader.problems, []);
    writer.remote.stop();
    points += 1;
    if (stuck === "done" && calls < at) break;
  }
  assert.ok(points > 8, `${points} points`);
});

Deno.test("fifty writers of one key leave one record, and none fails", async () => {
  const objects = new MemoryStore();
  const members = Array.from({ length: 50 }, () => new Member(objects));
  await Promise.all(members.map((member, at) => member.build("k", `${at}`)));
  await Promise.all(members.map((member) => member.finish()));
  assert.equal(objects.names(RECORDS).length, 1);
  for (const member of members) {
    assert.deepEqual(member.problems, []);
    member[Symbol.dispose]();
  }
  using reader = new Member(objects);
  const replayed = await reader.replay("k");
  assert.ok(members.some((_, at) => replayed === honest(`${at}`)), replayed);
});

Deno.test("what a pull request writes is never seen by those who read the trusted scope", async () => {
  const objects = new MemoryStore();
  const random = seeded(5);
  const odd = [
    "pr/1",
    "pr/../trusted",
    "trusted",
    "trusted/main/x",
    "./trusted/main",
    "pr/1/..",
    "",
  ];
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const parts = Array.from(
      { length: 1 + attempt % 4 },
      () => odd[random(odd.length)]!,
    );
    const scope = parts.join(random(2) === 0 ? "/" : "%2f");
    const settings = { scope, mode: "read-write" };
    const policy = await policyOf(settings).catch(() => undefined);
    if (policy === undefined) continue;
    assert.doesNotMatch(policy.scope, /(^|\/)\.\.?(\/|$)|%|^\/|\/$|\/\//);
    if (policy.scope === "trusted/main") continue;
    assert.notEqual(
      recordName(policy.scope, keyOf("k"), "0"),
      recordName("trusted/main", keyOf("k"), "0"),
    );
  }
  using attacker = new Member(objects, { scope: "pr/1", readScopes: ["pr/1"] });
  await attacker.build("k", "poison");
  await attacker.finish();
  using trusted = new Member(objects, { scope: "trusted/main", readScopes: ["trusted/main"] });
  assert.equal(await trusted.replay("k"), undefined);
  await trusted.build("k", "honest");
  await trusted.finish();
  using pull = new Member(objects, { scope: "pr/2", readScopes: ["pr/2", "trusted/main"] });
  assert.equal(await pull.replay("k"), honest("honest"));
});

const NOTHING = fakeFiles({});

function policyOf(settings: TrustSettings, env: Record<string, string> = {}, files = NOTHING) {
  return remotePolicy({
    name: "team",
    settings,
    ci: ciRun(env, files),
    trust: env["QIK_TRUST"],
    readFile: files.read,
    qik: "0",
    arch: "linux-64",
  });
}

Deno.test("without a word about it, pull requests only read", async () => {
  const event = (head: string) =>
    fakeFiles({
      "/event": JSON.stringify({
        pull_request: { head: { repo: { full_name: head } }, base: { repo: { full_name: "o/r" } } },
      }),
    });
  const github = { GITHUB_ACTIONS: "true", GITHUB_EVENT_PATH: "/event" };
  const pull = { ...github, GITHUB_EVENT_NAME: "pull_request" };
  const own = event("o/r");
  const writes = async (...call: Parameters<typeof policyOf>) => (await policyOf(...call)).writes;
  assert.equal(await writes({}), true);
  assert.equal(await writes({}, { ...github, GITHUB_EVENT_NAME: "push" }), true);
  assert.equal(await writes({}, pull, own), false);
  assert.equal(await writes({ scope: "pr/7" }, pull, own), true);
  assert.equal(await writes({ scope: "pr/7" }, pull, event("evil/r")), false);
  assert.equal(await writes({ scope: "pr/7" }, pull, NOTHING), false);
  assert.equal(await writes({ mode: "read-write" }, pull, event("evil/r")), true);
  const target = { ...github, GITHUB_EVENT_NAME: "pull_request_target" };
  assert.equal(await writes({ scope: "pr/7" }, target, event("evil/r")), false);
  for (const name of ["issue_comment", "discussion_comment", "workflow_run"]) {
    assert.equal(await writes({}, { ...github, GITHUB_EVENT_NAME: name }), false, name);
  }
  const circle = { CIRCLECI: "true", CIRCLE_PULL_REQUEST: "https://x/1" };
  assert.equal(await writes({}, circle), false);
  assert.equal(await writes({ scope: "pr/1" }, circle), true);
  assert.equal(await writes({ scope: "pr/1" }, { ...circle, CIRCLE_PR_NUMBER: "1" }), false);
  const gitlab = { GITLAB_CI: "true", CI_MERGE_REQUEST_IID: "3", CI_MERGE_REQUEST_PROJECT_ID: "1" };
  assert.equal(await writes({ scope: "pr/3" }, gitlab), false);
  await assert.rejects(policyOf({ mode: "readonly" }), /Cannot use the mode "readonly"/);
  await assert.rejects(policyOf({ signKey: "canary-no-key" }), (error: Error) => {
    return error.message.includes("no secret key") && !error.message.includes("canary");
  });
});

Deno.test("a key is named by QIK_TRUST whatever the configuration says", async () => {
  const [named, written] = [await keys(), await keys()];
  const settings = { acceptKeys: [written.publicKey] };
  const ids = async (env: Record<string, string>) =>
    (await policyOf(settings, env)).acceptKeys?.map(({ id }) => id);
  assert.deepEqual(await ids({}), [written.id]);
  assert.deepEqual(await ids({ QIK_TRUST: named.publicKey }), [named.id]);
  assert.equal(await ids({ QIK_TRUST: "any" }), undefined);
});

/** Resolves when the condition holds, which some promise is on its way to make true. */
async function ends(holds: () => boolean): Promise<"stuck"> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  // What was under way when the process died comes to its end.
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return "stuck";
}

function move(objects: MemoryStore, from: string, to: string): void {
  const kept = objects.objects.get(from);
  assert.ok(kept !== undefined, from);
  objects.objects.set(to, kept);
}

function replaceAll(
  { objects }: MemoryStore,
  prefix: string,
  by: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (const name of objects.keys()) if (name.startsWith(prefix)) objects.set(name, by);
  return Promise.resolve();
}

const text = (given: Uint8Array) => new TextDecoder().decode(given);
const bytes = (given: string) => new TextEncoder().encode(given);
