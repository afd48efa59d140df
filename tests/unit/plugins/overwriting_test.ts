import assert from "node:assert/strict";
import { openGcsStore } from "../../../plugins/gcs/store.ts";
import { openHttpStore } from "../../../plugins/http/store.ts";
import { bad, fakeFiles, fakeNet, type Sent } from "../../support/remote/fake_net.ts";

const signal = new AbortController().signal;

function parts(answer: (sent: Sent) => Response) {
  const { net } = fakeNet(answer);
  return { name: "team", net, bad, clock: { now: () => 0 }, files: fakeFiles({}) };
}

/** A role that may create, and neither overwrite nor delete. */
const gcs = openGcsStore({
  ...parts(({ url }) =>
    new Response("", { status: url.includes("ifGenerationMatch=0") ? 200 : 403 })
  ),
  settings: { bucket: "bucket" },
  env: { STORAGE_EMULATOR_HOST: "127.0.0.1:1" },
});

const http = openHttpStore({
  ...parts(({ method, headers }) =>
    method === "HEAD"
      ? new Response(null, { status: 404 })
      : new Response("", { status: headers.get("If-None-Match") === null ? 403 : 201 })
  ),
  settings: { url: "http://127.0.0.1:1" },
  env: {},
});

for (const [kind, store] of Object.entries({ gcs, http })) {
  Deno.test(`${kind}: what may not be overwritten stays, and writing goes on`, async () => {
    const put = (replace: boolean) =>
      store.put("v1/rec/a/b.0", new Uint8Array(3), { signal, replace });
    assert.equal(await put(true), "exists");
    assert.equal(await put(false), "stored");
  });
}
