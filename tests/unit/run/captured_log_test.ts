import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogWriter } from "../../../lib/run/captured_log.ts";
import { openSys } from "../../../lib/sys/open.ts";

const { files } = openSys();
const encode = (text: string) => new TextEncoder().encode(text);

/** Writes the pieces into a log of the given limit and answers what it then is. */
function logged(limit: number, pieces: Iterable<readonly ["out" | "err", Uint8Array]>) {
  const directory = mkdtempSync(join(tmpdir(), "qik-log-"));
  try {
    const log = new LogWriter(files, join(directory, "a.out"), limit);
    for (const [stream, bytes] of pieces) log.write(stream, bytes);
    const end = log.end();
    return { ...end, text: readFileSync(join(directory, "a.out"), "latin1") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("a log within its limit is whole", () => {
  const { text, cut, log } = logged(5, [["out", encode("abc")], ["err", encode("de")]]);
  assert.deepEqual([text, cut, log.turns], ["abcde", false, [3, -2]]);
});

Deno.test("of a log that is cut the start and the end are kept", () => {
  const { text, cut, log } = logged(4, [["out", encode("abcdef")], ["err", encode("the end")]]);
  assert.equal(cut, true);
  assert.match(text, /^abcd\n\[qik: the log was cut[^]*\]\nefthe end$/);
  assert.equal(log.turns.reduce((sum, turn) => sum + Math.abs(turn), 0), text.length);
});

Deno.test("the end of endless output is bounded, also where it comes byte by byte", () => {
  const most = 1024 * 1024;
  function* pieces(): Generator<readonly ["out", Uint8Array]> {
    for (let at = 0; at < 3 * most; at++) yield ["out", Uint8Array.of(97 + at % 26)];
    yield ["out", encode("LAST")];
  }
  const { text } = logged(10, pieces());
  assert(text.endsWith("LAST"));
  assert(text.length < most + 200, `${text.length} bytes`);
});
