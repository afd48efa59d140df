import assert from "node:assert/strict";
import { consoleSteps, looksLike } from "../../../scripts/docs/transcript.ts";

Deno.test("durations and digests may differ, nothing else", () => {
  assert.ok(looksLike("ran lint 12ms\n", "ran lint 3.4s\n"));
  assert.ok(looksLike("took 2m05s\n", "took 7ms\n"));
  assert.ok(looksLike("key 9f86d081884c7d65\n", "key 0123456789ab\n"));
  assert.ok(!looksLike("ran lint 12ms\n", "ran test 12ms\n"));
  assert.ok(!looksLike("12 tasks\n", "13 tasks\n"));
  assert.ok(!looksLike("a\nb\n", "a\n"));
  assert.ok(!looksLike("a\n", "a\nb\n"));
  assert.ok(!looksLike("ab\n", "a.\n"));
});

Deno.test("… stands for the rest of a line, alone for any number of lines", () => {
  for (const shown of ["a … c\n", "…\n", "…\na b c\n", "a b c\n…\n", "…\na…\n…\n"]) {
    assert.ok(looksLike("a b c\n", shown), shown);
  }
  assert.ok(looksLike("1\n2\n3\n", "1\n…\n3\n"));
  assert.ok(!looksLike("1\n2\n3\n", "1\n…\n2\n"));
  assert.ok(!looksLike("a\nb\n", "a…\n"));
});

Deno.test("a block's lines belong to the command above them", () => {
  const steps = consoleSteps("$ a\n1\n\n2\n$ b\n");
  assert.deepEqual(steps, [{ command: "a", output: "1\n\n2\n" }, { command: "b", output: "" }]);
});
