/** `--watch`: what runs again, and what does not. */
import assert from "node:assert/strict";
import { mkdir, rename, symlink } from "node:fs/promises";
import process from "node:process";
import { makeVenv, mark, ran } from "../support/fakes.ts";
import { Gate } from "../support/gate.ts";
import { NO_MOUNTS } from "../support/mounts.ts";
import { isExecutable, qikCommand, type Repo, repoTest } from "../support/repo.ts";
import type { Running } from "../support/running.ts";
import {
  endWatching,
  put,
  quiet,
  sawByHint,
  startWatching,
  stateOf,
  WATCHED,
} from "../support/watched.ts";

/** A command that marks that it ran and prints a file, so that tests can wait for what it saw. */
function command(name: string, file: string, more = ""): string {
  return `[commands.${name}]\nexec = "${mark(name)}; echo ${name}=$(cat ${file})"\n${more}`;
}

const FILES = {
  "qik.toml": [
    command("one", "src/one", 'deps = ["src/one"]\n'),
    command("two", "src/two", 'deps = ["src/two"]\n'),
    command("plain", "src/one"),
  ].join("\n"),
  ".gitignore": "ignored\n",
  "src/one": "1",
  "src/two": "1",
};

/** Changes a file that a command prints, and waits until it did. */
async function change(repo: Repo, running: Running, name: string, text: string): Promise<void> {
  await put(repo, { [`src/${name}`]: text });
  await running.saw(`${name}=${text}`);
}

repoTest("only what a change affects runs again, and says why", FILES, async (repo) => {
  const running = await startWatching(repo);
  assert.deepEqual(await ran(repo), ["one", "plain", "two"]);
  // None of these is an input: the next change is the only one that runs anything.
  await put(repo, { "ignored/x": "1", ".git/x": "1", "._qik/x": "1", "src/other": "1" });
  await change(repo, running, "one", "2");
  await change(repo, running, "two", "2");
  await put(repo, { "src/one": "2" });
  await change(repo, running, "two", "3");
  assert.deepEqual(await ran(repo), ["one", "one", "plain", "two", "two", "two"]);
  assert.match(running.err, /Again: one \(src\/one changed\)\n/);
  await endWatching(running);
});

repoTest(
  "what takes something over from a task comes along, and is replayed where nothing changed",
  {
    "qik.toml": `
[commands.gen]
exec = "${mark("gen")}; head -c 1 src > out; echo gen=$(cat src)"
deps = ["src"]
artifacts = ["out"]

[commands.use]
exec = "${mark("use")}; echo use=$(cat out)"
deps = [{type = "command", name = "gen"}]

[commands.after]
exec = "${mark("after")}"
deps = [{type = "command", name = "gen", order-only = true}]
`,
    ".gitignore": "out\n",
    "src": "a1",
  },
  async (repo) => {
    const running = await startWatching(repo);
    await put(repo, { "src": "b1" });
    await running.saw("use=b");
    await put(repo, { "src": "b2" });
    await running.saw("gen=b2");
    await put(repo, { "src": "c" });
    await running.saw("use=c");
    assert.deepEqual(await ran(repo), ["after", "gen", "gen", "gen", "gen", "use", "use", "use"]);
    await endWatching(running);
  },
);

repoTest("a failed task runs again when it is mended, and then what waited for it", {
  "qik.toml": `
[commands.check]
exec = "test $(cat src) != bad"
deps = ["src"]

[commands.use]
exec = "echo used $(cat src)"
deps = [{type = "command", name = "check"}, "other"]
`,
  src: "bad",
  other: "",
}, async (repo) => {
  const running = await startWatching(repo);
  // The task that it needs has not passed: it is tried again, too.
  await put(repo, { other: "1" });
  await running.saw(/Again: use[^]*for changes/);
  await put(repo, { src: "good" });
  await running.saw("used good");
  await endWatching(running);
});

repoTest("an affected running task is stopped and begins again; others go on", {
  "qik.toml": "",
  "src/a": "1",
  "src/b": "1",
}, async (repo) => {
  await mkdir(repo.path("../gates"));
  const [first, slow] = ["first", "slow"].map((name) => new Gate(repo.path("../gates"), name));
  await put(repo, {
    "qik.toml": `[commands]
edited = {exec = '''if test $(cat src/a) = 1; then ${
      first!.exec
    }; fi; echo edited=$(cat src/a)''', deps = ["src/a"]}
slow = {exec = '''${slow!.exec}''', deps = ["src/b"]}
`,
  });
  const running = repo.startQik("--watch", "-n", "2");
  await Promise.all([first!.started(), slow!.started()]);
  await put(repo, { "src/a": "2" });
  await running.saw(/edited.*stopped|Stopping/);
  await slow!.finish();
  await running.saw("edited=2");
  await running.saw("for changes");
  assert.match(running.out, /✅ slow: /);
  await endWatching(running);
});

repoTest("own artifacts do not trigger; what rewrites its inputs settles", {
  "qik.toml": `
[commands.build]
exec = "${mark("build")}; date +%s%N > src/out; echo build=$(cat src/in)"
deps = ["src"]
artifacts = ["src/out"]

[commands.format]
exec = "${mark("format")}; tr a-z A-Z < text > ../t; mv ../t text; echo format=$(cat text)"
deps = ["text"]
`,
  "src/in": "1",
  "text": "abc",
}, async (repo) => {
  const running = await startWatching(repo);
  await put(repo, { "src/in": "2" });
  await running.saw("build=2");
  await quiet(running);
  await put(repo, { "text": "def" });
  await running.saw("format=DEF");
  await put(repo, { "src/in": "3" });
  await running.saw("build=3");
  await quiet(running);
  const marks = await ran(repo);
  assert.equal(marks.filter((name) => name === "build").length, 3, running.out);
  // Each of the two contents is formatted, and seen to have been.
  assert.ok(marks.filter((name) => name === "format").length <= 4, running.out);
  await endWatching(running);
});

repoTest("tasks that change each other's inputs for ever are named", {
  "qik.toml": `
[commands.ping]
exec = "if grep -q 1 b; then echo 2 > b; else echo 1 > b; fi"
deps = ["a"]
cache = "none"

[commands.pong]
exec = "if grep -q 1 a; then echo 2 > a; else echo 1 > a; fi"
deps = ["b"]
cache = "none"
`,
  a: "",
  b: "",
}, async (repo) => {
  const running = repo.startQik("--watch", "-n", "1");
  await running.saw("without an end");
  assert.match(running.err, /Warning: "p[io]ng".* without an end \([ab] changed/);
  await running.saw("for changes");
  await endWatching(running);
});

repoTest("runs that follow each other with ever new contents are named, and spaced out", {
  "qik.toml": `
[commands.ping]
exec = "echo . >> b"
deps = ["a"]
cache = "none"

[commands.pong]
exec = "echo . >> a"
deps = ["b"]
cache = "none"
`,
  a: "",
  b: "",
}, async (repo) => {
  const running = repo.startQik("--watch");
  await running.saw(/Warning: "p[io]ng".* again as soon as .* ended \([ab] changed.*spaced out/);
  await endWatching(running);
});

repoTest("what git and the caches say chooses what runs first; later changes are about all tasks", {
  ...FILES,
  "qik.toml": FILES["qik.toml"].replace("plain", "hidden") + 'deps = ["src/one"]\nhidden = true\n',
}, async (repo) => {
  await repo.must();
  await put(repo, { "src/two": "2" });
  for (const option of [["--changed"], ["--since", "HEAD"], ["--cache-status", "cold"]]) {
    await repo.remove("../ran");
    const running = await startWatching(repo, ...option);
    assert.deepEqual(await ran(repo), ["two"], option[0]);
    await change(repo, running, "one", option[0]!);
    await change(repo, running, "two", option[0]!);
    await quiet(running);
    assert.deepEqual(await ran(repo), ["one", "two", "two"], option[0]);
    await endWatching(running);
    // The caches know none of these.
    await put(repo, { "src/one": "1", "src/two": `after ${option}` });
  }
});

repoTest(
  "a configuration that is half written for a moment begins nothing anew",
  FILES,
  async (repo) => {
    const text = await repo.read("qik.toml");
    const running = await startWatching(repo);
    // So much of it is there that it can be told when it was read.
    await put(repo, { "qik.toml": command("half", "src/one") });
    await running.saw("half=1");
    await put(repo, { "qik.toml": text });
    await change(repo, running, "one", "2");
    assert.deepEqual(await ran(repo), ["half", "one", "one", "plain", "two"]);
    await endWatching(running);
  },
);

repoTest("a dotenv file that cannot be read fails what needs it, and the watch goes on", {
  "qik.toml": `
[defaults]
dotenv = ".env"
[commands]
plain = "echo plain=$WORD"
kept = { exec = "echo kept=$WORD", deps = [] }
`,
  ".env": "WORD=1\n",
}, async (repo) => {
  await put(repo, { ".env": "no assignment\n" });
  const once = await repo.qik("plain");
  assert.deepEqual([once.code, once.out], [2, ""]);
  assert.match(once.err, /^Error: Cannot read the dotenv file[^]*💔 1 task: 1 failed/);
  assert.doesNotMatch(once.err, /Stopping/);
  const running = await startWatching(repo);
  assert.match(running.out + running.err, /2 tasks: 2 failed/);
  await put(repo, { ".env": "WORD=2\n" });
  await running.saw("kept=2");
  assert.match(running.err, /Again: .*\(its inputs can be read again\)/);
  await put(repo, { ".env": "again nothing\n" });
  await running.saw("(its inputs cannot be read)");
  await quiet(running);
  await endWatching(running);
});

repoTest(
  "the configuration is read again in place; a broken one leaves the old plan",
  FILES,
  async (repo) => {
    const running = await startWatching(repo);
    const text = await repo.read("qik.toml");
    await put(repo, { "qik.toml": `${text}[commands` });
    await running.saw("config-syntax");
    // The old plan goes on.
    await change(repo, running, "one", "2");
    await put(repo, {
      "qik.toml": `${text}\n${command("three", "src/three", 'deps = ["src/three"]\n')}`,
    });
    await running.saw("Again: three");
    await change(repo, running, "three", "3");
    assert.equal(running.err.match(/qik.toml is mended and in use\n/g)?.length, 1);
    await put(repo, { "qik.toml": text.replace("echo one=", "echo changed; echo one=") });
    await running.saw(/changed\none=2/);
    await change(repo, running, "two", "2");
    await endWatching(running);
    assert.equal(running.err.match(/config-syntax/g)?.length, 1);
  },
);

repoTest("environments: dotenv files, ignored files that are named, installed distributions", {
  "qik.toml": `
[defaults]
dotenv = "local.env"

[commands.env]
exec = "echo env=$WORD"
deps = []

[commands.named]
exec = "echo named=$(cat ignored/deep/file)"
deps = ["ignored/deep/file"]

[commands.dist]
exec = "echo dist"
deps = [{type = "pydist", name = "numpy"}]
`,
  ".gitignore": "ignored\nlocal.env\n",
  "ignored/deep/file": "1",
}, async (repo) => {
  await makeVenv(repo, "../venv", { numpy: "1.0" });
  const running = await startWatching(repo.with({ env: { VIRTUAL_ENV: repo.path("../venv") } }));
  await put(repo, { "local.env": "WORD=two\n" });
  await running.saw("env=two");
  await put(repo, { "ignored/deep/file": "2" });
  await running.saw("named=2");
  await makeVenv(repo, "../venv", { numpy: "2.0" });
  await running.saw("pydist numpy changed");
  await endWatching(running);
});

repoTest(
  "what comes in place of a directory that was moved away is watched",
  WATCHED,
  async (repo) => {
    const running = await startWatching(repo);
    for (const round of ["1", "2"]) {
      await rename(repo.path("src/dir"), repo.path(`other/${round}`));
      await repo.write({ "src/dir/deep/d": `new ${round}` });
      await running.saw(await stateOf(repo));
      await quiet(running);
      await put(repo, { "src/dir/deep/d": `edited ${round}` });
      await sawByHint(running, await stateOf(repo));
      await quiet(running);
    }
    await endWatching(running);
  },
);

repoTest("an active environment that was replaced is still watched", {
  "qik.toml": `[commands.dist]
exec = "echo dist"
deps = [{type = "pydist", name = "numpy"}]
`,
}, async (repo) => {
  await makeVenv(repo, "../venv", { numpy: "1.0" });
  const running = await startWatching(repo.with({ env: { VIRTUAL_ENV: repo.path("../venv") } }));
  await makeVenv(repo, "../other", { numpy: "2.0" });
  await rename(repo.path("../venv"), repo.path("../old"));
  await rename(repo.path("../other"), repo.path("../venv"));
  await sawByHint(running, "pydist numpy changed", "err");
  await quiet(running);
  await makeVenv(repo, "../venv", { numpy: "3.0" });
  await sawByHint(running, /pydist numpy changed[^]*pydist numpy changed/, "err");
  await endWatching(running);
});

repoTest(
  "where nothing tells of changes they are looked for by the clock",
  WATCHED,
  async (repo) => {
    const running = await startWatching(repo.with({ env: { QIK__WATCH: "poll" } }));
    await put(repo, { "src/new/n/m": "1" });
    await running.saw(await stateOf(repo));
    await endWatching(running);
  },
);

/** Runs qik where the kernel grants only so much of inotify: a user namespace has limits of its own. */
function startLimited(repo: Repo, limit: "watches" | "instances", most: number): Running {
  const script = `echo ${most} > /proc/sys/user/max_inotify_${limit} && exec "$@"`;
  return repo.start("unshare", "-Ur", "sh", "-c", script, "sh", ...qikCommand(), "--watch", "-v");
}

for (const [limit, most] of NO_MOUNTS ? [] : [["watches", 2], ["instances", 0]] as const) {
  repoTest(
    `too few inotify ${limit}: it says so, and looks by the clock`,
    WATCHED,
    async (repo) => {
      const running = startLimited(repo, limit, most);
      await running.saw("for changes");
      assert.match(running.err, /Warning: looking for changes by the clock, because /);
      assert.match(running.err, new RegExp(`fs\\.inotify\\.max_user_${limit}`));
      await put(repo, { "src/dir/deep/d": "1", "src/new/n/m": "1" });
      await running.saw(await stateOf(repo));
      assert.equal(running.err.match(/by the clock/g)?.length, 1, running.err);
      await endWatching(running);
    },
  );
}

repoTest("without git, and below the top of a repository", {
  "sub/qik.toml": WATCHED["qik.toml"],
  "sub/show.sh": WATCHED["show.sh"],
  "sub/src/a": "1",
}, async (repo) => {
  const sub = repo.with({ cwd: "sub" });
  const state = async () => (await sub.run("sh", "show.sh")).out.trim();
  for (const round of ["with", "without"]) {
    const running = await startWatching(sub);
    await put(repo, { [`sub/src/new/${round}`]: "1" });
    await running.saw(await state());
    await endWatching(running);
    await repo.remove(".git", "sub/src/new", "sub/._qik");
  }
});

repoTest("a directory in place of a file that is named", {
  "qik.toml": `[commands.show]
exec = "echo show=$(cat src/file/* src/file 2>/dev/null) end"
deps = ["src/file"]
`,
  "src/file": "1\n",
}, async (repo) => {
  const running = await startWatching(repo);
  const shell = (text: string) => repo.run("sh", "-c", text);
  await shell("rm src/file && mkdir src/file && echo inner > src/file/inner");
  await running.saw("show=inner end");
  await quiet(running);
  await shell("echo again > src/file/inner");
  await running.saw("show=again end");
  await quiet(running);
  await shell("rm -r src/file && echo back > src/file");
  await running.saw("show=back end");
  await endWatching(running);
});

repoTest("a directory made beside another new one, while git is asked about that", {
  "qik.toml": `[commands.show]
exec = "echo show=$(find src -name '*.txt' | LC_ALL=C sort | xargs cat | tr '\\n' ' ')end"
deps = ["src/**.txt"]
`,
  ".gitignore": "bin\n",
  "src/a.txt": "1\n",
}, async (repo) => {
  await mkdir(repo.path("../gates"));
  const gate = new Gate(repo.path("../gates"), "gate");
  // The directory was listed when git is asked about what is in it.
  await repo.writeScript(
    "bin/git",
    `#!/bin/sh
PATH=\${PATH#*:}
case "$*" in *check-ignore*)
  cat > ../asked.$$
  if grep -q new/first ../asked.$$ && mkdir ../once 2>/dev/null; then ${gate.exec}; fi
  exec git "$@" < ../asked.$$;;
esac
exec git "$@"
`,
  );
  const env = { PATH: `${repo.path("bin")}:${process.env["PATH"]}` };
  const running = await startWatching(repo.with({ env }));
  await mkdir(repo.path("../new/first"), { recursive: true });
  await rename(repo.path("../new"), repo.path("src/new"));
  await gate.started();
  await mkdir(repo.path("src/new/second"));
  await gate.finish();
  await put(repo, { "src/a.txt": "2\n" });
  await running.saw("show=2 end");
  await quiet(running);
  await put(repo, { "src/new/second/b.txt": "3\n" });
  await sawByHint(running, "show=2 3 end");
  await endWatching(running);
});

repoTest("a configuration that is a link out of the repository", FILES, async (repo) => {
  await repo.run("sh", "-c", "mkdir ../elsewhere && mv qik.toml ../elsewhere/ours.toml");
  await symlink("../elsewhere/ours.toml", repo.path("qik.toml"));
  const running = await startWatching(repo);
  const text = await repo.read("qik.toml");
  await repo.write({ "../elsewhere/ours.toml": text.replace("echo one=", "echo anew; echo one=") });
  await running.saw("anew");
  await endWatching(running);
});

repoTest("a new directory whose name is not UTF-8", {
  "qik.toml": `[commands.show]
exec = "echo show=$(find src -name '*.txt' | LC_ALL=C sort | xargs cat | tr '\\n' ' ')end"
deps = ["src/*.txt"]
`,
  "src/a.txt": "1\n",
}, async (repo) => {
  // Deno lists such a name with other bytes than it has.
  if (!isExecutable()) return;
  const running = await startWatching(repo);
  // The second file shows that the directory was heard of before anything is in it.
  await repo.run("sh", "-c", `mkdir "$(printf 'src/d\\377')"; echo 2 > src/b.txt`);
  await running.saw("show=1 2 end");
  await quiet(running);
  await repo.run("sh", "-c", `echo 3 > "$(printf 'src/d\\377')/x.txt"`);
  await running.saw("show=1 2 3 end");
  await endWatching(running);
});

repoTest("what a watch cannot be asked is told", FILES, async (repo) => {
  for (const other of ["--ls", "--dry-run", "--fail", "--json"]) {
    const { code, err } = await repo.qik("--watch", other);
    assert.deepEqual([code, err.includes(`Cannot use --watch with ${other}`)], [2, true], err);
  }
  const { err } = await repo.with({ env: { QIK__WATCH: "yes" } }).qik("--watch");
  assert.match(err, /Cannot use "yes" as QIK__WATCH \[usage\]/);
});

repoTest("commands can be told whether they are watched", {
  "qik.toml": '[commands.show]\nexec = "echo watched={ctx.qik.watch}"\n',
}, async (repo) => {
  assert.equal((await repo.must("show")).out, "watched=false\n");
  const running = await startWatching(repo);
  await running.saw("watched=true");
  await endWatching(running);
});
