/** What is stored damaged becomes whole with the next run that may write, on real servers and by what `:cache` does. */
import assert from "node:assert/strict";
import type { ObjectStore } from "../../mod.ts";
import { openGcsStore } from "../../plugins/gcs/store.ts";
import { openS3Store } from "../../plugins/s3/store.ts";
import { systemNet } from "../../lib/sys/net.ts";
import { Repo } from "../support/repo.ts";
import { bad, fakeFiles } from "../support/remote/fake_net.ts";
import { ObjectServer } from "../support/remote/object_server.ts";
import { BUCKETS, NO_SERVERS, S3_KEYS } from "../support/remote/servers.ts";

const signal = new AbortController().signal;

/** Three contents in several pieces, of which some are larger than what is sent without a question. */
const COMMANDS = `
[commands.build]
exec = "seq 1 900000 > one.txt && seq 1 300000 > two.txt && seq 5 60000 > three.txt && echo built"
deps = ["in.txt"]
artifacts = ["*.txt", ":!in.txt"]
cache = "team"
`;

const files = (plugin: string, cache: string) => ({
  "in.txt": "",
  ".gitignore": "one.txt\ntwo.txt\nthree.txt\n",
  "qik.toml": `[plugins]\n${plugin} = "qik.${plugin}"\n[caches.team]\n${cache}\n${COMMANDS}`,
});

/** Ways to damage an object that leave it in its place. */
const DAMAGES: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array<ArrayBuffer>>> = {
  "a flipped bit": (bytes) => bytes.map((byte, at) => at === bytes.length >> 1 ? byte ^ 1 : byte),
  "half of it": (bytes) => new Uint8Array(bytes.subarray(0, bytes.length >> 1)),
  "nothing": () => new Uint8Array(),
  "more": (bytes) => new Uint8Array([...bytes, 0]),
};

function storeOf(kind: string, url: string): ObjectStore {
  const more = { net: systemNet, clock: { now: () => Date.now() }, files: fakeFiles({}), bad };
  const env = { STORAGE_EMULATOR_HOST: url };
  if (kind === "gcs") {
    return openGcsStore({ name: "team", settings: { bucket: "bucket" }, env, ...more });
  }
  const settings = {
    bucket: "bucket",
    "endpoint-url": url,
    "aws-access-key-id": S3_KEYS.id,
    "aws-secret-access-key": S3_KEYS.secret,
  };
  return openS3Store({ name: "team", settings, env: {}, ...more });
}

async function namesIn(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list!(prefix, { signal })) names.push(name);
  return names;
}

/** Damages every object below a prefix in place. */
async function damage(
  store: ObjectStore,
  prefix: string,
  by: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>,
): Promise<number> {
  const names = await namesIn(store, prefix);
  for (const name of names) {
    const bytes = await new Response(await store.get(name, { signal })).bytes();
    assert.equal(await store.put(name, by(bytes), { signal, replace: true }), "stored");
  }
  return names.length;
}

/** A machine that has never run this before. */
async function fresh(repo: Repo) {
  await repo.remove("._qik", "one.txt", "two.txt", "three.txt");
  return (await repo.must()).err;
}

for (const [kind, { start, env, cache }] of Object.entries(BUCKETS)) {
  Deno.test({
    name: `${kind}: damaged objects are replaced by the next run that may write`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await start();
      await using plain = await Repo.create(files(kind, cache(server.url)));
      const repo = plain.with({ env: env(server.url) });
      const store = storeOf(kind, server.url);
      await repo.must();
      for (const prefix of ["v1/blob/", "v1/rec/"]) {
        for (const [what, by] of Object.entries(DAMAGES)) {
          const count = await damage(store, prefix, by);
          assert.ok(count >= (prefix === "v1/rec/" ? 1 : 5), `${count} objects`);
          const told = await fresh(repo);
          assert.match(told, /\[remote-damaged\]/, what);
          assert.equal(told.split("Warning").length - 1, 1, told);
          const healed = await fresh(repo);
          assert.match(healed, /1 cached|from cache/, `${prefix} ${what}\n${healed}`);
          assert.doesNotMatch(healed, /Warning/);
        }
      }
      const verify = async (...words: string[]) => {
        const { code, out } = await repo.qik(":cache", "verify", "--cache", "team", ...words);
        return `${code} ${out}`;
      };
      assert.match(await verify(), /^0 1 result and \d+ contents are .*, 0 damaged/);
      const count = await damage(store, "v1/blob/", DAMAGES["half of it"]!);
      assert.match(
        await verify(),
        new RegExp(`^1 (damaged .*\n)+.* as written, ${count + 1} damaged`),
      );
      assert.match(await verify("--remove"), new RegExp(`^1 (removed .*\n)+.*, ${count + 1} d`));
      assert.deepEqual(await namesIn(store, "v1/"), []);
      assert.match(await verify(), /^0 0 results are .*, 0 damaged/);
      assert.doesNotMatch(await fresh(repo), /Warning|1 cached/);
      assert.match(await fresh(repo), /1 cached|from cache/);
      // What a newer qik may have written is told and left alone.
      const newer = new TextEncoder().encode('{"payloadType":"v9","payload":"","signatures":[]}');
      await damage(store, "v1/rec/", () => newer);
      assert.match(await verify("--remove"), /^1 damaged .*format is not known/);
      assert.equal((await namesIn(store, "v1/rec/")).length, 1);
    },
  });
}

Deno.test("http: damaged objects are replaced by the next run that may write", async () => {
  await using server = await ObjectServer.start();
  await using repo = await Repo.create(files("http", `type = "http"\nurl = "${server.url}"`));
  await repo.must();
  for (const prefix of ["/cas/", "/ac/"]) {
    for (const [what, by] of Object.entries(DAMAGES)) {
      // Records are wrapped there, and what follows the wrapping is nobody's.
      if (prefix === "/ac/" && what === "more") continue;
      for (const [name, bytes] of server.objects) {
        if (name.startsWith(prefix)) server.objects.set(name, by(bytes));
      }
      assert.match(await fresh(repo), /\[remote-damaged\]/, what);
      const healed = await fresh(repo);
      assert.match(healed, /1 cached|from cache/, `${prefix} ${what}\n${healed}`);
    }
  }
});
