import assert from "node:assert/strict";
import type { IndexEntries } from "../../../lib/git/index_file.ts";
import { encodeIndexMemo, readIndexMemo } from "../../../lib/git/index_memo.ts";
import type { Files } from "../../../lib/sys/sys.ts";

const files = (bytes: Uint8Array) => ({ read: () => bytes }) as unknown as Files;

const COMMIT = "0123456789012345678901234567890123456789";

function entriesOf(paths: string[]): IndexEntries {
  return {
    paths,
    text: `\0${paths.join("\0")}\0`,
    starts: Uint32Array.from(paths, (_, at) => 12 + at * 72),
    links: paths.slice(0, 1),
    modules: new Map([[paths.at(-1)!, COMMIT]]),
    skipsRules: paths.length === 2,
  };
}

Deno.test("entries come back as they were, also names that are not ASCII or not UTF-8", () => {
  for (
    const paths of [["a/b", "c d"], ["a", "b", "\u00e9/x"], ["a\udcff", "b"], ["", "new\nline"]]
  ) {
    const entries = entriesOf(paths);
    const bytes = encodeIndexMemo({ seal: "abc/top/", entries });
    assert.deepEqual(readIndexMemo(files(bytes), "", "abc/top/"), entries);
    assert.equal(readIndexMemo(files(bytes), "", "abd/top/"), undefined);
    // As a part of a larger buffer, at an odd place.
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assert.deepEqual(readIndexMemo(files(shifted.subarray(1)), "", "abc/top/"), entries);
  }
});

Deno.test("what is damaged or cut short is not believed", () => {
  const bytes = encodeIndexMemo({ seal: "abc/", entries: entriesOf(["a/b", "c d"]) });
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 1 << bit;
      assert.equal(readIndexMemo(files(damaged), "", "abc/"), undefined, `byte ${at}, bit ${bit}`);
    }
    assert.equal(readIndexMemo(files(bytes.slice(0, at)), "", "abc/"), undefined);
  }
});
