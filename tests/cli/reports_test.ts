import assert from "node:assert/strict";
import { Gate } from "../support/gate.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { mkdir } from "node:fs/promises";

const FILES = {
  "qik.toml": `
[commands.lint]
exec = "echo app/a.py:3:8: F401 unused; exit 1"

[commands.build]
exec = "echo ::add-path::/evil; echo built"
deps = ["a.txt"]

[commands.flaky]
exec = "test -e .tried || { touch .tried; echo once; exit 7; }"
retries = 1

[commands.after]
exec = "true"
deps = [{type = "command", name = "lint"}]
`,
  "a.txt": "a\n",
};

interface Line {
  readonly type: string;
  readonly task?: string;
  readonly ending?: string;
  readonly text?: string;
  readonly attempt?: number;
  readonly exit?: number;
  readonly steps?: readonly { readonly name: string }[];
}

function parsed(text: string): Line[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function jsonOf(repo: Repo, path: string): Promise<Line[]> {
  return parsed(await repo.read(path));
}

repoTest("--report json prints lines only; people read standard error", FILES, async (repo) => {
  const { code, out, err } = await repo.qik("--report", "json");
  assert.equal(code, 1);
  const lines = parsed(out);
  assert.equal(lines[0]!.type, "run-started");
  assert.equal(lines.at(-1)!.type, "run-ended");
  assert.equal(lines.at(-1)!.exit, 1);
  const endings = lines.filter(({ type }) => type === "task-ended");
  assert.deepEqual(endings.map(({ task, ending }) => `${task} ${ending}`).toSorted(), [
    "after skipped",
    "build ran",
    "flaky ran",
    "lint failed",
  ]);
  const retried = lines.filter(({ type }) => type === "task-retried");
  assert.deepEqual(retried.map(({ task, attempt }) => [task, attempt]), [["flaky", 1]]);
  assert(lines.some(({ text }) => text === "once\n"), out);
  assert.match(err, /4 tasks: 2 ran, 1 failed, 1 skipped, 1 flaky/);
});

repoTest(
  "several reports at once, each in its file, beside the one for people",
  FILES,
  async (repo) => {
    const ran = await repo.with({ env: { GITHUB_STEP_SUMMARY: repo.path("summary.md") } }).qik(
      ...["--report", "json=out/events.jsonl", "--report", "junit=out/junit.xml"],
      ...["--report", "github=out/github.log", "--trace", "out/trace.json"],
    );
    assert.equal(ran.code, 1, repo.log);
    assert.match(ran.out, /4 tasks: 2 ran, 1 failed, 1 skipped, 1 flaky/);
    assert.equal((await jsonOf(repo, "out/events.jsonl")).at(-1)!.type, "run-ended");
    const junit = await repo.read("out/junit.xml");
    assert.match(junit, /<testsuites name="qik" tests="4" failures="1"/);
    assert.match(junit, /<flakyFailure message="exit code 7" type="try 1"\/>/);
    const github = await repo.read("out/github.log");
    assert.match(github, /^::error file=app\/a\.py,line=3,col=8,title=lint%3A F401::unused$/m);
    assert.match(await repo.read("summary.md"), /### qik: 💔 4 tasks/);
  },
);

repoTest("a trace shows where the time of runs and hits went", FILES, async (repo) => {
  await repo.must("build", "--trace", "cold.json");
  await repo.must("build", "--trace", "warm.json");
  const steps = async (path: string) => {
    const rows: { cat?: string; ph: string; dur?: number }[] = JSON.parse(await repo.read(path));
    const spans = rows.filter(({ ph }) => ph === "X");
    assert(spans.every(({ dur }) => dur !== undefined && dur >= 0), JSON.stringify(rows));
    return spans.map(({ cat }) => cat);
  };
  const cold = await steps("cold.json");
  for (const step of ["task", "hash", "cache", "run", "store"]) assert(cold.includes(step), step);
  const warm = await steps("warm.json");
  assert(warm.includes("restore") && !warm.includes("run"), warm.join());
});

repoTest("in a GitHub job nothing that a command prints is obeyed", FILES, async (repo) => {
  await repo.must("build");
  for (const options of [["-f"], ["-v"]]) {
    const { out } = await repo.must("build", "--report", "github", ...options);
    let obeyed = true;
    let token = "";
    for (const line of out.split("\n")) {
      const stop = /^::stop-commands::(.+)$/.exec(line);
      if (stop) [obeyed, token] = [false, stop[1]!];
      else if (!obeyed && line === `::${token}::`) obeyed = true;
      else if (obeyed) assert.doesNotMatch(line, /^::add-path/);
    }
    assert(obeyed, "the commands are obeyed again at the end");
    assert.match(token, /^[\w-]{8,}$/);
    assert.match(out, /^::add-path::\/evil$/m);
  }
});

repoTest("a report of a run without tasks is written all the same", FILES, async (repo) => {
  const ran = await repo.qik("build", "-x", "build", "--report", "junit=junit.xml");
  assert.equal(ran.code, 0, repo.log);
  assert.match(await repo.read("junit.xml"), /tests="0" failures="0"/);
});

repoTest("what cannot be reported is an error before anything runs", FILES, async (repo) => {
  const refused = async (expected: RegExp, ...options: string[]) => {
    const { code, err } = await repo.qik("build", ...options);
    assert.equal(code, 2, repo.log);
    assert.match(err, expected);
    assert.equal(await repo.exists("._qik/out/build.out"), false);
  };
  await refused(/Cannot understand the report "xml"/, "--report", "xml");
  await refused(/Cannot understand the report "json="/, "--report", "json=");
  await refused(/two reports to standard output/, "--report", "json", "--report", "junit");
  await refused(/two reports to "f"/, "--report", "json=f", "--trace", "f");
  await refused(/two reports to "\.\/f"/, "--report", "json=f", "--report", "junit=./f");
  await refused(/\[report-unwritable\]/, "--report", "json=a.txt/f");
  await refused(/nothing runs/, "--ls", "--report", "json");
});

repoTest("a killed qik leaves whole lines, an interrupted one also the last", {}, async (repo) => {
  await mkdir(repo.path("gates"));
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const gate = new Gate(repo.path("gates"), signal.toLowerCase());
    await repo.write({ "qik.toml": `[commands]\nwait = '''echo first; ${gate.exec}'''\n` });
    const run = repo.startQik("--report", "json=events.jsonl");
    await gate.started();
    run.signal(signal);
    await run.ended;
    const text = await repo.read("events.jsonl");
    const lines = parsed(text.slice(0, text.lastIndexOf("\n") + 1));
    assert.equal(lines[0]!.type, "run-started");
    assert.equal(lines.at(-1)!.type === "run-ended", signal === "SIGTERM", text);
  }
});
