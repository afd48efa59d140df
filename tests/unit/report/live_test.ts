import assert from "node:assert/strict";
import type { QikEvent } from "../../../lib/events/events.ts";
import type { Width } from "../../../lib/report/fit.ts";
import { LiveReporter } from "../../../lib/report/live.ts";
import { LiveScreen } from "../../../lib/report/live_screen.ts";
import stringWidth from "string-width";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";
import {
  ended,
  MIXED,
  output,
  partsOn,
  play,
  runEnded,
  runStarted,
  started,
  TERMINALS,
} from "./fixture.ts";

const loadWidth = () => Promise.resolve<Width>((text) => stringWidth(text));

function live(columns = 80, rows = 24, more: Parameters<typeof partsOn>[2] = {}) {
  const terminal = new FakeTerminal(TERMINALS, columns, rows);
  const clock = new FakeClock(1000);
  const reporter = new LiveReporter(partsOn(terminal, clock, more), loadWidth);
  return { terminal, clock, reporter, screen: terminal.screen };
}

/** Lets the view draw: the first tick loads, the drawing follows. */
async function drawn(clock: FakeClock): Promise<void> {
  clock.advance(100);
  await Promise.resolve();
}

Deno.test("live: a run that ends at once is never drawn", async () => {
  const { terminal, clock, reporter } = live();
  const events: QikEvent[] = [runStarted(["a", "b"]), ended("a", "hit"), ended("b", "hit")];
  await play([...events, 99, runEnded({ hit: 2 })], reporter, clock);
  assert.equal(terminal.text("out"), "✅ 2 tasks: 2 cached in 3.4s\n");
  assert.equal(clock.waiting, 0);
  assert.equal(terminal.listeners, 0);
});

Deno.test("live: draws at most ten times a second, whatever happens", async () => {
  const { terminal, clock, reporter } = live();
  reporter.on(runStarted(["a", "b"]));
  reporter.on(started("a"));
  await drawn(clock);
  const before = terminal.written.out.length;
  for (let n = 0; n < 1000; n++) {
    reporter.on(output("a", `line ${n}\n`));
    clock.advance(1);
  }
  assert.equal(terminal.written.out.length - before, 10);
});

Deno.test("live: shows counts, running tasks with their last line, and takes itself away", async () => {
  const { clock, reporter, screen } = live();
  reporter.on(runStarted(["lint@a", "lint@b", "test@a"]));
  reporter.on(ended("lint@a", "hit"));
  reporter.on(started("lint@b", "first run"));
  reporter.on(started("test@a", "exec changed"));
  reporter.on(output("test@a", "one\n\x1b[31mtwo\x1b[0m\x1b[2K\x07\n\n"));
  await drawn(clock);
  assert.equal(
    screen.text(),
    "lint 1/2  test 0/1\n" +
      "🚧 lint@b   0.1s first run\n" +
      "🚧 test@a   0.1s two\n" +
      "1/3 tasks, 1 cached, 0.1s\n",
  );
  assert.equal(screen.cursorShown, false);
  assert.equal(screen.synchronised, false);
  assert.equal(screen.wraps, true);
  reporter.on(ended("lint@b", "ran"));
  reporter.on(ended("test@a", "ran"));
  reporter.on(runEnded({ hit: 1, ran: 2 }));
  assert.equal(screen.text(), "✅ 3 tasks: 2 ran, 1 cached in 3.4s\n");
  assert.equal(screen.cursorShown, true);
});

Deno.test("live: what is printed goes above, in order, and the view stays below", async () => {
  const { clock, reporter, screen } = live();
  reporter.on(runStarted(["a", "b", "c"]));
  reporter.on(started("a"));
  reporter.on(started("b"));
  await drawn(clock);
  reporter.on(output("a", "boom\n"));
  reporter.on(ended("a", "failed"));
  reporter.on({ type: "problem", code: "glob-empty", message: "Pattern matches nothing" });
  await drawn(clock);
  assert.equal(
    screen.text(),
    "💔 a: exit code 1, 1.2s\n" +
      "Warning: Pattern matches nothing [glob-empty]\n" +
      "  hint: Mend the pattern, or remove the dependency\n" +
      "b 0/1  c 0/1  a 1/1\n" +
      "🚧 b   0.2s\n" +
      "1/3 tasks, 1 failed, 0.2s\n",
  );
});

Deno.test("live: a long output of a verbose run passes above a drawn view unharmed", async () => {
  const { clock, reporter, screen } = live(80, 24, { verbosity: 2 });
  reporter.on(runStarted(["a", "b", "c"]));
  reporter.on(started("a"));
  reporter.on(started("b"));
  await drawn(clock);
  const lines = Array.from({ length: 3000 }, (_, n) => `line ${n} ${"x".repeat(1 + n % 50)}\n`)
    .join(
      "",
    );
  reporter.on(output("a", lines));
  reporter.on(ended("a", "ran"));
  await drawn(clock);
  const shown = screen.text();
  const view = "b 0/1  c 0/1  a 1/1\n🚧 b   0.2s\n1/3 tasks, 1 ran, 0.2s\n";
  assert.equal(shown, "✅ a: 1.2s\n" + lines + view);
});

Deno.test("live: fits few rows and columns", async () => {
  for (const columns of [1, 2, 5, 12, 40]) {
    for (const rows of [1, 2, 3, 4, 6]) {
      const { clock, reporter, screen } = live(columns, rows);
      const tasks = Array.from({ length: 9 }, (_, n) => `test@module${n}`);
      reporter.on(runStarted(tasks));
      tasks.forEach((task) => reporter.on(started(task, "日本語のログ")));
      for (let n = 0; n < 20; n++) await drawn(clock);
      const label = `${columns} x ${rows}:\n${screen.text()}`;
      assert(screen.rows.length <= Math.max(1, rows - 1), label);
      assert(screen.rows.every((cells) => cells.length < Math.max(2, columns)), label);
      reporter.close();
      assert.equal(screen.text(), "", label);
    }
  }
});

Deno.test("live: after the terminal becomes narrower nothing of the old view is left", async () => {
  const { terminal, clock, reporter, screen } = live(100, 24);
  reporter.on(runStarted(["test@module", "b"]));
  reporter.on(started("test@module", "x".repeat(300)));
  reporter.on({ type: "problem", code: "glob-empty", message: "Seen" });
  clock.advance(100);
  await drawn(clock);
  terminal.resize(33);
  assert.equal(
    screen.text(),
    "Warning: Seen [glob-empty]\n" +
      "  hint: Mend the pattern, or remo\nve the dependency\n" +
      "test 0/1  b 0/1\n" +
      "🚧 test@module   0.2s xxxxxxxxx…\n" +
      "0/2 tasks, 0.2s\n",
  );
  terminal.resize(120);
  await drawn(clock);
  assert.equal(screen.text().split("\n").length, 6 + 1);
});

Deno.test("live: a line printed before the new size is told of leaves nothing behind either", async () => {
  const { clock, reporter, screen } = live(100, 24);
  reporter.on(runStarted(["a", "b"]));
  reporter.on(started("a", "x".repeat(90)));
  await drawn(clock);
  screen.resize(50);
  reporter.on(ended("b", "failed"));
  await drawn(clock);
  assert.equal(
    screen.text(),
    "💔 b: exit code 1, 1.2s\na 0/1  b 1/1\n🚧 a   0.2s " + "x".repeat(36) +
      "…\n1/2 tasks, 1 failed, 0.2s\n",
  );
});

Deno.test("live: a character wider than was thought does not push lines down", async () => {
  const terminal = new FakeTerminal(TERMINALS, 20, 24);
  const clock = new FakeClock();
  const reporter = new LiveReporter(partsOn(terminal, clock), () => Promise.resolve(() => 1));
  reporter.on(runStarted(["a", "b"]));
  reporter.on(started("a", "日本語".repeat(9)));
  for (let n = 0; n < 3; n++) await drawn(clock);
  assert.equal(terminal.screen.text().split("\n").length, 3 + 1);
});

Deno.test("live screen: the cursor stands at the end of the last line after every drawing", () => {
  const terminal = new FakeTerminal(TERMINALS);
  const screen = new LiveScreen(terminal, (text) => text.length);
  for (const lines of [["a", "bb"], ["a", "bb"], ["ccc"], ["a", "b", "cc"], ["x", "cc"]]) {
    screen.draw(lines);
    const { row, column } = terminal.screen;
    assert.deepEqual([row, column], [lines.length - 1, lines.at(-1)!.length]);
    assert.equal(terminal.screen.text(), lines.join("\n") + "\n");
  }
});

Deno.test("live: closing in the middle gives the terminal back", async () => {
  const { terminal, clock, reporter, screen } = live();
  reporter.on(runStarted(["a", "b"]));
  reporter.on(started("a"));
  await drawn(clock);
  assert.equal(screen.cursorShown, false);
  reporter.close();
  reporter.close();
  assert.equal(screen.cursorShown, true);
  assert.equal(screen.text(), "");
  assert.equal(clock.waiting, 0);
  assert.equal(terminal.listeners, 0);
});

Deno.test("live: at the end the screen holds what the plain reporter tells", async () => {
  const { clock, reporter, screen } = live(120);
  await play(MIXED, reporter, clock);
  const lines = screen.text().split("\n");
  assert.deepEqual(lines.slice(0, 3), [
    'Warning: Pattern "src/**.pyx" of "build" matches nothing [glob-empty]',
    "  at qik.toml:12:9 (commands.build.deps[0])",
    "  hint: Mend the pattern, or remove the dependency",
  ]);
  assert.deepEqual(lines.slice(3), [
    "✅ lint@app#api: 400ms, flaky (exec changed)",
    "💔 test@app#api: exit code 2, 2.4s (3 files changed: api/app.py, api/db.py, core/base.py)",
    "--- test@app#api ---",
    "collected 40 items",
    "FAILED test_app.py::test_login - assert 401 == 200",
    "➖ build: needs test@app#api",
    "➖ publish: needs test@app#api",
    "💔 test@app#api: exit code 2 (log: ._qik/out/test@app#api.out)",
    "Run again: qik test@app#api",
    "💔 6 tasks: 2 ran, 1 cached, 1 failed, 2 skipped, 1 flaky in 2.4s (saved 900ms)",
    "",
  ]);
});
