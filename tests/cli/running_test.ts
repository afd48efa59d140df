import assert from "node:assert/strict";
import { mkdir, readFile, rm } from "node:fs/promises";
import process from "node:process";
import { Gate } from "../support/gate.ts";
import { shell } from "../support/mounts.ts";
import { qikCommand, type Repo, repoTest } from "../support/repo.ts";
import type { Running } from "../support/running.ts";
import { pythonRepoTest } from "../support/python.ts";

/** Gates of a repository, one per name. */
async function gatesIn(repo: Repo, names: readonly string[]): Promise<Map<string, Gate>> {
  await mkdir(repo.path("gates"), { recursive: true });
  return new Map(names.map((name) => [name, new Gate(repo.path("gates"), name)]));
}

/** A qik.toml with literal strings, so that shell text stands in it as it is. */
function toml(commands: Readonly<Record<string, string>>, needs: Record<string, string[]> = {}) {
  return Object.entries(commands).map(([name, exec]) => {
    const list = (needs[name] ?? []).map((need) => `{ type = "command", name = "${need}" }`);
    const deps = list.length === 0 ? "" : `deps = [${list.join(", ")}]\n`;
    return `[commands.${name}]\nexec = '''${exec}'''\n${deps}`;
  }).join("\n");
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

repoTest("as many tasks run at a time as -n says, no more and no fewer", {}, async (repo) => {
  const names = ["a", "b", "c", "d", "e"];
  const gates = await gatesIn(repo, names);
  const exec = (name: string) => `echo "+" >> .log; ${gates.get(name)!.exec}; echo "-" >> .log`;
  await repo.write({ "qik.toml": toml(Object.fromEntries(names.map((n) => [n, exec(n)]))) });
  const run = repo.startQik("-n", "3");
  await Promise.all(["a", "b", "c"].map((name) => gates.get(name)!.started()));
  await gates.get("b")!.finish();
  await gates.get("d")!.started();
  await gates.get("a")!.finish();
  await gates.get("e")!.started();
  for (const name of ["c", "d", "e"]) await gates.get(name)!.finish();
  assert.equal((await run.ended).code, 0, repo.log);
  let running = 0;
  const levels = lines(await repo.read(".log")).map((sign) => running += sign === "+" ? 1 : -1);
  assert.equal(Math.max(...levels), 3);
});

repoTest("a task starts when all that it needs has ended, not before", {
  "qik.toml": toml({
    top: "cat left right; echo top >> order",
    left: "cat base > left; echo left >> order",
    right: "cat base > right; echo right >> order",
    base: "echo base > base; echo base >> order",
  }, { top: ["left", "right"], left: ["base"], right: ["base"] }),
}, async (repo) => {
  await repo.must("top", "-n", "4");
  const order = lines(await repo.read("order"));
  assert.deepEqual([order[0], order[3]], ["base", "top"]);
  assert.deepEqual(order.slice(1, 3).sort(), ["left", "right"]);
});

const FAILING = toml({
  bad: "echo why; exit 3",
  next: "echo next >> ran",
  last: "echo last >> ran",
  other: "echo other >> ran",
}, { next: ["bad"], last: ["next"] });

repoTest(
  "what needs a failed task is skipped and named; the rest runs",
  { "qik.toml": FAILING },
  async (repo) => {
    const { code, out } = await repo.qik();
    assert.equal(code, 3);
    assert.match(out, /next: needs bad/);
    assert.match(out, /last: needs bad/);
    assert.match(out, /bad: exit code 3/);
    assert.match(out, /^why$/m);
    assert.match(out, /4 tasks: 1 ran, 1 failed, 2 skipped/);
    assert.equal(await repo.read("ran"), "other\n");
  },
);

repoTest("--fail-fast starts nothing more and lets what runs end", {}, async (repo) => {
  const gates = await gatesIn(repo, ["slow", "bad"]);
  await repo.write({
    "qik.toml": toml({
      slow: `${gates.get("slow")!.exec}; echo "slow ended" >> ran`,
      bad: gates.get("bad")!.exec,
      later: "echo later >> ran",
    }),
  });
  const run = repo.startQik("-n", "2", "--fail-fast");
  await gates.get("slow")!.started();
  await gates.get("bad")!.pass(4);
  await run.saw(/stopping/i);
  await gates.get("slow")!.finish();
  assert.equal((await run.ended).code, 4, repo.log);
  assert.equal(await repo.read("ran"), "slow ended\n");
  const manifest = JSON.parse(await repo.read("._qik/out/manifest.json"));
  assert.deepEqual(manifest.counts, { hit: 0, ran: 1, failed: 1, skipped: 0, cancelled: 1 });
});

/** Whether a process runs; one that has ended and waits for its parent does not. */
async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

/**
 * Three levels below the command's shell, one of which ignores what it is asked. Each writes its number before
 * the next one starts, so that all five are there when the gate, which comes last, says that it has started.
 */
const TREE = `
echo $$ >> "$QIK__ROOT/pids"
sh -c 'echo $$ >> "$QIK__ROOT/pids"
  sleep 1000 & echo $! >> "$QIK__ROOT/pids"
  sh -c "trap \\"\\" INT TERM; echo \\$\\$ >> $QIK__ROOT/pids; GATE & wait; wait" &
  wait' &
wait
`;

async function startedTree(repo: Repo): Promise<{ run: Running; pids: () => Promise<number[]> }> {
  const gate = (await gatesIn(repo, ["deep"])).get("deep")!;
  await repo.writeScript("deep.sh", `#!/bin/sh\ntrap '' INT TERM\necho $$ >> pids\n${gate.exec}\n`);
  await repo.write({
    "qik.toml": toml({
      tree: TREE.replace("GATE", "./deep.sh"),
      after: "echo after >> ran",
    }, { after: ["tree"] }),
  });
  const run = repo.startQik("after");
  await gate.started();
  return { run, pids: async () => lines(await repo.read("pids")).map(Number) };
}

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  repoTest(
    `${signal} stops every descendant, also one that ignores it, with ${exit}`,
    {},
    async (repo) => {
      const { run, pids } = await startedTree(repo);
      const before = await pids();
      assert.equal(before.length, 5, String(before));
      for (const pid of before) assert.ok(await runs(pid));
      run.signal(signal);
      const { code } = await run.ended;
      assert.equal(code, exit, repo.log);
      for (const pid of before) assert.equal(await runs(pid), false, `${pid} is left\n${repo.log}`);
      assert.equal(await repo.exists("ran"), false);
      const manifest = JSON.parse(await repo.read("._qik/out/manifest.json"));
      assert.deepEqual([manifest.exit, manifest.interrupted], [exit, signal]);
      assert.match(run.out + run.err, /interrupted|stopp/i);
    },
  );
}

repoTest("a second Ctrl-C kills at once", {}, async (repo) => {
  const { run, pids } = await startedTree(repo);
  const before = await pids();
  run.signal("SIGINT");
  await run.saw(/stopping/i);
  const asked = performance.now();
  run.signal("SIGINT");
  assert.equal((await run.ended).code, 130);
  assert.ok(performance.now() - asked < 4000, "the grace period of 5 s was not waited for");
  for (const pid of before) assert.equal(await runs(pid), false, `${pid} is left`);
});

pythonRepoTest("a shell sees that a signal ended qik, so that its script ends, too", {
  "qik.toml": toml({ self: "kill -INT $PPID; sleep 1000", term: "kill -TERM $PPID; sleep 1000" }),
}, async (repo) => {
  const script = "import subprocess, sys; print(subprocess.run(sys.argv[1:]).returncode)";
  for (const [name, expected] of [["self", "-2"], ["term", "-15"]] as const) {
    const { out } = await repo.run("python3", "-c", script, ...qikCommand(), name);
    assert.equal(lines(out).at(-1), expected, out);
  }
});

repoTest("what was done before an interruption is in the cache", {}, async (repo) => {
  const gate = (await gatesIn(repo, ["slow"])).get("slow")!;
  await repo.write({
    "x": "",
    "qik.toml": `[commands.first]\nexec = "echo first >> ran"\ndeps = ["x"]\n` +
      `[commands.slow]\nexec = '''${gate.exec}'''\n` +
      `deps = ["x", { type = "command", name = "first" }]\n`,
  });
  const run = repo.startQik();
  await gate.started();
  run.signal("SIGTERM");
  assert.equal((await run.ended).code, 143);
  await repo.must("first");
  assert.equal(await repo.read("ran"), "first\n");
  const again = repo.startQik();
  await gate.pass();
  assert.equal((await again.ended).code, 0, "what was stopped is not taken for a result");
});

repoTest("a background process that keeps the output open is stopped, and told", {
  "qik.toml": toml({ leaks: 'sleep 1000 & echo $! > "$QIK__ROOT/pid"; echo done' }),
}, async (repo) => {
  const { code, out, err } = await repo.qik();
  assert.deepEqual([code, out], [0, "done\n"]);
  assert.match(err, /\[pipe-left-open\]/);
  assert.equal(await runs(Number(await repo.read("pid"))), false);
});

repoTest("all output arrives at a reader that is slow", {
  "qik.toml": toml({ big: "yes 0123456789 | head -c 10000000; yes e | head -c 1000000 >&2" }),
}, async (repo) => {
  const { out } = await shell(repo, "qik 2> err.txt | (sleep 1; wc -c)");
  assert.equal(out.trim(), "10000000");
  const errors = await shell(repo, "qik 2>&1 > out.txt | (sleep 1; grep -c '^e$')");
  assert.equal(errors.out.trim(), "500000");
});

repoTest("a reader that goes away does not end the run", {
  "qik.toml": toml({ big: "yes | head -c 3000000; echo ended >> ran" }),
}, async (repo) => {
  await shell(repo, "qik 2> /dev/null | head -n 1");
  assert.equal(await repo.read("ran"), "ended\n");
});

repoTest(
  "commands get no input of qik's",
  { "qik.toml": toml({ reads: "cat; echo end" }) },
  async (repo) => {
    const { code, out } = await repo.with({ stdin: "typed\n" }).qik();
    assert.deepEqual([code, out], [0, "end\n"]);
  },
);

repoTest("a log is written while its command runs", {}, async (repo) => {
  const gate = (await gatesIn(repo, ["slow"])).get("slow")!;
  await repo.write({ "qik.toml": toml({ slow: `echo early; ${gate.exec}` }) });
  const run = repo.startQik();
  await gate.started();
  await run.saw("early", "out");
  assert.equal(await repo.read("._qik/out/slow.out"), "early\n");
  await gate.finish();
  assert.equal((await run.ended).code, 0);
});

repoTest("manifest.json tells how each task ended", {
  "qik.toml": FAILING + '[commands.kept]\nexec = "echo kept"\ndeps = ["x"]\n',
  "x": "",
}, async (repo) => {
  await repo.qik("kept");
  await repo.qik();
  const { version, exit, counts, tasks } = JSON.parse(await repo.read("._qik/out/manifest.json"));
  assert.deepEqual([version, exit], [1, 3]);
  assert.deepEqual(counts, { hit: 1, ran: 1, failed: 1, skipped: 2, cancelled: 0 });
  const told = tasks.map((task: Record<string, unknown>) => [
    task["task"],
    task["ending"],
    task["code"] ?? task["because"],
    task["log"],
  ]);
  assert.deepEqual(told.sort(), [
    ["bad", "failed", 3, "._qik/out/bad.out"],
    ["kept", "hit", 0, "._qik/out/kept.out"],
    ["last", "skipped", "bad", undefined],
    ["next", "skipped", "bad", undefined],
    // It prints nothing, so there is no log.
    ["other", "ran", 0, undefined],
  ]);
  assert.equal(await repo.read("._qik/out/bad.out"), "why\n");
});

repoTest("two qik run in one tree at the same time, and both are right", {}, async (repo) => {
  const gate = (await gatesIn(repo, ["slow"])).get("slow")!;
  await repo.write({
    "x": "1",
    ".gitignore": "out\ngates\n",
    "qik.toml": `[commands.slow]\nexec = '''${gate.exec}'''\n` +
      `[commands.build]\nexec = "mkdir -p out; cp x out/x; echo built"\n` +
      `deps = ["x"]\nartifacts = ["out"]\n`,
  });
  const first = repo.startQik("slow", "build");
  await gate.started();
  const second = await repo.must("build");
  assert.equal(second.out, "built\n");
  await gate.finish();
  assert.equal((await first.ended).code, 0, repo.log);
  assert.match((await repo.must("build")).err, /1 cached/);
});

repoTest("many qik at once on a cold tree leave a right and warm one", {
  "x": "content\n",
  ".gitignore": "out*\n",
  "qik.toml": ["a", "b", "c", "d"].map((name) =>
    `[commands.${name}]\n` +
    `exec = "mkdir -p out-${name}; head -c 500000 /dev/zero > out-${name}/big; cat x"\n` +
    `deps = ["x"]\nartifacts = ["out-${name}"]\n`
  ).join(""),
}, async (repo) => {
  const all = await Promise.all(Array.from({ length: 5 }, () => repo.qik("-v")));
  for (const { code, out } of all) {
    assert.equal(code, 0, repo.log);
    assert.equal(out.match(/^content$/gm)?.length, 4, repo.log);
  }
  await repo.must();
  const { out } = await repo.must();
  assert.match(out, /4 cached/);
  const left = await repo.run("find", "._qik", "-name", "*tmp*", "-type", "f");
  assert.equal(left.out, "");
});

repoTest("the exit codes of the table", {
  "qik.toml": toml({ ok: "true", low: "exit 2", high: "exit 9", top: "exit 200" }),
}, async (repo) => {
  const codes: [string, number][] = [
    ["ok", 0],
    ["low", 2],
    ["ok low high", 9],
    ["--ls", 0],
    ["--ls --fail", 1],
    ["--dry-run", 0],
    ["--version", 0],
    ["--help", 0],
    ["nothing", 2],
    ["--nothing", 2],
    ["-C nowhere", 2],
    ["-n 0", 2],
  ];
  for (const [line, code] of codes) {
    assert.deepEqual([line, (await repo.qik(...line.split(" "))).code], [line, code], repo.log);
  }
});

repoTest(
  "two qik that want the same task run it once, and both tell its result",
  {},
  async (repo) => {
    const gate = (await gatesIn(repo, ["slow"])).get("slow")!;
    await repo.write({
      "x": "1",
      ".gitignore": "out\ngates\nran\n",
      "qik.toml": `[commands.build]\nexec = '''${gate.exec} && mkdir -p out && cp x out/x && ` +
        `echo built && echo ran >> ran'''\ndeps = ["x"]\nartifacts = ["out"]\n`,
    });
    const first = repo.startQik();
    await gate.started();
    const second = repo.startQik();
    await second.saw("[task-locked]");
    await gate.finish();
    for (const { ended } of [first, second]) {
      const { code, out } = await ended;
      assert.deepEqual([code, new TextDecoder().decode(out)], [0, "built\n"], repo.log);
    }
    assert.match(second.err, /1 cached/);
    assert.equal(await repo.read("ran"), "ran\n");
  },
);

repoTest("a result whose lock was removed while it ran is not stored", {}, async (repo) => {
  const gate = (await gatesIn(repo, ["slow"])).get("slow")!;
  await repo.write({
    "x": "1",
    ".gitignore": "out\ngates\n",
    "qik.toml": `[commands.build]\nexec = '''{ [ -e out ] || ${gate.exec}; } && cp x out'''\n` +
      `deps = ["x"]\nartifacts = ["out"]\n`,
  });
  const running = repo.startQik();
  await gate.started();
  await rm(repo.path("._qik/locks"), { recursive: true });
  await gate.finish();
  const { code } = await running.ended;
  assert.equal(code, 0, repo.log);
  assert.match(running.err, /"build".*its lock was removed/);
  assert.match((await repo.qik()).err, /1 ran/, "it was stored all the same");
  assert.match((await repo.qik()).err, /1 cached/);
});

repoTest("a qik that was killed holds nobody up", {}, async (repo) => {
  const gate = (await gatesIn(repo, ["slow"])).get("slow")!;
  await repo.write({ "qik.toml": toml({ slow: `[ -e second ] || ${gate.exec}` }) });
  const first = repo.startQik();
  await gate.started();
  first.signal("SIGKILL");
  await repo.write({ "second": "" });
  const { code, err } = await repo.qik();
  assert.equal(code, 0, repo.log);
  assert.doesNotMatch(err, /task-locked/);
  await first.ended;
});

repoTest(
  "a command that starts a session of its own is stopped with the rest",
  {},
  async (repo) => {
    const gates = await gatesIn(repo, ["stays", "away"]);
    const away = `echo $$ > pid; ${gates.get("away")!.exec}`;
    await repo.write({
      "qik.toml": toml({
        away: `setsid sh -c '${away}' > /dev/null 2>&1 & ${gates.get("stays")!.exec}`,
        open: `setsid sh -c 'echo $$ > pid; exec sleep 1000' & echo hi`,
      }),
    });
    const run = repo.startQik("away");
    await Promise.all([...gates.values()].map((gate) => gate.started()));
    run.signal("SIGTERM");
    assert.equal((await run.ended).code, 143, repo.log);
    assert.equal(await runs(Number(await repo.read("pid"))), false);
    const { code, err } = await repo.qik("open");
    assert.equal(code, 0);
    assert.match(err, /Stopped what "open" left running/);
    assert.equal(await runs(Number(await repo.read("pid"))), false);
  },
);

repoTest("output that is lost is told on the other stream, and is no success", {
  "qik.toml": toml({ big: "yes | head -c 300000; echo ended >> ran", bad: "echo x; exit 9" }),
}, async (repo) => {
  for (const args of ["big", "--ls", "--version"]) {
    const { code, err } = await shell(repo, `qik ${args} > /dev/full`);
    assert.deepEqual([args, code], [args, 1], repo.log);
    assert.match(err, /^Cannot write to standard output: ENOSPC$/m);
    assert.doesNotMatch(err, /bug/);
  }
  assert.equal(await repo.read("ran"), "ended\n");
  assert.equal((await shell(repo, "qik bad > /dev/full")).code, 9);
  const { code, out } = await shell(repo, "qik big 2> /dev/full");
  assert.equal(code, 1);
  assert.match(out, /^Cannot write to standard error: ENOSPC$/m);
});

repoTest(
  "a second Ctrl-C also ends the wait for a program that tells no version",
  {},
  async (repo) => {
    const gate = (await gatesIn(repo, ["tool"])).get("tool")!;
    await repo.writeScript("tool", `#!/bin/sh\ntrap '' INT TERM\n${gate.exec}\n`);
    await repo.write({
      "qik.toml": `[commands.lint]\nexec = "true"\n` +
        `deps = [{ type = "tool", name = "tool", version = ["./tool"] }]\n`,
    });
    const run = repo.startQik();
    await gate.started();
    run.signal("SIGINT");
    await run.saw(/stopping/i);
    run.signal("SIGINT");
    assert.equal((await run.ended).code, 130, repo.log);
  },
);

/** Those that end a process which does not listen; a shell cannot be ended by the others. */
const DEADLY = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31];

repoTest("each exit code and each deadly signal of a command is told as it was", {
  "qik.toml": `[commands]\n${
    Array.from({ length: 256 }, (_, code) => `code${code} = "exit ${code}"\n`).join("")
  }${DEADLY.map((number) => `signal${number} = "kill -${number} $$"\n`).join("")}`,
}, async (repo) => {
  const all = await repo.qik("-n", "4");
  const { exit, counts, tasks } = JSON.parse(await repo.read("._qik/out/manifest.json"));
  assert.equal(all.code, 255, all.err);
  assert.deepEqual([exit, counts.ran, counts.failed], [255, 1, 255 + DEADLY.length]);
  const told = new Map<string, { code: number; ending: string }>(
    tasks.map((task: { task: string }) => [task.task, task]),
  );
  for (let code = 0; code < 256; code++) {
    assert.equal(told.get(`code${code}`)!.code, code);
  }
  for (const number of DEADLY) {
    const { code, ending } = told.get(`signal${number}`)!;
    assert.deepEqual([number, code, ending], [number, 128 + number, "failed"]);
  }
  for (const name of ["code1", "code255", "signal9", "signal15"]) {
    assert.equal((await repo.qik(name)).code, told.get(name)!.code, name);
  }
});
