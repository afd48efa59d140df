import assert from "node:assert/strict";
import { PlainReporter, type ReporterParts } from "../../../lib/report/plain.ts";
import { createStyle } from "../../../lib/report/style.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";
import {
  assertSameBytes,
  ended,
  output,
  partsOn,
  PIPES,
  runEnded,
  started,
  TERMINALS,
  utf8,
} from "./fixture.ts";

function plain(
  more: Parameters<typeof partsOn>[2] = {},
  terminals = PIPES,
): { terminal: FakeTerminal; clock: FakeClock; reporter: PlainReporter; parts: ReporterParts } {
  const clock = new FakeClock();
  const terminal = new FakeTerminal(terminals);
  const parts = partsOn(terminal, clock, more);
  return { terminal, clock, parts, reporter: new PlainReporter(parts) };
}

Deno.test("plain: outputs of tasks that run together are not mixed", () => {
  const { terminal, reporter } = plain({ verbosity: 2 });
  reporter.on(output("a", "a1\n"));
  reporter.on(output("b", "b1\n"));
  reporter.on(output("a", "a2", { stream: "err" }));
  reporter.on(ended("b", "ran"));
  reporter.on(ended("a", "ran"));
  reporter.close();
  assert.equal(terminal.text("out"), "✅ b: 1.2s\nb1\n✅ a: 1.2s\na1\na2\n");
  assert.equal(terminal.text("err"), "");
});

Deno.test("plain: lines of short tasks leave together, but not later than a moment", () => {
  const { terminal, clock, reporter } = plain();
  reporter.on(ended("a", "hit"));
  reporter.on(ended("b", "hit"));
  assert.deepEqual(terminal.written.out, []);
  clock.advance(20);
  assert.equal(terminal.text("out"), "⏩ a\n⏩ b\n");
  assert.equal(terminal.written.out.length, 1);
  assert.equal(clock.waiting, 0);
});

Deno.test("plain: a failure too long to keep is shown whole from its log, once, and last", () => {
  const whole = new Uint8Array(400_000).fill(0x78);
  whole[200_000] = 0xff;
  const { terminal, reporter } = plain({ logs: { "out/a": whole } });
  for (let at = 0; at < whole.length; at += 7000) {
    reporter.on(output("a", whole.slice(at, at + 7000)));
  }
  reporter.on(ended("a", "failed", { log: "out/a" }));
  reporter.on(ended("b", "ran"));
  reporter.on(runEnded({ failed: 1, ran: 1 }));
  const bytes = terminal.bytes("out");
  const at = bytes.indexOf(0xff) - 200_000;
  assertSameBytes(bytes.slice(at, at + whole.length), whole, "log");
  assert.equal(bytes.lastIndexOf(0xff), bytes.indexOf(0xff));
  const before = new TextDecoder().decode(bytes.slice(0, at));
  assert.equal(before, "💔 a: exit code 1, 1.2s\n✅ b: 1.2s\n--- a ---\n");
});

Deno.test("plain: without its log a long failure is shown as head and tail", () => {
  const { terminal, reporter } = plain();
  reporter.on(output("a", "begin\n" + "x".repeat(300_000) + "\nend\n"));
  reporter.on(ended("a", "failed", { log: "gone" }));
  reporter.on(runEnded({ failed: 1 }));
  const text = terminal.text("out");
  const omitted = 300_011 - 2 * 65_536;
  assert(text.includes("--- a ---\nbegin\nxxx"));
  assert(text.includes(`xxx\n… ${omitted} bytes left out …\nxxx`));
  assert(text.includes("xxx\nend\n💔 a: exit code 1 (log: gone)\n"));
});

Deno.test("plain: many long failures do not stay in memory; their logs are read", () => {
  const logs: Record<string, Uint8Array> = {};
  const { terminal, reporter } = plain({ logs });
  const count = 120;
  for (let task = 0; task < count; task++) {
    logs[`log${task}`] = utf8(`<${task}>${"y".repeat(200_000)}\n`);
    reporter.on(output(`t${task}`, logs[`log${task}`]!));
    reporter.on(ended(`t${task}`, "failed", { log: `log${task}` }));
  }
  delete logs["log119"];
  reporter.on(runEnded({ failed: count }));
  const text = terminal.written.out.map((bytes) => new TextDecoder().decode(bytes)).join("");
  for (let task = 0; task < count - 1; task++) assert(text.includes(`<${task}>yyy`), `${task}`);
  assert(text.includes("--- t119 ---\n\n… the output is in the log, which cannot be read …\n"));
});

Deno.test("plain: quiet tells errors only, on standard error", () => {
  const { terminal, reporter } = plain({ verbosity: 0 });
  reporter.on(output("a", "hello\n"));
  reporter.on(ended("a", "ran"));
  reporter.on({ type: "problem", code: "glob-empty", message: "Pattern matches nothing" });
  reporter.on({ type: "run-stopping", atMs: 0, because: "fail-fast" });
  reporter.on(runEnded({ ran: 1 }));
  assert.equal(terminal.text("out") + terminal.text("err"), "");
  reporter.on(output("b", "broken\n"));
  reporter.on(ended("b", "failed"));
  reporter.on(ended("c", "skipped", { because: "b" }));
  reporter.on(runEnded({ failed: 1, skipped: 1 }));
  assert.equal(terminal.text("out"), "");
  assert.equal(terminal.text("err"), "--- b ---\nbroken\n💔 b: exit code 1\n");
});

Deno.test("plain: on a terminal, escapes of a grouped output but its colours are dropped", () => {
  const { terminal, reporter } = plain({ verbosity: 2 }, TERMINALS);
  reporter.on(output("a", "\x1b[2J\x1b]0;x\x07hello\n"));
  reporter.on(ended("a", "ran"));
  reporter.close();
  assert.equal(terminal.text("out"), "✅ a: 1.2s\nhello\n");
});

Deno.test("plain: a colour that an output leaves on ends with it", () => {
  const style = createStyle({ colour: true, emoji: true });
  const { terminal, reporter } = plain(
    { verbosity: 2, styles: { out: style, err: style } },
    TERMINALS,
  );
  reporter.on(output("a", "\x1b[31mred"));
  reporter.on(ended("a", "ran"));
  reporter.close();
  assert.equal(terminal.text("out"), "✅ a: 1.2s\n\x1b[31mred\x1b[0m\n");
});

Deno.test("plain: output that is not shown is not kept", () => {
  const { terminal, reporter } = plain();
  reporter.on(output("a", "first\n"));
  reporter.on(ended("a", "ran"));
  reporter.on(output("a", "second\n"));
  reporter.on(ended("a", "failed"));
  reporter.on(runEnded({ failed: 1 }));
  assert(!terminal.text("out").includes("first"));
  assert(terminal.text("out").includes("--- a ---\nsecond\n"));
});

Deno.test("plain: into a pipe the bytes are kept, in CI a replay commands nothing", () => {
  const bytes = "::add-path::/x\n\x1b[2J\n";
  for (
    const [ci, replayed, shown] of [
      [false, true, bytes],
      [true, false, bytes],
      [true, true, ": :add-path::/x\n\x1b[2J\n"],
    ] as const
  ) {
    const { terminal, reporter } = plain({ verbosity: 2, ci });
    reporter.on(output("a", bytes, { replayed }));
    reporter.on(ended("a", "hit"));
    reporter.close();
    assert.equal(terminal.text("out"), "⏩ a\n" + shown);
  }
});

Deno.test("plain: names and reasons cannot move the cursor", () => {
  const { terminal, reporter } = plain({}, TERMINALS);
  reporter.on(started("a\x1b[2J", "1 file changed: x\ny\u202e"));
  reporter.on(ended("a\x1b[2J", "failed", { because: "timeout after\x1b]0;t" }));
  reporter.on(runEnded({ failed: 1 }));
  assert.equal(
    terminal.text("out"),
    "💔 a\\x1b[2J: timeout after\\x1b]0;t, 1.2s (1 file changed: x\\ny\\u202e)\n" +
      "💔 a\\x1b[2J: timeout after\\x1b]0;t\n" +
      "Run again: qik 'a\\x1b[2J'\n" +
      "💔 1 task: 1 failed in 3.4s\n",
  );
});

Deno.test("plain: each ending says what is worth knowing", () => {
  const { terminal, reporter } = plain();
  const endings = [
    ended("a", "failed", { code: 137, signal: "SIGKILL" }),
    ended("b", "failed", { code: 3, cached: true }),
    ended("c", "skipped"),
    ended("d", "cancelled", { because: "SIGINT" }),
    ended("e", "cancelled"),
    ended("f", "ran", { flaky: true, tookMs: 65_000 }),
  ];
  endings.forEach((event) => reporter.on(event));
  reporter.close();
  assert.deepEqual(terminal.text("out").trimEnd().split("\n"), [
    "💔 a: killed by SIGKILL, 1.2s",
    "💔 b: exit code 3, cached",
    "➖ c: not started",
    "➖ d: stopped, SIGINT",
    "➖ e: stopped",
    "✅ f: 1m05s, flaky",
  ]);
});

Deno.test("plain: every failure is named, and nothing twice that has had its line", () => {
  const { terminal, reporter } = plain();
  for (let n = 0; n < 7; n++) reporter.on(ended(`bad${n}`, "failed"));
  for (let n = 0; n < 15; n++) reporter.on(ended(`left${n}`, "skipped", { because: "bad0" }));
  reporter.on(runEnded({ failed: 7, skipped: 15 }));
  const lines = terminal.text("out").trimEnd().split("\n");
  assert.equal(lines.length, 22 + 7 + 2);
  assert.equal(lines[21], "➖ left14: needs bad0");
  assert.equal(lines[28], "💔 bad6: exit code 1");
  assert.equal(lines[29], "Run again: the same command; what passed comes from the cache");
  assert.equal(lines[30], "💔 22 tasks: 7 failed, 15 skipped in 3.4s");
});

Deno.test("live: skipped tasks are listed at the end, the list is cut", () => {
  const terminal = new FakeTerminal(TERMINALS);
  const reporter = new PlainReporter(partsOn(terminal, new FakeClock()), "live");
  reporter.on(ended("bad", "failed"));
  for (let n = 0; n < 15; n++) reporter.on(ended(`left${n}`, "skipped", { because: "bad" }));
  reporter.on(runEnded({ failed: 1, skipped: 15 }));
  const lines = terminal.text("out").trimEnd().split("\n");
  assert.equal(lines[10], "➖ left9: needs bad");
  assert.equal(lines[11], "➖ 5 more skipped");
  assert.equal(lines[12], "💔 bad: exit code 1");
});

Deno.test("plain: a run that was cut short by a change does not look like success", () => {
  const { terminal, reporter } = plain();
  reporter.on(runEnded({ ran: 1, cancelled: 2 }));
  assert.equal(terminal.text("out"), "➖ 3 tasks: 1 ran, 2 stopped in 3.4s\n");
});

Deno.test("plain: an interrupted run says so", () => {
  const { terminal, reporter } = plain();
  reporter.on({ type: "run-stopping", atMs: 0, because: "SIGINT" });
  reporter.on(runEnded({ ran: 2, cancelled: 1 }, { interrupted: "SIGINT", exit: 130 }));
  assert.equal(
    terminal.text("err"),
    "Stopping: SIGINT, waiting for running tasks to end; Ctrl-C again kills them\n",
  );
  assert.equal(terminal.text("out"), "➖ Stopped by SIGINT: 3 tasks: 2 ran, 1 stopped in 3.4s\n");
});
