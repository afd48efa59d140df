import type { Reporter } from "../../../lib/events/events.ts";
import type { Width } from "../../../lib/report/fit.ts";
import { GithubReporter } from "../../../lib/report/github.ts";
import { jsonReporter } from "../../../lib/report/json.ts";
import { junitReporter } from "../../../lib/report/junit.ts";
import { LiveReporter } from "../../../lib/report/live.ts";
import { PlainReporter, type ReporterParts } from "../../../lib/report/plain.ts";
import { StreamingReporter } from "../../../lib/report/streaming.ts";
import { traceReporter } from "../../../lib/report/trace.ts";
import { createStyle } from "../../../lib/report/style.ts";
import stringWidth from "string-width";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";
import { Goldens } from "../../support/golden.ts";
import { MIXED, partsOn, PIPES, play, RETRIED, sinkInto, TERMINALS } from "./fixture.ts";

const goldens = new Goldens(new URL("../../golden/report/", import.meta.url));
const loadWidth = () => Promise.resolve<Width>((text) => stringWidth(text));

/** Both streams of a run into pipes, one after the other. */
async function streams(
  make: (parts: ReporterParts) => Reporter,
  more: Partial<ReporterParts> = {},
): Promise<string> {
  const clock = new FakeClock();
  const terminal = new FakeTerminal(PIPES);
  await play(MIXED, make(partsOn(terminal, clock, more)), clock);
  return `=== stdout\n${terminal.text("out")}=== stderr\n${terminal.text("err")}`;
}

Deno.test("golden: plain, by verbosity", async () => {
  for (const verbosity of [0, 1, 2] as const) {
    const text = await streams((parts) => new PlainReporter(parts), { verbosity });
    goldens.check(`plain-v${verbosity}`, text);
  }
});

Deno.test("golden: plain with words and with colours", async () => {
  const words = createStyle({ colour: false, emoji: false });
  const coloured = createStyle({ colour: true, emoji: true });
  const make = (parts: ReporterParts) => new PlainReporter(parts);
  goldens.check("plain-words", await streams(make, { styles: { out: words, err: words } }));
  const colours = await streams(make, { styles: { out: coloured, err: coloured } });
  goldens.check("plain-colours", colours.replaceAll("\x1b", "ESC"));
});

Deno.test("golden: streaming", async () => {
  goldens.check("streaming", await streams((parts) => new StreamingReporter(parts)));
});

Deno.test("golden: json", async () => {
  const lines: string[] = [];
  await play(MIXED, jsonReporter(sinkInto(lines)), new FakeClock());
  goldens.check("json", lines.join(""));
});

Deno.test("golden: github, its log and its summary", async () => {
  const log: string[] = [];
  const summary: string[] = [];
  const reporter = new GithubReporter({
    sink: sinkInto(log),
    summary: sinkInto(summary),
    style: createStyle({ colour: false, emoji: true }),
    verbosity: 1,
    readLog: () => false,
    token: "TOKEN",
  });
  await play([...MIXED.slice(0, -1), ...RETRIED], reporter, new FakeClock());
  goldens.check("github", `${log.join("")}=== summary\n${summary.join("")}`);
});

Deno.test("golden: junit", async () => {
  const xml: string[] = [];
  const reporter = junitReporter(sinkInto(xml), () => false);
  await play([...MIXED.slice(0, -1), ...RETRIED], reporter, new FakeClock());
  goldens.check("junit", xml.join(""));
});

Deno.test("golden: trace", async () => {
  const rows: string[] = [];
  await play([...MIXED.slice(0, -1), ...RETRIED], traceReporter(sinkInto(rows)), new FakeClock());
  JSON.parse(rows.join(""));
  goldens.check("trace", rows.join(""));
});

Deno.test("golden: the live view after every step, at 40, 80 and 200 columns", async () => {
  for (const columns of [40, 80, 200]) {
    const clock = new FakeClock(5000);
    const terminal = new FakeTerminal(TERMINALS, columns, 24);
    const frames: string[] = [];
    const snap = () => {
      const frame = terminal.screen.text();
      if (frame !== frames.at(-1)) frames.push(frame);
    };
    const reporter = new LiveReporter(partsOn(terminal, clock), loadWidth);
    await play(MIXED, reporter, clock, snap);
    snap();
    const rule = "=".repeat(columns) + "\n";
    goldens.check(`live-${columns}`, rule + frames.join(rule) + rule);
  }
});

Deno.test("golden: none without a test", () => goldens.end());
