import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../../lib/base/duration.ts";
import { nearest } from "../../../lib/base/nearest.ts";
import { byCodeUnit } from "../../../lib/base/order.ts";

Deno.test("durations are read in every unit and refused in every other form", () => {
  const read: [string, number | undefined][] = [
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["250ms", 250],
    ["2h30m", 9_000_000],
    ["1d", 86_400_000],
    ["0s", undefined],
    ["", undefined],
    ["90", undefined],
    ["s", undefined],
    ["-5s", undefined],
    ["5 s", undefined],
    ["5S", undefined],
    ["1.s", undefined],
    ["5s ", undefined],
    ["5s\n", undefined],
    ["9".repeat(400) + "d", undefined],
  ];
  for (const [text, ms] of read) assert.equal(parseDuration(text), ms, JSON.stringify(text));
});

Deno.test("durations are written in the unit that people would use", () => {
  const written: [number, string][] = [
    [0, "0ms"],
    [0.4, "0ms"],
    [12.4, "12ms"],
    [999.4, "999ms"],
    [999.6, "1.0s"],
    [3_440, "3.4s"],
    [59_949, "59.9s"],
    [59_960, "1m00s"],
    [125_000, "2m05s"],
    [3_599_499, "59m59s"],
    [3_599_600, "1h00m"],
    [3_720_000, "1h02m"],
    [172_700_000, "47h58m"],
    [360_000_000, "4d04h"],
    [2_592_000_000, "30d"],
  ];
  for (const [ms, text] of written) assert.equal(formatDuration(ms), text, String(ms));
});

Deno.test("a written duration never shows a whole 60 of a unit", () => {
  const numbers = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(fc.property(numbers, (ms) => {
    const text = formatDuration(ms);
    assert.doesNotMatch(text, /(?<!\d)60(\.\d)?[sm]|1000ms/, text);
  }));
});

Deno.test("the nearest names come first, unlike ones not at all", () => {
  const names = ["lint", "list", "test", "format", "lint-all"];
  assert.deepEqual(nearest("lnit", names), ["lint"]);
  assert.deepEqual(nearest("lit", names), ["lint", "list"]);
  assert.deepEqual(nearest("LINT", names).slice(0, 1), ["lint"]);
  assert.deepEqual(nearest("deploy", names), []);
  assert.deepEqual(nearest("", names), []);
  assert.deepEqual(nearest("test", names, 1), ["test"]);
  assert.deepEqual(nearest("x", []), []);
});

Deno.test("very long names cost nothing", () => {
  const long = "x".repeat(1_000_000);
  assert.deepEqual(nearest(long, [long]), []);
  assert.deepEqual(nearest("lint", [long, "lint"]), ["lint"]);
});

Deno.test("order is total and the same as that of the code units", () => {
  const texts = fc.string({ unit: "binary", maxLength: 4 });
  const units = (text: string) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  fc.assert(fc.property(texts, texts, (a, b) => {
    const [x, y] = [units(a), units(b)];
    const at = x.findIndex((unit, i) => unit !== y[i]);
    const slow = at === -1 ? x.length - y.length : y[at] === undefined ? 1 : x[at]! - y[at];
    assert.equal(Math.sign(byCodeUnit(a, b)), Math.sign(slow));
  }));
});
