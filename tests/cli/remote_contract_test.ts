/** The contract of stores, held by every built-in one on a real server. */
import { type ObjectStore, StoreFault } from "../../mod.ts";
import { openGcsStore } from "../../plugins/gcs/store.ts";
import { openHttpStore } from "../../plugins/http/store.ts";
import { openS3Store } from "../../plugins/s3/store.ts";
import { storeContract } from "../../testing.ts";
import { systemNet } from "../../lib/sys/net.ts";
import { bad, fakeFiles } from "../support/remote/fake_net.ts";
import { MemoryStore } from "../support/remote/memory_store.ts";
import { NO_SERVERS, S3_KEYS, startGcs, startNginx, startS3 } from "../support/remote/servers.ts";

function request<Settings>(settings: Settings, env: Record<string, string> = {}) {
  const clock = { now: () => Date.now() };
  return { name: "team", settings, env, bad, net: systemNet, clock, files: fakeFiles({}) };
}

const KINDS = {
  S3: {
    lists: true,
    start: startS3,
    open: (url: string) =>
      openS3Store(request({
        bucket: "bucket",
        prefix: "a b/c+d",
        "endpoint-url": url,
        "aws-access-key-id": S3_KEYS.id,
        "aws-secret-access-key": S3_KEYS.secret,
      })),
  },
  GCS: {
    lists: true,
    start: startGcs,
    open: (url: string) =>
      openGcsStore(request({ bucket: "bucket", prefix: "a/b" }, { STORAGE_EMULATOR_HOST: url })),
  },
  HTTP: {
    lists: false,
    start: startNginx,
    open: (url: string) => openHttpStore(request({ url: `${url}/cache` })),
  },
};

for (const [kind, { lists, start, open }] of Object.entries(KINDS)) {
  Deno.test({
    name: `stores: ${kind}`,
    ignore: NO_SERVERS,
    async fn(context) {
      await using server = await start();
      for (const { name, run } of storeContract({ lists })) {
        await context.step(name, () => run(open(server.url)));
      }
    },
  });
}

Deno.test("stores: the contract finds what is wrong", async (context) => {
  const broken: Record<string, (store: MemoryStore) => ObjectStore> = {
    "a put that overwrites": (store) =>
      Object.assign(store, {
        put: (name: string, bytes: Uint8Array<ArrayBuffer>) => {
          store.objects.set(name, bytes);
          return Promise.resolve("stored" as const);
        },
      }),
    "a get that fails for what is absent": (store) =>
      Object.assign(store, {
        get: () => Promise.reject(new StoreFault("odd", "404")),
      }),
    "a list of everything": (store) => {
      const list = store.list.bind(store);
      return Object.assign(store, { list: () => list("") });
    },
  };
  for (const [name, make] of Object.entries(broken)) {
    await context.step(name, async () => {
      const store = make(new MemoryStore());
      const failures = [];
      for (const { run } of storeContract({ lists: true })) {
        await run(store).catch((error) => failures.push(error));
      }
      // Besides that a store in memory does not look at signals.
      if (failures.length < 2) throw new Error("nothing was found");
    });
  }
});
