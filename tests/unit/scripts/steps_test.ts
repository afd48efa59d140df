import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ROOT } from "../../../scripts/root.ts";
import { runCommand } from "../../../scripts/steps/command.ts";
import { LONG, longestFirst } from "../../../scripts/steps/longest_first.ts";
import { countTests, denoTests } from "../../../scripts/steps/steps.ts";

Deno.test("the summary of a suite is read, the last one where there are several", () => {
  const passed = "ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)\n";
  assert.deepEqual(countTests({ code: 0, text: passed }), { passed: 12, failed: 0, ignored: 1 });
  const failed = `${passed}FAILED | 3 passed | 2 failed (9ms)\n`;
  assert.deepEqual(countTests({ code: 1, text: failed }), { passed: 3, failed: 2, ignored: 0 });
});

Deno.test("a suite that ends badly or says nothing is a failure", () => {
  assert.deepEqual(countTests({ code: 0, text: "" }), { passed: 0, failed: 1, ignored: 0 });
  assert.deepEqual(countTests({ code: 1, text: "error: Module not found" }), {
    passed: 0,
    failed: 1,
    ignored: 0,
  });
  const leaky = "ok | 3 passed | 0 failed (9ms)\nerror: uncaught";
  assert.deepEqual(countTests({ code: 1, text: leaky }), { passed: 3, failed: 1, ignored: 0 });
});

Deno.test("a command's streams are one text, and its code is kept", async () => {
  const ended = await runCommand({
    argv: ["sh", "-c", "echo $A; echo b >&2; exit 4"],
    env: { A: "a" },
  });
  assert.equal(ended.code, 4);
  assert.deepEqual(ended.text.split("\n").sort(), ["", "a", "b"]);
  assert.equal((await runCommand({ argv: ["no-such-program"] })).code, 127);
});

Deno.test("a command that never ends is killed with all that it started", async () => {
  const argv = ["sh", "-c", "tail -f /dev/null & echo up; wait"];
  const ended = await runCommand({ argv, limitMs: 300 });
  assert.notEqual(ended.code, 0);
  assert.match(ended.text, /up\n\nKilled after 0\.3 s/);
});

Deno.test("a suite is every test file below its directories, those that take long first", async () => {
  assert.deepEqual(LONG.filter((file) => !existsSync(`${ROOT}/${file}`)), [], "stale names");
  const [step, ...more] = await denoTests("two", ["tests/diff", "tests/prop/config", "tests/none"]);
  assert.deepEqual(more, []);
  const files = step!.argv.filter((word) => word.endsWith("_test.ts"));
  const expected = [];
  for (const directory of ["tests/diff", "tests/prop/config"]) {
    for (const { name } of Deno.readDirSync(`${ROOT}/${directory}`)) {
      if (name.endsWith("_test.ts")) expected.push(`${directory}/${name}`);
    }
  }
  assert.deepEqual([...files].sort(), expected.sort());
  assert.equal(files[0], LONG.find((file) => file.startsWith("tests/diff/")));
  assert.deepEqual(longestFirst(["a", LONG[1]!, "b", LONG[0]!]), [LONG[0], LONG[1], "a", "b"]);
  assert.deepEqual(await denoTests("none", ["tests/none"]), []);
});
