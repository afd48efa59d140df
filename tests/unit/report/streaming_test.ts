import assert from "node:assert/strict";
import { Printer } from "../../../lib/report/printer.ts";
import { StreamingReporter } from "../../../lib/report/streaming.ts";
import { createStyle } from "../../../lib/report/style.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";
import { random } from "../../support/random.ts";
import {
  ended,
  output,
  partsOn,
  PIPES,
  runEnded,
  runStarted,
  started,
  TERMINALS,
} from "./fixture.ts";

function streaming(more: Parameters<typeof partsOn>[2] = {}, terminals = PIPES) {
  const terminal = new FakeTerminal(terminals);
  const clock = new FakeClock();
  return { terminal, clock, reporter: new StreamingReporter(partsOn(terminal, clock, more)) };
}

Deno.test("streaming: random bytes reach their own stream unchanged, live and replayed", () => {
  for (const replayed of [false, true]) {
    const below = random(7);
    const { terminal, reporter } = streaming({ verbosity: 2 });
    const sent = { out: [] as number[], err: [] as number[] };
    reporter.on(runStarted(["a"]));
    for (let piece = 0; piece < 300; piece++) {
      const stream = below(2) === 0 ? "out" as const : "err" as const;
      const bytes = Uint8Array.from({ length: 1 + below(90) }, () => below(256));
      sent[stream].push(...bytes);
      reporter.on(output("a", bytes, { stream, replayed }));
    }
    reporter.on(output("a", "\n", { stream: "err", replayed }));
    reporter.on(ended("a", replayed ? "hit" : "ran"));
    reporter.on(runEnded({ ran: 1 }));
    assert.deepEqual([...terminal.bytes("out")], sent.out);
    const own = "\n✅ 1 task: 1 ran in 3.4s\n";
    const err = terminal.bytes("err");
    const ownBytes = new TextEncoder().encode(own).length;
    assert.deepEqual([...err.slice(0, err.length - ownBytes)].slice(0, sent.err.length), sent.err);
    assert(terminal.text("err").endsWith(own));
  }
});

Deno.test("streaming: live output is handed on at once", () => {
  const { terminal, reporter } = streaming();
  reporter.on(runStarted(["a"]));
  reporter.on(started("a"));
  reporter.on(output("a", "prompt> "));
  assert.equal(terminal.text("out"), "prompt> ");
  assert.equal(terminal.text("err"), "");
});

Deno.test("streaming: one task says why it runs, and how it ended", () => {
  const { terminal, reporter } = streaming();
  reporter.on(runStarted(["lint"]));
  reporter.on(started("lint", "first run"));
  reporter.on(output("lint", "bad\n"));
  reporter.on(ended("lint", "failed", { code: 3, log: "._qik/out/lint.out" }));
  reporter.on(runEnded({ failed: 1 }));
  assert.equal(terminal.text("out"), "bad\n");
  assert.equal(
    terminal.text("err"),
    "🚧 lint (first run)\n" +
      "💔 lint: exit code 3 (log: ._qik/out/lint.out)\n" +
      "💔 1 task: 1 failed in 3.4s\n",
  );
});

Deno.test("streaming: on one screen a line of qik's never continues a line of a command", () => {
  const { terminal, reporter } = streaming({}, TERMINALS);
  reporter.on(runStarted(["a", "b"], 1));
  reporter.on(started("a"));
  reporter.on(output("a", "no line feed"));
  reporter.on(ended("a", "ran"));
  reporter.on(output("b", "replayed\n", { replayed: true }));
  reporter.on(ended("b", "hit"));
  reporter.on(ended("c", "hit"));
  reporter.on(runEnded({ ran: 1, hit: 2 }));
  assert.equal(
    terminal.screen.text(),
    "🚧 a\nno line feed\n✅ a: 1.2s\n⏩ b\nreplayed\n⏩ c\n✅ 3 tasks: 1 ran, 2 cached in 3.4s\n",
  );
  assert.equal(terminal.text("out"), "no line feedreplayed\n");
});

Deno.test("streaming: a terminal gets a fresh output as it is, of a replay only its colours", () => {
  const { terminal, reporter } = streaming({}, TERMINALS);
  terminal.screen.write = () => {};
  reporter.on(runStarted(["a"]));
  reporter.on(output("a", "\x1b[2Jlive\n"));
  assert.equal(terminal.text("out"), "\x1b[2Jlive\n");
  reporter.on(output("a", "\x1b[2Jold", { replayed: true }));
  reporter.on(output("a", "\x1b]0;ti", { replayed: true }));
  reporter.on(output("a", "tle\x07\n", { replayed: true }));
  reporter.on(ended("a", "hit"));
  reporter.close();
  assert.equal(terminal.text("out"), "\x1b[2Jlive\nold\n");
});

Deno.test("streaming: a colour that a replay leaves on ends with it", () => {
  const style = createStyle({ colour: true, emoji: true });
  const { terminal, reporter } = streaming({ styles: { out: style, err: style } }, TERMINALS);
  reporter.on(runStarted(["a"]));
  reporter.on(output("a", "\x1b[31mred\n", { replayed: true }));
  reporter.on(ended("a", "hit"));
  reporter.close();
  assert.equal(terminal.text("out"), "\x1b[31mred\n\x1b[0m");
});

Deno.test("printer: an open line is closed once, on whichever stream the next line goes", () => {
  const terminal = new FakeTerminal(TERMINALS);
  const printer = new Printer(terminal, new FakeClock());
  printer.bytes("out", new Uint8Array([0x61]));
  printer.line("err", "b");
  printer.line("out", "c");
  printer.flush();
  assert.equal(terminal.screen.text(), "a\nb\nc\n");
});

Deno.test("printer: a stream that goes elsewhere gets no byte for the other's sake", () => {
  const terminal = new FakeTerminal({ out: false, err: true });
  const printer = new Printer(terminal, new FakeClock());
  printer.bytes("out", new Uint8Array([0x61]));
  printer.line("err", "b");
  printer.flush();
  assert.equal(terminal.text("err"), "b\n");
});
