import assert from "node:assert/strict";
import fc from "fast-check";
import { type Sink, type TaskKey, writeKey } from "../../../lib/hash/key.ts";
import { handedOnDigest } from "../../../lib/hash/handed_on.ts";
import { DigestSink, ExplainSink } from "../../../lib/hash/sinks.ts";

const KEY: TaskKey = {
  format: 3,
  task: "lint",
  exec: "ruff check .",
  shell: "sh",
  dir: "",
  platform: "linux-64",
  env: [["A", "1"]],
  passEnv: [["CI", "true"], ["NOPE", undefined]],
  args: ["--fix"],
  artifacts: ["out/*"],
  venv: "active",
  facts: [{ label: "env TOKEN", value: "hunter2", secret: true }],
  files: [{ path: "a/é.py", kind: "file", digest: "sha1:00" }],
  upstream: [["build", "key:11"]],
};

function digest(key: TaskKey): string {
  const sink = new DigestSink();
  writeKey(sink, key);
  return sink.end();
}

Deno.test("the digest of a known key never changes without a new format", () => {
  assert.equal(digest(KEY), "99b034555814b7de127456ff0912ef3b07b05bd24b7ec855f5f19034aad0d1f3");
  assert.equal(
    digest({ ...KEY, exec: ["ruff", "check"] }),
    "d06fefe0bdd1989e81c2f3c78414cd980cdc6e9cc0a88c05c23c24753f12173d",
  );
});

Deno.test("every field is part of the key", () => {
  const changes: Partial<TaskKey>[] = [
    { task: "lint2" },
    { exec: "ruff" },
    { exec: ["ruff check ."] },
    { shell: "bash" },
    { dir: "a" },
    { platform: "osx-64" },
    { env: [["A", "2"]] },
    { env: [] },
    { passEnv: [["CI", "false"], ["NOPE", undefined]] },
    { passEnv: [["CI", "true"], ["NOPE", ""]] },
    { args: [] },
    { artifacts: [] },
    { venv: "other" },
    { facts: [{ label: "env TOKEN", value: "hunter3", secret: true }] },
    { facts: [{ label: "env TOKEN", value: undefined, secret: true }] },
    { facts: [{ label: "env TOKEN", value: "hunter2", secret: false }] },
    { files: [{ path: "a/é.py", kind: "exec", digest: "sha1:00" }] },
    { files: [{ path: "a/é.py", kind: "file", digest: "sha1:01" }] },
    { files: [{ path: "a/e.py", kind: "file", digest: "sha1:00" }] },
    { upstream: [["build", "key:12"]] },
  ];
  const digests = [KEY, ...changes.map((change) => ({ ...KEY, ...change }))].map(digest);
  assert.equal(new Set(digests).size, digests.length);
});

Deno.test("an explanation never tells a secret, yet tells that it changed", () => {
  const lines = (key: TaskKey) => {
    const sink = new ExplainSink(Uint8Array.of(1, 2, 3));
    writeKey(sink, key);
    return sink.lines;
  };
  const text = lines(KEY).join("\n");
  assert(!text.includes("hunter2") && !text.includes("CI\ttrue"));
  const other = { ...KEY, facts: [{ label: "env TOKEN", value: "hunter3", secret: true }] };
  assert.notDeepEqual(lines(other), lines(KEY));
  assert(text.includes("file a/é.py\tfile sha1:00"));
});

Deno.test("names that are not UTF-8 keep apart", () => {
  const named = (path: string) => digest({ ...KEY, files: [{ path, kind: "file", digest: "" }] });
  assert.notEqual(named("a\uDCFF"), named("a\uDCFE"));
  assert.notEqual(named("a\uDCFF"), named("a\uFFFD"));
});

Deno.test("different lists of fields never make the same bytes (seeded)", () => {
  const fields = fc.array(fc.tuple(fc.string(), fc.string(), fc.boolean()), { maxLength: 4 });
  const write = (list: readonly [string, string, boolean][]) => {
    const sink = new DigestSink() as DigestSink & Sink;
    for (const [name, value, secret] of list) {
      if (secret) sink.secret(name, value);
      else sink.field(name, value);
    }
    return sink.end();
  };
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      assert.equal(write(a) === write(b), same);
    }),
    { seed: 20261121, numRuns: Deno.env.get("QIK_LONG") === "1" ? 1_000_000 : 20_000 },
  );
});

Deno.test("long fields are digested whole, across the buffer", () => {
  const long = "é".repeat(200_000);
  const at = (files: TaskKey["files"]) => digest({ ...KEY, files });
  const file = (path: string) => ({ path, kind: "file", digest: "" }) as const;
  assert.notEqual(at([file(`${long}a`)]), at([file(`${long}b`)]));
});

Deno.test("what a task hands on is its artifacts' content, not their exact mode", () => {
  const artifact = { path: "a", kind: "file", mode: 0o644, content: "00" } as const;
  const one = handedOnDigest([artifact]);
  assert.equal(one, handedOnDigest([{ ...artifact, mode: 0o600 }]));
  assert.notEqual(one, handedOnDigest([{ ...artifact, mode: 0o755 }]));
  assert.notEqual(one, handedOnDigest([{ ...artifact, content: "01" }]));
  assert.notEqual(one, handedOnDigest([]));
});
