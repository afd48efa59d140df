import assert from "node:assert/strict";
import {
  createStyle,
  type Env,
  runsInCi,
  wantsColour,
  wantsEmoji,
  wantsLive,
} from "../../../lib/report/style.ts";

Deno.test("colour follows the variables in their order of precedence", () => {
  const cases: readonly [terminal: boolean, env: Env, expected: boolean][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { TERM: "dumb" }, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "0" }, false],
    [true, { NO_COLOR: "" }, true],
    [false, { FORCE_COLOR: "1" }, true],
    [false, { FORCE_COLOR: "" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [true, { FORCE_COLOR: "false" }, false],
    [false, { FORCE_COLOR: "3", NO_COLOR: "1" }, false],
    [false, { CLICOLOR_FORCE: "1" }, true],
    [false, { CLICOLOR_FORCE: "0" }, false],
    [true, { CLICOLOR_FORCE: "0" }, true],
    [false, { CLICOLOR_FORCE: "1", NO_COLOR: "1" }, false],
    [true, { CLICOLOR_FORCE: "1", FORCE_COLOR: "0" }, false],
    [true, { CLICOLOR: "0" }, false],
    [true, { TERM: "dumb", FORCE_COLOR: "1" }, true],
    [false, { CI: "true" }, false],
  ];
  for (const [terminal, env, expected] of cases) {
    assert.equal(wantsColour(terminal, env), expected, JSON.stringify([terminal, env]));
  }
});

Deno.test("emoji and the live view need a terminal that can show them", () => {
  assert.equal(wantsEmoji(false, { TERM: "xterm-256color" }), true);
  assert.equal(wantsEmoji(false, {}), true);
  assert.equal(wantsEmoji(true, {}), false);
  assert.equal(wantsEmoji(false, { TERM: "dumb" }), false);
  assert.equal(wantsEmoji(false, { TERM: "linux" }), false);
  assert.equal(wantsLive(true, { TERM: "xterm" }), true);
  assert.equal(wantsLive(false, { TERM: "xterm" }), false);
  assert.equal(wantsLive(true, { TERM: "dumb" }), false);
  assert.equal(wantsLive(true, { CI: "true" }), false);
  assert.equal(wantsLive(true, { CI: "false" }), true);
});

Deno.test("CI is known by its variables", () => {
  assert.equal(runsInCi({}), false);
  assert.equal(runsInCi({ CI: "" }), false);
  assert.equal(runsInCi({ CI: "0" }), false);
  assert.equal(runsInCi({ CI: "1" }), true);
  assert.equal(runsInCi({ GITHUB_ACTIONS: "true" }), true);
  assert.equal(runsInCi({ TF_BUILD: "True" }), true);
});

Deno.test("words stand in for emoji and line up", () => {
  const { mark } = createStyle({ colour: false, emoji: false });
  const marks = (["hit", "running", "ran", "failed", "skipped", "cancelled"] as const).map(mark);
  assert.deepEqual(marks, ["cached ", "running", "ok     ", "failed ", "skipped", "stopped"]);
  const icons = createStyle({ colour: true, emoji: true });
  assert.equal(icons.mark("failed"), "💔");
  assert.equal(icons.paint("x", "bold", "red"), "\x1b[31m\x1b[1mx\x1b[22m\x1b[39m");
  assert.equal(icons.paint("", "red"), "");
});
