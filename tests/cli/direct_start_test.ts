import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { isExecutable, type Repo, repoTest } from "../support/repo.ts";

/** What a command sees of how it was started. */
const SHOW = `#!/bin/sh
echo "$0" $#
for word; do echo "[$word]"; done
env | grep -E '^(PWD|OLDPWD|A|CALLED)=' | sort
pwd
`;

interface Case {
  readonly exec: string;
  readonly dir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** One task for each case as it is, and one whose shell has another name: that one is always asked. */
function toml(cases: readonly Case[], more = ""): string {
  const command = (name: string, { exec, dir, env }: Case, shell: string) =>
    [
      `[commands.${name}]`,
      `exec = ${JSON.stringify(exec)}`,
      ...(dir === undefined ? [] : [`dir = ${JSON.stringify(dir)}`]),
      ...(env === undefined ? [] : [
        `env = { ${
          Object.entries(env).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join(", ")
        } }`,
      ]),
      shell,
    ].join("\n");
  return more + cases.flatMap((one, at) => [
    command(`plain${at}`, one, ""),
    command(`shell${at}`, one, 'shell = "/bin/sh"'),
  ]).join("\n");
}

/** Code and log of each task of the last run, by name. */
async function endings(repo: Repo): Promise<ReadonlyMap<string, string>> {
  const { tasks } = JSON.parse(await repo.read("._qik/out/manifest.json"));
  const found = new Map<string, string>();
  for (const { task, code } of tasks) {
    const log = `._qik/out/${task}.out`;
    found.set(task, `${code}\n${await repo.exists(log) ? await repo.read(log) : ""}`);
  }
  return found;
}

async function assertAlike(repo: Repo, cases: readonly Case[]): Promise<readonly string[]> {
  const seen = await endings(repo);
  return cases.map((one, at) => {
    // A shell tells the name that it was called by, and where it stays until the program ends, also of the signal.
    const [plain, shell] = [`plain${at}`, `shell${at}`].map((task) =>
      seen.get(task)?.replaceAll(/^\S*\bsh: /gm, "sh: ").replace(/^137\nKilled\n$/, "137\n")
    );
    assert.equal(plain, shell, `${JSON.stringify(one)}\n${repo.log}`);
    return plain!;
  });
}

async function writePrograms(repo: Repo): Promise<void> {
  await repo.writeScript("bin/show", SHOW);
  await repo.writeScript("bin/bare", "echo bare $#\n");
  await repo.writeScript("bin/lost", "#!/nowhere/at/all\n");
  await repo.writeScript("bin/die", "#!/bin/sh\nkill -9 $$\n");
  await repo.writeScript("bin/three", "#!/bin/sh\nexit 3\n");
  await repo.writeScript("bin/a=b", "#!/bin/sh\necho named\n");
  await repo.writeScript("sub/tool.sh", SHOW);
  await repo.write({ "bin/closed": "#!/bin/sh\necho closed\n", "early/show/x": "" });
}

const CASES: readonly Case[] = [
  ...[
    "show a  b\tc ",
    "\tshow --flag=x -y 1,2:3 @file %5 +z ./p ../q",
    "show",
    "bin/show x",
    "./bin/show x",
    "nowhere-at-all x",
    "./nowhere",
    "bin/closed",
    "closed",
    "bin",
    "bare a b",
    "lost",
    "die",
    "three",
    "-x",
    "a=b",
    "show a=b",
    "A=1 show",
    "ls /nowhere/at/all",
    "cat /nowhere/at/all",
    "echo -n a\\tb",
    "printf a%sb x",
    "true",
    "false",
    "[ a = b ]",
    "pwd",
    "exit 4",
    "show 'a b' c\\ d \"$PWD\" ~ {x,y} # comment",
    "show *; show ?in/sh*",
    "show one\nshow two",
    "show é",
    "sh -c exit",
    "!",
  ].map((exec) => ({ exec })),
  { exec: "./tool.sh x", dir: "sub" },
  { exec: "../bin/show", dir: "sub" },
  { exec: "show", dir: "link" },
  { exec: "show", dir: "nowhere" },
  { exec: "show x", env: { A: "1", PATH: "/usr/bin:/bin" } },
  { exec: "sh bin/show", env: { PWD: "/nowhere" } },
];

repoTest(
  "a line that only starts a program does what the shell would do with it",
  {},
  async (repo) => {
    await writePrograms(repo);
    await symlink("sub", repo.path("link"));
    await repo.write({ "qik.toml": toml(CASES) });
    const PATH = `${repo.path("early")}:${repo.path("bin")}:/usr/bin:/bin`;
    await repo.with({ env: { PATH, CALLED: "top" } }).qik("-n", "2");
    const logs = await assertAlike(repo, CASES);
    // Proof that the comparison has something to compare.
    assert.match(logs[0]!, /^0\n\S+\/bin\/show 3\n\[a\]\n\[b\]\n\[c\]\nCALLED=top\nPWD=/);
    assert.match(
      logs[CASES.findIndex(({ exec }) => exec === "nowhere-at-all x")]!,
      /^127\n.*not found/,
    );
    assert.match(logs[CASES.findIndex(({ exec }) => exec === "die")]!, /^137\n/);
  },
);

repoTest("the directory keeps the name that it was reached by, as in a shell", {}, async (repo) => {
  const cases: readonly Case[] = [
    { exec: "sh bin/show" },
    { exec: "sh show", dir: "bin" },
    { exec: "sh bin/show", env: { PWD: repo.path("../link") } },
    { exec: "sh bin/show", env: { PWD: "relative" } },
  ];
  await writePrograms(repo);
  await symlink(repo.root, repo.path("../link"));
  await repo.write({ "qik.toml": toml(cases) });
  const link = repo.path("../link");
  const calls = [
    { cwd: "bin", env: { PWD: repo.path("bin") } },
    { cwd: "", env: { PWD: link, OLDPWD: "/tmp" } },
    { cwd: "", env: { PWD: "/" } },
    { cwd: "", env: { PWD: repo.root } },
    { cwd: "", env: { PWD: repo.path("bin/show/x") } },
    { cwd: "", env: {} },
  ];
  for (const call of calls) {
    await repo.with(call).must("-n", "2");
    const [first] = await assertAlike(repo, cases);
    const wanted = call.env.PWD === link ? link : repo.root;
    assert.match(first!, new RegExp(`^PWD=${wanted}$`, "m"));
  }
});

repoTest(
  "programs are looked for on the task's PATH, as a shell looks for them",
  {},
  async (repo) => {
    await writePrograms(repo);
    await repo.writeScript("show", "#!/bin/sh\necho here\n");
    const [bin, early] = [repo.path("bin"), repo.path("early")];
    const first = [
      "",
      bin,
      `${early}:${bin}`,
      `/nowhere:${bin}/`,
      `:${bin}`,
      `${bin}:`,
      "bin",
      ".",
    ];
    const cases = first.map((before): Case => ({
      exec: "show a",
      env: { PATH: `${before}${before === "" ? "" : ":"}/usr/bin:/bin` },
    }));
    await repo.write({ "qik.toml": toml(cases, "[defaults]\nstrict-env = true\n") });
    await repo.qik("-n", "2");
    await assertAlike(repo, cases);
  },
);

repoTest("a function that bash hands on is called", {}, async (repo) => {
  await writePrograms(repo);
  const cases = [{ exec: "show a" }];
  await repo.write({ "qik.toml": toml(cases) });
  const PATH = `${repo.path("bin")}:/usr/bin:/bin`;
  await repo.with({ env: { PATH, "BASH_FUNC_show%%": "() { echo function; }" } }).must();
  await assertAlike(repo, cases);
});

repoTest("no shell stands between qik and a program that is started alone", {
  "qik.toml":
    '[commands]\nparent = "python3 parent.py"\nargs = { exec = "python3 parent.py", args = true }\n',
  "parent.py": "import os\nprint(open(f'/proc/{os.getppid()}/cmdline').read().split(chr(0))[0])\n",
}, async (repo) => {
  await repo.must("parent");
  const parent = (await repo.read("._qik/out/parent.out")).trim();
  if (isExecutable()) assert.match(parent, /qikx?$/);
  await repo.must("args", "--", "plain", "it's");
});
