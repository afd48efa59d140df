/** Spaces as repositories use them: environments of their own, what breaks whose cache, and what is refused. */
import assert from "node:assert/strict";
import { listed, makeVenv, mark, ranBy } from "../support/fakes.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const SPACES = {
  "qik.toml": `
[spaces.app]
root = "app"
venv = ["app/requirements.txt", {type = "space", name = "base"}]
dotenv = ["app.env", "local.env"]
modules = ["app.core", {name = "api", path = "app/api"}]

[spaces.base]
venv = "base.txt"
dotenv = "base.env"
modules = ["base"]

[spaces.heir]
venv = {type = "space", name = "base"}
modules = ["heir"]

[commands.show]
exec = "${mark("show-{space.name}-{module.name}")}; env > ../env-{space.name}-{module.name}; env"
deps = ["{module.dir}/**.py"]

[commands.wheel]
exec = "${mark("wheel-{space.name}-{module.name}")}"
deps = ["{module.dir}", {type = "pydist", name = "shared"}]
`,
  "app/requirements.txt": "-r ../common/more.txt\nmine==1\n",
  "common/more.txt": "more==1\n",
  "base.txt": "shared==1\n",
  "app.env": "WORD=of-app\nNAME=${WORD}!\n",
  "base.env": "WORD=of-base\nONLY=base\n",
  "app/core/a.py": "",
  "app/api/a.py": "",
  "base/a.py": "",
  "heir/a.py": "",
  "app/deep/x": "",
};

/** Variables that a task's command printed. */
function variables(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").filter((line) => /^\w+=/.test(line)).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

async function shown(repo: Repo, task: string): Promise<Record<string, string>> {
  return variables((await repo.must(task, "-f", "--isolated")).out);
}

repoTest("each space's commands see its own variables and nobody else's", SPACES, async (repo) => {
  // All at once, and each alone: what is put into one environment is in no other.
  await repo.must("show", "-n", "4");
  for (
    const [task, file, word, name, only] of [
      ["show@app#api", "env-app-api", "of-app", "of-app!", undefined],
      ["show@app#app.core", "env-app-app.core", "of-app", "of-app!", undefined],
      ["show@base#base", "env-base-base", "of-base", undefined, "base"],
      ["show@heir#heir", "env-heir-heir", undefined, undefined, undefined],
    ] as const
  ) {
    for (const seen of [variables(await repo.read(`../${file}`)), await shown(repo, task)]) {
      assert.equal(seen["QIK__TASK"], task);
      assert.deepEqual([seen["WORD"], seen["NAME"], seen["ONLY"]], [word, name, only], task);
    }
  }
});

repoTest(
  "a file of a space breaks the cache of that space and of its heirs",
  SPACES,
  async (repo) => {
    const names = ["api", "app.core"].map((module) => `show-app-${module}`);
    await repo.must("show");
    const after = async (path: string, text: string) => {
      await repo.write({ [path]: text });
      return await ranBy(repo, "show");
    };
    assert.deepEqual(await after("app.env", "WORD=2\n"), names);
    assert.deepEqual(await after("local.env", "WORD=3\n"), names);
    assert.deepEqual(
      await after("app/requirements.txt", "-r ../common/more.txt\nmine==2\n"),
      names,
    );
    assert.deepEqual(await after("common/more.txt", "more==2\n"), names);
    assert.deepEqual(await after("base.env", "WORD=4\n"), ["show-base-base"]);
    assert.deepEqual(await after("base.txt", "shared==2\n"), [
      ...names,
      "show-base-base",
      "show-heir-heir",
    ]);
    assert.deepEqual(await after("heir/a.py", "1"), ["show-heir-heir"]);
    assert.deepEqual(await after("unrelated.env", "1"), []);
  },
);

repoTest("versions come from the environment, else the space's lock files, else [pydist]", {
  ...SPACES,
  "qik.toml": SPACES["qik.toml"] +
    '[spaces.free]\nmodules = ["free"]\n\n[pydist]\nversions = {Shared = "9"}\n',
  "free/a.py": "",
}, async (repo) => {
  const away = repo.with({ env: { VIRTUAL_ENV: repo.path("../venv") } });
  await makeVenv(repo, "../venv", {});
  assert.equal((await ranBy(away, "wheel")).length, 5);
  // The version that counts is in what stands first: of the rest nothing is read.
  await repo.write({ "qik.toml": (await repo.read("qik.toml")).replace('"9"', '"10"') });
  assert.deepEqual(await ranBy(away, "wheel"), ["wheel-free-free"]);
  await makeVenv(repo, "../venv", { shared: "2" });
  assert.equal((await ranBy(away, "wheel")).length, 5);
  await makeVenv(repo, "../venv", { shared: "2", other: "1" });
  assert.deepEqual(await ranBy(away, "wheel"), []);
  const direct = (commit: string) =>
    JSON.stringify({ url: "https://x.test/r", vcs_info: { vcs: "git", commit_id: commit } });
  const info = "../venv/lib/python3.12/site-packages/shared-2.dist-info";
  await repo.write({ [`${info}/direct_url.json`]: direct("0123") });
  assert.equal((await ranBy(away, "wheel")).length, 5, "the same version of another origin");
  await makeVenv(repo, "../venv", { shared: "2" });
  await repo.write({ [`${info}/direct_url.json`]: direct("4567") });
  assert.equal((await ranBy(away, "wheel")).length, 5, "another commit");
});

repoTest(
  "a working directory below a root chooses that space, a word chooses another",
  SPACES,
  async (repo) => {
    const deep = repo.with({ cwd: "app/deep" });
    assert.deepEqual(await listed(deep, "show"), ["show@app#app.core", "show@app#api"]);
    assert.deepEqual(await listed(deep, "show", "-s", "base"), ["show@base#base"]);
    assert.equal((await listed(repo, "show")).length, 4);
    assert.deepEqual(await listed(repo, "show", "-m", "app.core"), ["show@app#app.core"]);
  },
);

repoTest("strict-env leaves the documented list and what pass-env names, in every space", {
  ...SPACES,
  "qik.toml": SPACES["qik.toml"].replace("[commands.show]", '[commands.show]\npass-env = ["CI"]') +
    "[defaults]\nstrict-env = true\n",
  "app.env": "WORD=${SECRET-none}\nFOUND=${CI-none}\n",
}, async (repo) => {
  const rich = repo.with({ env: { CI: "yes", SECRET: "s3cret", LC_TIME: "C" } });
  const seen = await shown(rich, "show@app#api");
  assert.deepEqual([seen["CI"], seen["SECRET"], seen["LC_TIME"]], ["yes", undefined, "C"]);
  assert.deepEqual([seen["WORD"], seen["FOUND"]], ["none", "yes"]);
  const listed = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TERM|COLORTERM|TMPDIR|TZ)$/;
  // What the shell sets for itself is no part of what it was given.
  const known =
    /^(CI|WORD|FOUND|QIK__\w+|QIK_RUN_ID|PWD|OLDPWD|SHLVL|_|FORCE_COLOR|CLICOLOR_FORCE)$/;
  const more = Object.keys(seen).filter((name) => !listed.test(name) && !known.test(name));
  assert.deepEqual(more, []);
  await ranBy(rich, "show");
  assert.deepEqual(await ranBy(rich.with({ env: { SECRET: "x", CI: "yes" } }), "show"), []);
  assert.equal(
    (await ranBy(rich.with({ env: { CI: "no" } }), "show")).length,
    4,
    "pass-env counts",
  );
});

/** What cannot be: the configuration, and what is said of it. */
const REFUSED: readonly (readonly [what: string, config: string, message: RegExp])[] = [
  [
    "a circle of environments",
    '[spaces.a]\nvenv = {type = "space", name = "b"}\n[spaces.b]\nvenv = [{type = "space", name = "c"}]\n' +
    '[spaces.c]\nvenv = {type = "space", name = "a"}\n',
    /venv of the space "a": a -> b -> c -> a/,
  ],
  [
    "a space that inherits from itself",
    '[spaces.a]\nvenv = {type = "space", name = "a"}\n',
    /venv of the space "a": a -> a/,
  ],
  [
    "a circle of fences",
    '[spaces.a]\nfence = [{type = "space", name = "b"}]\n[spaces.b]\nfence = [{type = "space", name = "a"}]\n',
    /fence.*a -> b -> a/,
  ],
  ["an unknown space", '[spaces.a]\nvenv = {type = "space", name = "defalt"}\n', /"default"/],
  [
    "roots in one another",
    '[spaces.a]\nroot = "app"\n[spaces.b]\nroot = "app/deep"\n',
    /app\/deep/,
  ],
  [
    "a module of two spaces",
    '[spaces.a]\nmodules = ["app"]\n[spaces.b]\nmodules = ["app"]\n',
    /"app"/,
  ],
  ["a venv type that nobody has", '[spaces.a]\nvenv = {type = "actve"}\n', /"active"/],
  ["a requirement file outside", '[spaces.a]\nvenv = "../r.txt"\n', /\.\.\/r\.txt/],
  ["a dotenv file outside", '[spaces.a]\ndotenv = "/etc/passwd"\n', /\/etc\/passwd/],
  ["a venv of a strange type", "[spaces.a]\nvenv = 3\n", /venv/],
  ["a dotenv of a strange type", "[spaces.a]\ndotenv = [1]\n", /dotenv/],
];

for (const [what, config, message] of REFUSED) {
  repoTest(`refused: ${what}`, {
    "qik.toml": `${config}\n[commands.c]\nexec = "true"\nspace = "a"\ndeps = []\n`,
    "app/deep/x": "",
  }, async (repo) => {
    const { code, err } = await repo.qik("c");
    assert.equal(code, 2, repo.log);
    assert.match(err, message);
    assert.match(err, /at qik\.toml:\d+/, "it names the place");
    assert.doesNotMatch(err, /please report|\n\s+at .*\.ts:/);
  });
}

repoTest("a requirement file that is not there is warned of, a dotenv file is not", {
  "qik.toml": `
[spaces.a]
venv = ["there.txt", "gone.txt"]
dotenv = "gone.env"
[commands]
one = { exec = "true", deps = ["x"], space = "a" }
two = { exec = "true", deps = ["x"], space = "a" }
`,
  "there.txt": "-r more.txt\n",
  "x": "",
}, async (repo) => {
  const warnings = async () => {
    const { err } = await repo.must();
    return err.split("\n").filter((line) => line.startsWith("Warning"));
  };
  const of = (file: string) =>
    `Warning: The requirement file "${file}" of the space "a" is not there [glob-empty]`;
  for (const run of ["first", "warm"]) {
    assert.deepEqual(await warnings(), [of("gone.txt"), of("more.txt")], run);
  }
  await repo.write({ "gone.txt": "", "more.txt": "" });
  assert.deepEqual(await warnings(), []);
});

repoTest("named pipes, directories and links in a circle in place of files never make a run wait", {
  "qik.toml":
    '[spaces.a]\nvenv = "r.txt"\ndotenv = "x.env"\n[commands.c]\nexec = "echo A=$A"\nspace = "a"\n' +
    'deps = [{type = "pydist", name = "here"}]\n',
  "r.txt": "-r pipe\n-c loop\n-r directory\n-r r.txt\nhere==1\n",
  "x.env": "A=1\n",
  "directory/x": "",
}, async (repo) => {
  const short = repo.with({ limitMs: 30_000, env: { VIRTUAL_ENV: repo.path("../venv") } });
  await makeVenv(repo, "../venv", {});
  await repo.run("sh", "-c", "mkfifo pipe && ln -s loop loop");
  assert.equal((await short.must("c")).out, "A=1\n");
  await repo.remove("x.env");
  for (const make of ["mkfifo x.env", "rm x.env; mkdir x.env"]) {
    await repo.run("sh", "-c", make);
    const { code, err } = await short.qik("c");
    assert.equal(code, 2, err);
    assert.match(err, /"x\.env": it is no regular file \[file-unreadable\]/);
  }
});

repoTest("what of an environment is not read counts in place of a distribution that is missing", {
  "qik.toml": `[pydist]
ignore-missing = true
[commands.use]
exec = "echo used"
deps = [{type = "pydist", name = "six"}]
`,
}, async (plain) => {
  await makeVenv(plain, "../venv", { numpy: "1.0" });
  const repo = plain.with({ env: { VIRTUAL_ENV: plain.path("../venv") } });
  const site = "../venv/lib/python3.12/site-packages";
  const cached = async (files: Record<string, string>) => {
    await repo.write(files);
    return (await repo.must()).err.includes("1 cached");
  };
  await repo.must();
  const harmless = "import os; os.environ.get('X')\n";
  assert.ok(await cached({ [`${site}/distutils-precedence.pth`]: harmless }));
  assert.ok(
    await cached({ [`${site}/__editable__.x-0.1.pth`]: "import __editable___x_finder; f()\n" }),
  );
  assert.ok(!await cached({ [`${site}/mine.pth`]: "import mine\n" }));
  assert.ok(!await cached({ [`${site}/mine.pth`]: "import mine, sys\n" }));
  assert.ok(await cached({}));
  assert.ok(!await cached({ [`${site}/easy.pth`]: "./six.egg\n", [`${site}/six.egg`]: "zip 1" }));
  assert.ok(!await cached({ [`${site}/six.egg`]: "zip 2" }));
  assert.ok(await cached({}));
  // So does an archive on PYTHONPATH, also where only a part of it is named.
  for (const path of ["../lib.zip", `${repo.path("../lib.zip")}/src`]) {
    const env = { VIRTUAL_ENV: plain.path("../venv"), PYTHONPATH: path };
    const hits = async () => (await plain.with({ env }).must()).err.includes("1 cached");
    await repo.write({ "../lib.zip": `zip 1 at ${path}` });
    await hits();
    assert.ok(await hits(), path);
    await repo.write({ "../lib.zip": `zip 2 at ${path}` });
    assert.ok(!await hits(), path);
  }
  // What is found is not about them.
  await repo.write({
    "qik.toml": '[commands.use]\nexec = "echo"\ndeps = [{type = "pydist", name = "numpy"}]\n',
  });
  await repo.must();
  assert.ok(await cached({ [`${site}/six.egg`]: "zip 3", [`${site}/mine.pth`]: "import more\n" }));
  await repo.write({
    "qik.toml": '[commands.use]\nexec = "echo"\ndeps = [{type = "pydist", name = "six"}]\n',
  });
  const { code, err } = await repo.qik();
  assert.equal(code, 2);
  assert.match(
    err,
    /"six".*\[pydist-missing\][^]*hint: .* not read .*: code in mine\.pth, six\.egg\./,
  );
});

repoTest("a root that is no directory is told with its line and the nearest name", {
  "qik.toml":
    '[spaces.app]\nvenv = []\nroot = "ap/core"\n\n[commands.a]\nexec = "echo a"\ndeps = []\n',
  "ap/cores/": "",
  "file": "",
}, async (repo) => {
  const near = await repo.qik();
  assert.equal(near.code, 2);
  assert.match(
    near.err,
    /Cannot use "ap\/core" for the root of the space "app": it is not a directory \[config-bad-value\]\n +at qik\.toml:3:1 .*\n +hint: Did you mean "ap\/cores"\?/,
  );
  await repo.write({ "ap/core/": "" });
  // The second run leaves a proof, the third one is told from it.
  for (const _ of [1, 2, 3]) await repo.must();
  await repo.remove("ap/core");
  assert.equal((await repo.qik()).code, 2);
  await repo.write({ "qik.toml": (await repo.read("qik.toml")).replace("ap/core", "file") });
  const other = await repo.qik(":x", "true@app");
  assert.equal(other.code, 2);
  assert.match(other.err, /"file" for the root.*\n.*\n +hint: Create the directory/);
});

repoTest("a space that is written as its venv alone may add the files of another one", {
  "qik.toml": '[spaces]\na = "a.txt"\nb = ["b.txt", {type = "space", name = "a"}]\n' +
    '\n[commands.show]\nexec = "echo shown"\ndeps = []\nspace = "b"\n',
  "a.txt": "one\n",
  "b.txt": "two\n",
}, async (repo) => {
  await repo.must();
  assert.match((await repo.must()).err, /1 cached/);
  await repo.write({ "a.txt": "three\n" });
  assert.match((await repo.must()).err, /1 ran/);
  await repo.write({
    "qik.toml": (await repo.read("qik.toml")).replace('name = "a"', 'nam = "a"'),
  });
  const { code, err } = await repo.qik();
  assert.equal(code, 2);
  assert.match(err, /"nam".*\n +at qik\.toml:3:/);
});
