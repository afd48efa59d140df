import assert from "node:assert/strict";
import type { ProblemSeen } from "../../../lib/events/events.ts";
import { createWarnings, renderProblems } from "../../../lib/report/problems.ts";
import { createStyle } from "../../../lib/report/style.ts";

const style = createStyle({ colour: false, emoji: true });

function warning(message: string, line?: number): ProblemSeen {
  const place = line === undefined ? undefined : { file: "qik.toml", line };
  return { type: "problem", code: "glob-empty", message, ...(place ? { place } : {}) };
}

Deno.test("problems: place with as much as is known, a shared hint once", () => {
  const text = renderProblems([
    { code: "config-unknown-key", message: "A", place: { file: "q.toml", line: 1, column: 2 } },
    { code: "config-unknown-key", message: "B", place: { file: "q.toml" } },
    { code: "config-unknown-key", message: "C\nsecond line", hint: "Own hint" },
    { code: "command-unknown", message: "D\x1b[2J" },
  ], style);
  assert.equal(
    text,
    "Error: A [config-unknown-key]\n  at q.toml:1:2\n" +
      "Error: B [config-unknown-key]\n  at q.toml\n" +
      "  hint: Remove the key or mend its spelling\n" +
      "Error: C [config-unknown-key]\n  second line\n  hint: Own hint\n" +
      "Error: D\\x1b[2J [command-unknown]\n  hint: List the commands with: qik --ls\n",
  );
  assert.equal(renderProblems([], style), "");
});

Deno.test("problems: colours mark the kind, the code and the place", () => {
  const coloured = createStyle({ colour: true, emoji: true });
  const text = renderProblems([{ code: "usage", message: "A", place: { file: "f" } }], coloured);
  assert.equal(
    text,
    "\x1b[31m\x1b[1mError:\x1b[22m\x1b[39m A \x1b[2m[usage]\x1b[22m\n" +
      "  at \x1b[1mf\x1b[22m\n  \x1b[36mhint:\x1b[39m See: qik --help\n",
  );
});

Deno.test("warnings: each is said once, many of a kind are counted", () => {
  const warnings = createWarnings(1, style);
  assert.equal(
    warnings.add(warning("A", 1)),
    "Warning: A [glob-empty]\n  at qik.toml:1\n  hint: Mend the pattern, or remove the dependency\n",
  );
  assert.equal(warnings.add(warning("A", 1)), "");
  assert.equal(warnings.add(warning("A", 2)), "Warning: A [glob-empty]\n  at qik.toml:2\n");
  for (let n = 3; n <= 10; n++) assert.notEqual(warnings.add(warning("A", n)), "");
  assert.equal(warnings.rest(), "");
  assert.equal(warnings.add(warning("A", 11)), "");
  assert.equal(warnings.add(warning("A", 12)), "");
  assert.equal(warnings.add(warning("A", 1)), "");
  assert.equal(
    warnings.rest(),
    "Warning: 2 more problems of the same kinds; show all with -v 2\n",
  );
});

Deno.test("warnings: verbose runs say all, quiet ones none", () => {
  const verbose = createWarnings(2, style);
  const quiet = createWarnings(0, style);
  for (let n = 0; n < 50; n++) {
    assert.notEqual(verbose.add(warning(`${n}`)), "");
    assert.equal(quiet.add(warning(`${n}`)), "");
  }
  assert.equal(verbose.rest() + quiet.rest(), "");
});

Deno.test("problems: what makes a task fail is an error, in quiet runs too", () => {
  const failing = { type: "problem", code: "pydist-missing", message: "A" } as const;
  const quiet = createWarnings(0, style);
  assert.match(quiet.add(failing), /^Error: A \[pydist-missing\]\n/);
  assert.equal(quiet.add(failing), "", "once");
});
