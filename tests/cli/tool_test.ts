/** `qikx` and `qik :x`: a program in the environment of a space, in place of qik. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { makeVenv } from "../support/fakes.ts";
import { inTerminal } from "../support/pseudo_terminal.ts";
import { pythonRepoTest } from "../support/python.ts";
import { isExecutable, qikCommand, type Repo, repoTest } from "../support/repo.ts";

const FILES = {
  "qik.toml": `
[plugins]

[spaces.app]
root = "app"
dotenv = "app.env"

[spaces.lib]
venv = "requirements.txt"
`,
  "app.env": 'WHERE="app of \${WHO:-nobody}"\n',
  "app/deep/x": "",
};

/** A program that tells what it was given; `say` in the virtual environment. */
const SAY = `#!/bin/sh
echo "$(basename $0) in $(pwd) where=$WHERE venv=\${VIRTUAL_ENV:+set} task=$QIK__TASK"
for arg in "$@"; do printf '[%s]' "$arg"; done
`;

async function withVenv(repo: Repo, env: Readonly<Record<string, string>> = {}): Promise<Repo> {
  await makeVenv(repo, "../venv", {});
  await repo.writeScript("../venv/bin/say", SAY);
  return repo.with({ env: { VIRTUAL_ENV: repo.path("../venv"), ...env } });
}

repoTest(
  "a tool runs in the environment of the space named, or of the directory's",
  FILES,
  async (repo) => {
    const own = await withVenv(repo, { WHO: "me" });
    const line = async (from: Repo, ...args: readonly string[]) =>
      (await from.must(":x", ...args)).out.trim();
    const root = repo.root;
    assert.equal(await line(own, "say"), `say in ${root} where= venv=set task=`);
    assert.equal(await line(own, "say@app"), `say in ${root} where=app of me venv=set task=`);
    const deep = own.with({ cwd: "app/deep" });
    assert.equal(await line(deep, "say"), `say in ${root}/app/deep where=app of me venv=set task=`);
    assert.equal(await line(deep, "say@lib"), `say in ${root}/app/deep where= venv=set task=`);
    assert.equal(
      await line(own, "-C", "app/deep", "say"),
      `say in ${root}/app/deep where=app of me venv=set task=`,
    );
    const moved = await own.must("-C", "app", ":x", "say");
    assert.equal(moved.out.trim(), `say in ${root}/app where=app of me venv=set task=`);
  },
);

repoTest(
  "arguments, output, standard input and the exit code are the program's own",
  FILES,
  async (repo) => {
    const own = await withVenv(repo);
    const words = [
      "",
      "a  b",
      "'\"",
      "\\",
      "$HOME",
      "--help",
      "-h",
      "--",
      ":x",
      "*",
      "é\n",
      "-C",
      "x@y",
    ];
    const said = await own.must(":x", "say@app", ...words);
    assert.equal(
      said.out.slice(said.out.indexOf("\n") + 1),
      words.map((word) => `[${word}]`).join(""),
    );
    const fed = await own.with({ stdin: "in\n" }).qik(
      ":x",
      "sh",
      "-c",
      "cat; echo err >&2; exit 41",
    );
    assert.deepEqual([fed.code, fed.out, fed.err], [41, "in\n", "err\n"]);
    const bytes = await own.qikBytes(":x", "printf", "\\377\\000x");
    assert.deepEqual([...bytes.out], [0xff, 0, 0x78]);
    assert.equal((await own.qik(":x", "sh", "-c", "kill -KILL $$")).code, 137);
  },
);

repoTest(
  "the program takes qik's place: its pid, its signals, nothing ignored or left open",
  FILES,
  async (repo) => {
    if (Deno.build.os !== "linux") return;
    const running = repo.startQik(
      ":x",
      "sh",
      "-c",
      "trap 'echo got; exit 3' TERM; echo $$; while :; do sleep 0.1; done",
    );
    await running.saw("\n");
    assert.equal(running.out.trim(), `${running.pid}`);
    running.signal("SIGTERM");
    assert.equal((await running.ended).code, 3);
    const status = (await repo.must(":x", "cat", "/proc/self/status")).out;
    const word = (name: string) => BigInt(`0x${new RegExp(`${name}:\\s*(\\w+)`).exec(status)![1]}`);
    const plain = (await repo.run("cat", "/proc/self/status")).out;
    const before = BigInt(`0x${/SigIgn:\s*(\w+)/.exec(plain)![1]}`);
    assert.deepEqual([word("SigBlk"), word("SigIgn")], [0n, before]);
    const open = (await repo.must(":x", "ls", "/proc/self/fd")).out.trim().split("\n");
    const usual = (await repo.run("ls", "/proc/self/fd")).out.trim().split("\n");
    assert.ok(open.length <= usual.length, `${open} ${usual}`);
  },
);

repoTest("what is not UTF-8 reaches the program as it is", FILES, async (repo) => {
  if (process.platform !== "linux") return;
  const [word, value] = ["a\\377\\n\\303", "v\\376"];
  const call = (...script: readonly string[]) =>
    repo.run("sh", "-c", `X="$(printf '${value}')" ${script.join(" ")} "$(printf '${word}')" é`);
  const print = `'for a in "$X" "$@"; do printf %s "$a"; echo; done | od -An -c | tr -s " \n" " "'`;
  const qik = qikCommand().join(" ");
  assert.equal(
    (await call(qik, ":x", "sh", "-c", print, "sh")).out.trim(),
    "v 376 \\n a 377 \\n 303 \\n 303 251 \\n",
    repo.log,
  );
  await repo.writeScript("plain", `printf %s "$1" | od -An -c\n`);
  assert.equal((await call(qik, ":x", "./plain")).out.trim(), "a 377  \\n 303", "no #!");
});

repoTest("a script without #! is run by the shell", FILES, async (repo) => {
  await repo.writeScript("plain", 'echo "plain $1"\n');
  assert.equal((await repo.must(":x", "./plain", "one")).out, "plain one\n");
});

pythonRepoTest("at a terminal the program owns it", FILES, async (repo) => {
  const run = await inTerminal(repo, [
    ":x",
    "sh",
    "-c",
    "test -t 0 && test -t 1 && echo tty; read x; echo got $x",
  ], {
    steps: [{ when: "tty", send: "hello\n" }],
  });
  assert.equal(run.code, 0, run.output);
  assert.match(run.output, /got hello/);
});

repoTest("what cannot be run is told, with what was nearly meant", FILES, async (repo) => {
  const own = await withVenv(repo);
  const says = async (...args: readonly string[]) => {
    const { code, err, out } = await own.qik(":x", ...args);
    assert.equal(out, "");
    return `${code} ${err.split("\n").slice(0, 2).join("|")}`;
  };
  assert.equal(
    await says("sayy"),
    '127 Error: Cannot find the program "sayy" in the environment of the space "default" [program-missing]|  hint: Did you mean "say"?',
  );
  assert.equal(
    await says("say@ap"),
    '2 Error: Cannot find the space "ap" [space-unknown]|  hint: Did you mean "app"?',
  );
  assert.match(await says(), /^2 Error: Cannot run a program without its name \[usage\]/);
  assert.match(
    await says("--instal"),
    /^2 Error: Cannot understand the option "--instal" \[usage\]/,
  );
  assert.match(await says("--install", "x"), /^2 Error: Cannot use "x" with --install/);
  assert.match(await says("--install", "-C"), /^2 Error: Cannot use -C without a directory/);
  const long = "a".repeat(5000);
  for (const name of [long, `./${long}`]) {
    assert.match(await says(name), /^127 Error: Cannot find the program "(\.\/)?a+" in/);
  }
  await repo.writeScript("broken", "#!/nowhere/at/all\n");
  assert.match(
    await says("./broken"),
    /^126 Error: Cannot run ".*\/broken": "\/nowhere\/at\/all", which its first line names, is not/,
  );
  await repo.write({ "plain": "echo" });
  assert.equal(
    await says("./plain"),
    '126 Error: Cannot run "./plain": it is not executable [program-unusable]|  hint: Make it so: chmod +x ./plain',
  );
  assert.match(await says("./app"), /^126 Error: Cannot run ".\/app": it is a directory/);
  assert.match(await says(repo.path("none")), /^127 Error: Cannot find the program ".*none"/);
  await repo.run("mkfifo", "pipe");
  assert.match(await says("./pipe"), /^126 Error: Cannot run ".\/pipe": it is no regular file/);
  // One variable alone is longer than Linux takes.
  await repo.write({ "long.env": `LONGER=${"y".repeat(140_000)}\n` });
  await repo.write({ "qik.toml": '[defaults]\ndotenv = "long.env"\n' });
  assert.match(
    await says("say"),
    /^126 Error: Cannot run ".*say": its arguments and variables are more/,
  );
});

repoTest("directories of PATH that may not be looked at are passed over", {
  "qik.toml": `[commands]
c = { exec = "echo c", deps = [{ type = "tool", name = "git" }] }
`,
}, async (plain) => {
  await symlink("loop", plain.path("../loop"));
  const PATH = `${plain.path("../loop")}:${plain.environment()["PATH"]}`;
  const repo = plain.with({ env: { PATH } });
  assert.equal((await repo.must(":x", "sh", "-c", "echo x")).out, "x\n");
  assert.equal((await repo.must("c")).out, "c\n");
});

repoTest("--install without an environment that qik builds says so", FILES, async (repo) => {
  const { code, err } = await repo.qik(":x", "--install");
  assert.deepEqual([code, err], [
    0,
    "Nothing to install: no space has an environment that qik builds\n",
  ]);
  assert.match((await repo.must(":x", "--help")).out, /^qikx: runs a program/);
});

repoTest("the executable under its second name", FILES, async (repo) => {
  if (!isExecutable()) return;
  const own = await withVenv(repo);
  const [file] = qikCommand();
  const second = join(dirname(file!), "qikx");
  assert.ok(existsSync(second), "build makes dist/qikx beside dist/qik");
  const { code, out } = await own.run(second, "say@app", "--version");
  assert.deepEqual([code, out.split("\n")[1]], [0, "[--version]"]);
  assert.match((await own.run(second, "--version")).out, /^qik \d/);
});
