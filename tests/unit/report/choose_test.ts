import assert from "node:assert/strict";
import { chooseReporter, type ReporterOptions, styleFor } from "../../../lib/report/choose.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";
import { PIPES, TERMINALS } from "./fixture.ts";

function options(terminals: typeof PIPES, more: Partial<ReporterOptions> = {}): ReporterOptions {
  return {
    terminal: new FakeTerminal(terminals),
    clock: new FakeClock(),
    env: {},
    taskCount: 3,
    workers: 2,
    verbosity: 1,
    emoji: true,
    readLog: () => false,
    ...more,
  };
}

Deno.test("choose: the reporter that fits the run", async () => {
  const name = async (given: ReporterOptions) => (await chooseReporter(given)).constructor.name;
  assert.equal(await name(options(TERMINALS)), "LiveReporter");
  assert.equal(await name(options(PIPES)), "PlainReporter");
  assert.equal(await name(options({ out: false, err: true })), "PlainReporter");
  assert.equal(await name(options(TERMINALS, { workers: 1 })), "StreamingReporter");
  assert.equal(await name(options(PIPES, { taskCount: 1 })), "StreamingReporter");
  assert.equal(await name(options(TERMINALS, { verbosity: 0 })), "PlainReporter");
  assert.equal(await name(options(TERMINALS, { env: { CI: "true" } })), "PlainReporter");
});

Deno.test("choose: each stream has its own style", () => {
  const given = options({ out: false, err: true });
  assert.equal(styleFor("out", given).colour, false);
  assert.equal(styleFor("err", given).colour, true);
  assert.equal(styleFor("err", { ...given, emoji: false }).emoji, false);
});
