import assert from "node:assert/strict";
import { readManifest } from "../../../lib/cache/manifest.ts";

const MANIFEST = {
  schema: 1,
  key: "a".repeat(64),
  task: "build",
  exit: 0,
  tookMs: 12,
  storedAt: 1_700_000_000_000,
  log: { digest: "b".repeat(64), size: 0, turns: [] },
  artifacts: [],
};

const ORIGIN = {
  remote: "ci",
  scope: "shared",
  producer: { at: 1_700_000_000_000, qik: "0.1.0", arch: "linux-x86_64" },
};

Deno.test("a manifest without an origin is of a result that was made here", () => {
  assert.deepEqual(readManifest(MANIFEST), MANIFEST);
});

Deno.test("an origin that is told in full is kept", () => {
  const manifest = readManifest({ ...MANIFEST, origin: ORIGIN });
  assert.deepEqual(typeof manifest === "string" ? manifest : manifest.origin, ORIGIN);
});

Deno.test("a result whose origin is told in part never counts as made here", () => {
  for (const part of [null, "ci", {}, { ...ORIGIN, producer: {} }, { ...ORIGIN, scope: 1 }]) {
    assert.equal(readManifest({ ...MANIFEST, origin: part }), "its origin is not told in full");
  }
});
