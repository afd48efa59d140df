import assert from "node:assert/strict";
import { newStatRows } from "../../../lib/sys/bulk_stat.ts";
import type { Proof, Table } from "../../../lib/proof/proof.ts";
import { decodeProof, encodeProof } from "../../../lib/proof/proof_file.ts";

function table(names: readonly string[], more: Partial<Table> = {}): Table {
  const rows = newStatRows(names.length);
  rows.words.forEach((_, at) => rows.words[at] = at * 7);
  const bytes = new TextEncoder().encode(names.map((name) => `${name}\0`).join(""));
  return { rows, names: bytes, instead: new Map(), unsettled: [], ...more };
}

const PROOF: Proof = {
  text: {
    root: "/r",
    cacheDir: "/r/c",
    algorithm: "sha1",
    env: { salt: "s", without: ["_"], digest: "d" },
    madeAt: 1,
    shown: { workers: 2, verbosity: 1, emoji: true, raw: false },
    tasks: [{ task: "a", command: "a" }],
    restorable: [{ key: "k", patterns: ["out"], rows: [0] }],
    events: [],
    followed: [["/l", "content", "x"]],
    real: [],
    links: [],
  },
  files: table(["a", "é", "c"], {
    instead: new Map([[1, ["blob", "sha1:00"] as const]]),
    unsettled: [1],
  }),
  directories: table(["."]),
  places: table([]),
};

Deno.test("a proof is read as it was written", () => {
  const { text, ...tables } = decodeProof(encodeProof(PROOF))!;
  assert.deepEqual(text, PROOF.text);
  for (const name of ["files", "directories", "places"] as const) {
    const { rows, names, instead, unsettled } = tables[name];
    assert.deepEqual([...rows.words], [...PROOF[name].rows.words]);
    assert.deepEqual([...names], [...PROOF[name].names]);
    assert.deepEqual({ instead, unsettled }, {
      instead: PROOF[name].instead,
      unsettled: PROOF[name].unsettled,
    });
  }
});

Deno.test("a proof that lies anywhere in memory is read", () => {
  const bytes = encodeProof(PROOF);
  const moved = new Uint8Array(bytes.length + 3);
  moved.set(bytes, 3);
  assert.deepEqual(decodeProof(moved.subarray(3))?.text, PROOF.text);
});

Deno.test("every flipped bit and every missing byte is found", () => {
  const bytes = encodeProof(PROOF);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1 << at % 8;
    assert.equal(decodeProof(damaged), undefined, `byte ${at}`);
    assert.equal(decodeProof(bytes.slice(0, at)), undefined, `cut at ${at}`);
  }
});
