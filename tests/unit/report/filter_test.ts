import assert from "node:assert/strict";
import { type FilterRules, filterRules, outputFilter } from "../../../lib/report/filter.ts";
import { utf8 } from "./fixture.ts";

const COLOURS: FilterRules = { escapes: "colours", workflow: false };
const NONE: FilterRules = { escapes: "none", workflow: false };
const WORKFLOW: FilterRules = { escapes: "keep", workflow: true };

function filtered(text: string | Uint8Array, rules: FilterRules): string {
  const filter = outputFilter(rules);
  const bytes = typeof text === "string" ? utf8(text) : text;
  return new TextDecoder().decode(filter.push(bytes).slice()) +
    new TextDecoder().decode(filter.end());
}

Deno.test("colours pass, everything that moves or sets something is dropped", () => {
  const cases: readonly [given: string, kept: string][] = [
    ["plain\ttext\r\n", "plain\ttext\r\n"],
    ["\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"],
    ["\x1b[38;2;1;2;3mx\x1b[m", "\x1b[38;2;1;2;3mx\x1b[m"],
    ["\x1b[38:5:1mx\x1b[0m", "\x1b[38:5:1mx\x1b[0m"],
    ["\x1b[31mleft on", "\x1b[31mleft on\x1b[0m"],
    ["\x1b]0;title\x07a", "a"],
    ["\x1b]52;c;ZXZpbA==\x1b\\a", "a"],
    ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
    ["\x1b[2J\x1b[H\x1b[3Aa", "a"],
    ["\x1b[>4;2ma\x1b[?25la", "aa"],
    ["\x1b[6na\x1bca\x1b(Ba", "aaa"],
    ["\x1bP1$qm\x1b\\a\x1b_secret\x1b\\b", "ab"],
    ["\x07\x08\x00\x7fa", "a"],
    ["\u009b2Ja\u009d0;title\u009cb\u0085c", "abc"],
    ["\x1b]0;never ended\nnext", "\nnext"],
    ["\x1b[31", ""],
    ["\x1b", ""],
    ["é £ 日本語 😀", "é £ 日本語 😀"],
    ["\x1b[" + "1;".repeat(100) + "mx", "x"],
    ["\x1b\x1b[31mx", "\x1b[31mx\x1b[0m"],
  ];
  for (const [given, kept] of cases) {
    assert.equal(filtered(given, COLOURS), kept, JSON.stringify(given));
  }
});

Deno.test("without colours no escape is left", () => {
  assert.equal(filtered("\x1b[1;31mred\x1b[0m \x1b[Kx", NONE), "red x");
});

Deno.test("the halves of a control do not meet behind a dropped escape", () => {
  const smuggled = Uint8Array.of(0xc2, 0x1b, 0x5b, 0x32, 0x4a, 0x9b, 0x41);
  const bytes = outputFilter(COLOURS).push(smuggled);
  assert.deepEqual([...bytes], [0x9b, 0x41]);
});

Deno.test("bytes that are not UTF-8 pass", () => {
  const bytes = Uint8Array.of(0x61, 0xff, 0xe2, 0x82, 0x80);
  assert.deepEqual([...outputFilter(COLOURS).push(bytes)], [...bytes]);
});

Deno.test("workflow commands are broken, everything else is kept", () => {
  const cases: readonly [given: string, kept: string][] = [
    ["::add-path::/evil\n", ": :add-path::/evil\n"],
    ["a\n  \t::set-env name=A::b", "a\n  \t: :set-env name=A::b"],
    ["a\r::stop-commands::x", "a\r: :stop-commands::x"],
    ["\u00a0::x::", "\u00a0: :x::"],
    ["std::vector a::b", "std::vector a::b"],
    [":: one\n:one::two", ": : one\n:one::two"],
    [
      "x ##[add-path]/evil ##vso[task.setvariable]",
      "x ## [add-path]/evil ## vso[task.setvariable]",
    ],
    ["###[x ##teamcity[", "### [x ## teamcity["],
    ["## Heading\n# [link] #[x", "## Heading\n# [link] #[x"],
    ["\x1b[2Jkept", "\x1b[2Jkept"],
  ];
  for (const [given, kept] of cases) {
    assert.equal(filtered(given, WORKFLOW), kept, JSON.stringify(given));
  }
});

Deno.test("an escape cannot hide a workflow command", () => {
  const both: FilterRules = { escapes: "none", workflow: true };
  assert.equal(filtered("\x1b[1m:\x1b[0m:add-path::x", both), ": :add-path::x");
  assert.equal(filtered("#\x1b]0;\x07#\x1b[m[x", both), "## [x");
});

Deno.test("what is filtered: over all inputs", () => {
  const flags = [true, false];
  for (const terminal of flags) {
    for (const colour of flags) {
      for (const ci of flags) {
        for (const replayed of flags) {
          for (const later of flags) {
            const given = { terminal, colour, ci, replayed, later };
            assert.equal(filterRules({ ...given, raw: true }), undefined);
            const rules = filterRules({ ...given, raw: false });
            const label = JSON.stringify({ given, rules });
            if (!replayed && !later) assert.equal(rules, undefined, label);
            if (!terminal && !(ci && replayed)) assert.equal(rules, undefined, label);
            if (!terminal) assert.equal(rules?.escapes ?? "keep", "keep", label);
            if (replayed) assert.equal(rules?.workflow ?? false, ci, label);
            if (terminal && replayed) {
              assert.equal(rules?.escapes, colour ? "colours" : "none", label);
            }
          }
        }
      }
    }
  }
});
