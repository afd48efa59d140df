/** Runs that are ended at random moments: by Ctrl-C and signals in a terminal, and by kills while a report is written. */
import assert from "node:assert/strict";
import { running, until, writtenPids } from "../support/process_state.ts";
import { inTerminal, type TimedStep } from "../support/pseudo_terminal.ts";
import { pythonRepoTest } from "../support/python.ts";
import { pick, random } from "../support/random.ts";
import { isExecutable, type Repo, repoTest } from "../support/repo.ts";
import { Screen } from "../support/screen.ts";
import { randomMoment, SEED, tell, times } from "../support/torture.ts";

/** From before qik listens to anything until after all has ended. */
const LONGEST_MS = isExecutable() ? 900 : 1500;

/** Each command says who it is, and who it has started that ignores what it can ignore. */
const FILES = {
  "qik.toml": `[commands]
a = '''echo $$ >> pids; echo of a; sleep 0.3'''
b = '''echo $$ >> pids; sh -c "trap '' INT TERM HUP; sleep 0.3; echo deep" & echo $! >> pids; wait'''
c = '''echo $$ >> pids; setsid sleep 0.4 & sleep 0.2'''
d = '''echo $$ >> pids; echo of d; sleep 0.1; exit 3'''
`,
  ".gitignore": "pids\n",
};

/** The codes that `subprocess` gives: negative for a signal. */
const CODES: Readonly<Record<string, number>> = { "Ctrl-C": -2, SIGTERM: -15, SIGHUP: -1 };

function stepOf(how: string, afterMs: number): readonly TimedStep[] {
  if (how === "Ctrl-C") return [{ afterMs, send: "\x03" }];
  if (how === "Ctrl-Z") {
    return [{ afterMs, send: "\x1a" }, { afterMs: afterMs + 150, signal: "SIGCONT" }];
  }
  return [{ afterMs, signal: how as "SIGTERM" | "SIGHUP" }];
}

const ENDINGS = times(10, 200);

pythonRepoTest(
  `a terminal is given back whenever a run is ended, seed ${SEED}`,
  FILES,
  async (repo) => {
    const next = random(SEED);
    const counts: Record<string, number> = {};
    for (let at = 0; at < ENDINGS; at++) {
      const how = pick(["Ctrl-C", "Ctrl-C", "SIGTERM", "SIGHUP", "Ctrl-Z"], next);
      const afterMs = next(LONGEST_MS);
      const what = `ending ${at} of seed ${SEED}: ${how} after ${afterMs} ms`;
      await repo.remove("pids");
      const ran = await inTerminal(repo, ["-n", "3"], { timed: stepOf(how, afterMs) });
      assert(ran.restored, `${what}: the terminal's modes\n${ran.output}`);
      const screen = new Screen(80, 24);
      screen.write(new TextEncoder().encode(ran.output.replaceAll(/\^[CZ]/g, "")));
      assert.deepEqual([screen.cursorShown, screen.wraps], [true, true], `${what}\n${ran.output}`);
      assert.doesNotMatch(screen.text(), /bug in qik|\/4 tasks,/, what);
      // It was too late where the run had ended by itself, with the code of `d`.
      assert([3, CODES[how]].includes(ran.code), `${what}: ${ran.code}\n${ran.output}`);
      assert.deepEqual(
        await running(await writtenPids(repo.path("pids"))),
        [],
        `${what}: processes are left`,
      );
      if (ran.code === CODES[how]) counts[how] = (counts[how] ?? 0) + 1;
    }
    const ended = Object.entries(counts).map(([how, count]) => `${count} by ${how}`).join(", ");
    tell(
      `${ENDINGS} endings in a terminal (${ended}): modes, cursor and wrapping as before, 0 processes left`,
    );
  },
);

async function hasLines(repo: Repo): Promise<boolean> {
  return (await repo.read("events").catch(() => "")) !== "";
}

const KILLS = times(12, 200);

repoTest(`a report is whole lines whenever qik is killed, seed ${SEED}`, {
  "qik.toml": `[commands]\n${
    Array.from({ length: 20 }, (_, at) => `t${at} = "echo of ${at}; sleep 0.0${at % 3}"\n`).join("")
  }`,
  ".gitignore": "events\n",
}, async (repo) => {
  const next = random(SEED);
  const ends = { SIGKILL: 0, SIGTERM: 0 };
  for (let at = 0; at < KILLS; at++) {
    const signal = pick(["SIGKILL", "SIGTERM"] as const, next);
    const what = `kill ${at} of seed ${SEED} by ${signal}`;
    await repo.remove("events");
    const run = repo.startQik("-n", "3", "--report", "json=events");
    if (next(8) > 0) await until(() => hasLines(repo), () => "no report");
    await randomMoment(next(250));
    run.signal(signal);
    const { code } = await run.ended;
    const text = await repo.read("events").catch(() => "");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const lines = whole.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    if (lines.length > 0) assert.equal(lines[0].type, "run-started", what);
    const started = new Set<string>();
    for (const { type, task } of lines) {
      if (type === "task-started") started.add(task);
      if (type === "task-output") assert(started.has(task), `${what}: output before its start`);
    }
    const ended = lines.at(-1)?.type === "run-ended";
    // A signal that came before qik listened ended it as any program; afterwards the report has an end.
    if (lines.length > 0 && signal === "SIGTERM") assert(ended, `${what}: no end\n${text}`);
    if (code === 0) assert(ended, what);
    if (!ended || code !== 0) ends[signal] += 1;
    if (ended) assert.equal(whole, text, `${what}: something behind the end`);
  }
  tell(
    `${KILLS} kills (${ends.SIGKILL} by SIGKILL, ${ends.SIGTERM} by SIGTERM before the end): reports are whole lines, and have an end where there was time`,
  );
});
