import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, decodeName, encodeName, hasEscapedBytes } from "../../../lib/base/bytes.ts";

Deno.test("every byte string survives the round trip through a name", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    assert.deepEqual(encodeName(decodeName(bytes)), new Uint8Array(bytes));
  }));
});

Deno.test("two byte strings never share a name", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      const equal = a.length === b.length && a.every((byte, i) => byte === b[i]);
      assert.equal(decodeName(a) === decodeName(b), equal);
    }),
  );
});

Deno.test("valid UTF-8 is decoded as such, byte order mark included", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    fc.pre(text.isWellFormed());
    const bytes = new TextEncoder().encode(text);
    assert.equal(decodeName(bytes), text);
    assert.equal(hasEscapedBytes(text), false);
  }));
  assert.equal(decodeName(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
});

Deno.test("bytes that are not UTF-8 are escaped one by one", () => {
  const escaped = (...bytes: number[]) => decodeName(Uint8Array.from(bytes));
  assert.equal(escaped(0xff), "\udcff");
  assert.equal(escaped(0xc3), "\udcc3", "cut short at the end");
  assert.equal(escaped(0xc3, 0x41), "\udcc3A", "cut short by a letter");
  assert.equal(escaped(0xc0, 0x80), "\udcc0\udc80", "overlong");
  assert.equal(escaped(0xed, 0xb2, 0x80), "\udced\udcb2\udc80", "an encoded surrogate");
  assert.equal(escaped(0xf4, 0x90, 0x80, 0x80), "\udcf4\udc90\udc80\udc80", "beyond Unicode");
  assert.equal(escaped(0xe6, 0x97, 0xa5, 0xff), "日\udcff", "valid letters beside it stay");
  assert.equal(hasEscapedBytes("a\udcff"), true);
  assert.equal(hasEscapedBytes("\ud83d\udc80"), false, "the second half of a pair is no escape");
});

Deno.test("joining keeps order and yields a new array", () => {
  const part = Uint8Array.of(1, 2);
  const whole = concat([part, new Uint8Array(), Uint8Array.of(3)]);
  assert.deepEqual([...whole], [1, 2, 3]);
  part[0] = 9;
  assert.equal(whole[0], 1);
  assert.equal(concat([]).length, 0);
});
