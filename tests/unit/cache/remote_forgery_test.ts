/** What even an accepted key may not make anybody do (RELIABILITY section 4, H1). */
import assert from "node:assert/strict";
import { closeEnvelope } from "../../../lib/cache/remote/envelope.ts";
import { recordName } from "../../../lib/cache/remote/record.ts";
import { compressZstd, decompressZstd } from "../../../lib/sys/zstd.ts";
import { keyOf } from "../../support/cache_room.ts";
import { honest, Member, signedStore } from "../../support/remote/team.ts";

type Forged = { key: string; scope: string; manifest: ForgedManifest; producer: { at: number } };
type ForgedManifest = { key: string; task: string; exit: number; artifacts: ForgedArtifact[] };
type ForgedArtifact = {
  path: string;
  kind: string;
  mode: number;
  size: number;
  content: string;
};

/** Changes to an honest record. */
const FORGERIES: Readonly<Record<string, (record: Forged) => void>> = {
  ...Object.fromEntries(
    [
      "../escaped",
      "out/../../escaped",
      "/tmp/qik-escaped",
      "out/./small",
      "out//small",
      ".git/hooks/pre-commit",
      "out/.git/config",
      ".GIT/config",
      "qik.toml",
      "._qik/state/x",
      "elsewhere/small",
      "out\\..\\..\\escaped",
      "C:/escaped",
      "out/small\u0000",
      "",
      ".",
    ].map((path) => [
      `a path: ${JSON.stringify(path)}`,
      ({ manifest: { artifacts } }: Forged) => {
        artifacts.find((one) => one.path === "out/small")!.path = path;
      },
    ]),
  ),
  "a path twice": ({ manifest: { artifacts } }) => void artifacts.push({ ...artifacts[0]! }),
  "a path below a file": ({ manifest: { artifacts } }) =>
    void artifacts.push({ ...artifacts[0]!, path: "out/small/below" }),
  "a link that leads out": ({ manifest: { artifacts } }) => {
    const content = keyOf("../../../escaped");
    artifacts.push({ path: "out/way", kind: "link", mode: 0, size: 16, content });
  },
  "a device": ({ manifest: { artifacts } }) => void (artifacts[0]!.kind = "device"),
  "a size that is not its content's": ({ manifest: { artifacts } }) =>
    void (artifacts[0]!.size += 1),
  "a content that nobody has": ({ manifest: { artifacts } }) =>
    void (artifacts[0]!.content = keyOf("nothing")),
  "the manifest of another key": ({ manifest }) => void (manifest.key = keyOf("other")),
  "fields that are shifted": (record) => {
    record.scope = "share";
    record.key = `d${record.key}`;
  },
  "no time": ({ producer }) => void (producer.at = NaN),
};

/** Changes a record and signs it anew, as whoever holds an accepted key can. */
async function forgeIn(
  { objects, trusted }: Awaited<ReturnType<typeof signedStore>>,
  forge: (record: Forged) => void,
): Promise<void> {
  const name = recordName("shared", keyOf("k"), trusted.id);
  const envelope = JSON.parse(new TextDecoder().decode(objects.objects.get(name)));
  const payload = Uint8Array.from(atob(envelope.payload), (char) => char.charCodeAt(0));
  const inner = JSON.parse(new TextDecoder().decode(await decompressZstd(payload, 1 << 26)));
  forge(inner);
  const changed = await compressZstd(new TextEncoder().encode(JSON.stringify(inner)));
  objects.objects.set(name, await closeEnvelope(new Uint8Array(changed), trusted.signKey));
}

for (const [name, forge] of Object.entries(FORGERIES)) {
  Deno.test(`a record that is signed, but holds ${name}`, async () => {
    const store = await signedStore();
    await forgeIn(store, forge);
    using reader = new Member(store.objects, { acceptKeys: store.acceptKeys });
    assert.equal(await reader.replay("k"), undefined);
    const escaped = reader.tree("..").filter((line) => line.includes("escaped"));
    assert.deepEqual([...reader.tree(), ...escaped], [], "nothing was written");
    assert.ok(reader.problems.length <= 1);
  });
}

Deno.test("a record that is signed anew and says the same is used: the tests above can fail", async () => {
  const store = await signedStore();
  await forgeIn(store, () => {});
  using reader = new Member(store.objects, { acceptKeys: store.acceptKeys });
  assert.equal(await reader.replay("k"), honest("k"));
});

Deno.test("bits of a mode that give somebody else's rights are not restored", async () => {
  const store = await signedStore();
  await forgeIn(store, ({ manifest: { artifacts } }) => {
    artifacts.find(({ path }) => path === "out/small")!.mode = 0o6755;
  });
  using reader = new Member(store.objects, { acceptKeys: store.acceptKeys });
  await reader.replay("k");
  for (const line of reader.tree()) assert.doesNotMatch(line, /^file [2467]\d{3} /);
});

Deno.test("an old record that was put back in the place of a newer one is of the same key, or is not used", async () => {
  const { objects, trusted, acceptKeys } = await signedStore();
  const old = objects.objects.get(recordName("shared", keyOf("k"), trusted.id))!;
  using writer = new Member(objects, { signKey: trusted.signKey });
  await writer.build("newer");
  await writer.finish();
  objects.objects.set(recordName("shared", keyOf("newer"), trusted.id), old);
  using reader = new Member(objects, { acceptKeys });
  assert.equal(await reader.replay("newer"), undefined);
  assert.equal(await reader.replay("k"), honest("k"));
});
