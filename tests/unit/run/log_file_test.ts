import assert from "node:assert/strict";
import fc from "fast-check";
import { logPath } from "../../../lib/run/log_file.ts";

const nameOf = (task: string) => logPath(task).slice("._qik/out/".length);

Deno.test("log file: names stay readable", () => {
  assert.equal(nameOf("lint@app#api"), "lint@app#api.out");
  assert.equal(nameOf("pkg/lint?a=b&c=d"), "pkg%2flint%3fa=b%26c=d.out");
  assert.equal(nameOf("é"), "%c3%a9.out");
  assert.equal(nameOf(".."), "...out");
});

Deno.test("log file: names that differ in case only differ in more", () => {
  assert.equal(nameOf("Lint"), "!lint.out");
  assert.notEqual(nameOf("Lint").toLowerCase(), nameOf("lint").toLowerCase());
});

Deno.test("log file: device names of Windows are avoided", () => {
  assert.equal(nameOf("con"), "%63on.out");
  assert.equal(nameOf("nul.x"), "%6eul.x.out");
  assert.equal(nameOf("console"), "console.out");
});

Deno.test("log file: names that are not UTF-8 are told apart", () => {
  assert.notEqual(nameOf("a\udcff"), nameOf("a\udcfe"));
});

Deno.test("log file: long names differ at their ends, too", () => {
  const long = "x".repeat(400);
  assert.notEqual(nameOf(`${long}1`), nameOf(`${long}2`));
  assert.equal(nameOf(long).length, 255);
  assert.equal(nameOf("x".repeat(251)), `${"x".repeat(251)}.out`);
  assert.match(nameOf("x".repeat(252)), /~[0-9a-f]{64}\.out$/);
});

Deno.test("log file: one safe name for each task, no name for two", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ unit: fc.constantFrom("a", "A", "!", "%", "2", "f", "F", "/", "~"), maxLength: 8 }),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [one, other] = [nameOf(a), nameOf(b)];
      assert.match(one, /^[a-z0-9._@#=+,!%~-]*\.out$/);
      assert(one.length <= 255);
      if (a.isWellFormed() && b.isWellFormed()) {
        assert.equal(one.toLowerCase() === other.toLowerCase(), a === b);
      }
    }),
    { numRuns: 1000, seed: 4711 },
  );
});
