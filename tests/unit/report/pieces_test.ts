import { oneLine } from "../../../lib/base/one_line.ts";
import assert from "node:assert/strict";
import stringWidth from "string-width";
import { columnsOf, cut, fill } from "../../../lib/report/fit.ts";
import { HeadTail } from "../../../lib/report/head_tail.ts";
import { jsonReporter } from "../../../lib/report/json.ts";
import { plural, shellWord, shorten } from "../../../lib/report/text.ts";
import { concat } from "../../../lib/base/bytes.ts";
import { random } from "../../support/random.ts";
import { assertSameBytes, output, sinkInto } from "./fixture.ts";

const width = (text: string) => stringWidth(text);

Deno.test("head and tail: equal to a naive cut, for any pieces", () => {
  for (let seed = 0; seed < 60; seed++) {
    const below = random(seed);
    const kept = new HeadTail();
    const pieces: Uint8Array[] = [];
    for (let n = below(30); n >= 0; n--) {
      const length = below(4) === 0 ? below(150_000) : below(9000);
      pieces.push(Uint8Array.from({ length }, () => below(256)));
      kept.push(pieces.at(-1)!);
    }
    const whole = concat(pieces);
    const parts: (Uint8Array | number)[] = [];
    kept.read((bytes) => parts.push(bytes), (omitted) => parts.push(omitted));
    const gapAt = parts.findIndex((part) => typeof part === "number");
    const bytesOf = (list: typeof parts) => concat(list as Uint8Array[]);
    assert.equal(kept.length, whole.length);
    if (whole.length <= 131_072) {
      assert.equal(kept.omitted, 0);
      assertSameBytes(bytesOf(parts), whole, `seed ${seed}`);
    } else {
      assert.equal(parts[gapAt], whole.length - 131_072);
      assertSameBytes(bytesOf(parts.slice(0, gapAt)), whole.slice(0, 65_536), `seed ${seed}`);
      assertSameBytes(bytesOf(parts.slice(gapAt + 1)), whole.slice(-65_536), `seed ${seed}`);
    }
  }
});

Deno.test("cut: never wider than asked, never through a character", () => {
  const texts = ["plain text", "日本語のログ", "👨‍👩‍👧 family", "e\u0301e\u0301e\u0301", "", "a日b本"];
  for (const text of texts) {
    for (let columns = 0; columns < 16; columns++) {
      const shown = cut(text, columns, width);
      assert(columnsOf(shown, width) <= columns, `${text} ${columns} ${shown}`);
      if (width(text) <= columns) assert.equal(shown, text);
      else if (columns > 0) assert(shown.endsWith("…") && text.startsWith(shown.slice(0, -1)));
    }
  }
  assert.equal(cut("👨‍👩‍👧 family", 2, width), "…");
  assert.equal(cut("日".repeat(1_000_000), 7, width), "日日日…");
  assert.equal(fill("日本", 6, width), "日本  ");
  assert.equal(fill("abc", 2, width), "abc");
});

Deno.test("text: control characters are written out, words quoted where needed", () => {
  assert.equal(oneLine("a\tb\u0085\u2028é"), "a\\tb\\x85\\u2028é");
  assert.equal(plural(1, "task") + plural(0, "task"), "1 task0 tasks");
  assert.equal(shorten("abcdef", 6), "abcdef");
  assert.equal(shorten("abcdefg", 6), "abcde…");
  assert.equal(shorten("😀😀😀😀", 4), "😀😀😀😀");
  assert.equal(shorten("😀😀😀😀😀", 4), "😀😀😀…");
  assert.equal(shellWord("#x"), "'#x'");
  assert.equal(shellWord("a b"), "'a b'");
  assert.equal(shellWord(""), "''");
});

Deno.test("json: bytes that are not UTF-8 are base64, and come back", () => {
  const lines: string[] = [];
  const reporter = jsonReporter(sinkInto(lines));
  const bytes = Uint8Array.from({ length: 20_000 }, (_, n) => n % 256);
  reporter.on(output("a", bytes, { stream: "err", replayed: true }));
  reporter.on(output("a", "\uFEFFé\n"));
  const [first, second] = lines.map((line) => JSON.parse(line));
  assert.deepEqual(Uint8Array.from(atob(first.base64), (char) => char.charCodeAt(0)), bytes);
  assert.deepEqual([first.v, first.type, first.stream, first.bytes], [
    1,
    "task-output",
    "err",
    undefined,
  ]);
  assert.equal(second.text, "\uFEFFé\n");
});
