/** What is told of the settings of environments before any tool runs. */
import assert from "node:assert/strict";
import { repoTest } from "../support/repo.ts";

function configuration(kind: string, line: string): string {
  return `ctx = ["index"]
[plugins]
${kind} = "qik.${kind}"
[spaces.app.venv]
type = "${kind}"
reqs = "[app].txt"
${line}
[commands.show]
exec = "echo shown"
deps = ["a"]
space = "app"
`;
}

const FILES = { "qik.toml": "", a: "", "bin/": "" };

const WRONG: readonly (readonly [kind: string, line: string, message: RegExp])[] = [
  [
    "uv",
    'index-url = "not a url"',
    /Cannot use "not a url" for spaces\.app\.venv\.index-url: expected an address such as https:/,
  ],
  ["uv", 'index-url = "https//x.test/simple"', /Cannot use "https\/\/x\.test\/simple" for/],
  [
    "piptools",
    'extra-index-url = ["https://x.test/simple", "pypi"]',
    /Cannot use "pypi" for spaces\.app\.venv\.extra-index-url\[1\]: expected an address/,
  ],
  [
    "uv",
    'index-url = "{ctx.index}"',
    /space "app": what the templates in its "index-url" come to is no index: expected an address/,
  ],
];

repoTest("an index that is none is told with its value and its line", FILES, async (plain) => {
  const repo = plain.with({ env: { INDEX: "no-index-of-anything" } });
  for (const [kind, line, message] of WRONG) {
    await repo.write({ "qik.toml": configuration(kind, line) });
    const { code, err } = await repo.qik("show");
    assert.equal(code, 2, line);
    assert.match(err, message);
    assert.match(err, /\[config-bad-value\]\n +at qik\.toml/);
    assert.doesNotMatch(err, /no-index-of-anything/);
  }
  await repo.write({ "qik.toml": configuration("uv", WRONG[0]![1]) });
  assert.match((await repo.qik("show")).err, /at qik\.toml:7:1 \(spaces\.app\.venv\.index-url\)/);
  await repo.write({
    "qik.toml": `[plugins.uv]\nplugin = "qik.uv"\nindex-url = "not a url"\n`,
  });
  const { err } = await repo.qik();
  assert.match(err, /"not a url" for plugins\.uv\.index-url[^]*at qik\.toml:3:1/);
});

repoTest("an index may be a path, a name of uv's, a channel, and nothing", FILES, async (repo) => {
  const right = [
    ["uv", 'index-url = "./packages/simple"'],
    ["uv", 'extra-index-url = ["torch=https://x.test/whl", "file:///simple"]'],
    ["uv", 'index-url = ""'],
    ["piptools", 'index-url = "https://me:{ctx.index}@x.test/simple"'],
    ["conda", 'index-url = "conda-forge"\nextra-index-url = "https://x.test/t/word/main"'],
  ] as const;
  for (const [kind, line] of right) {
    await repo.write({ "qik.toml": configuration(kind, line) });
    const { out } = await repo.with({ env: { INDEX: "word" } }).must("--ls", "show");
    assert.equal(out, "show@app\n", line);
  }
});

repoTest("a requirement file that is not there is told by its name", FILES, async (repo) => {
  await repo.writeScript("bin/uv", "#!/bin/sh\nexit 7\n");
  await repo.write({ "qik.toml": configuration("uv", "") });
  const path = `${repo.path("bin")}:${repo.environment()["PATH"]}`;
  const { err } = await repo.with({ env: { PATH: path } }).qik("show");
  assert.match(err, /The glob "\[app\]\.txt" of "uv\.lock@app" matches no file \[glob-empty\]/);
  assert.doesNotMatch(err, /literal/);
});

/** Where a lock cannot be, with what makes the place so. */
const PLACES: readonly (readonly [lock: string, make: readonly string[], message: RegExp])[] = [
  ["pipe", ["mkfifo", "pipe"], /into "pipe": it is not a file/],
  ["dir", ["mkdir", "dir"], /into "dir": it is not a file/],
  [
    "link",
    ["ln", "-s", "real", "link"],
    /into "link": it is a link[^]*Name the file that it leads/,
  ],
  ["a/lock.txt", ["true"], /Cannot lock the environment of the space "app": E(?:EXIST|NOTDIR)/],
  [".git/lock.txt", ["true"], /its lock "\.git\/lock\.txt" belongs to git/],
  ["._qik/venv/app/lock.txt", ["true"], /its lock "._qik\/venv\/app\/lock.txt" belongs to qik/],
  ["qik.toml", ["true"], /its lock "qik\.toml" is a configuration of qik/],
];

repoTest("a lock that cannot stand where it is told to runs no tool", FILES, async (repo) => {
  await repo.writeScript("bin/uv", "#!/bin/sh\necho ran >>calls\nexit 7\n");
  await repo.write({ "[app].txt": "" });
  const path = `${repo.path("bin")}:${repo.environment()["PATH"]}`;
  for (const [lock, make, message] of PLACES) {
    await repo.run(...make as [string, ...string[]]);
    await repo.write({ "qik.toml": configuration("uv", `lock = "${lock}"`) });
    const { code, out, err } = await repo.with({ env: { PATH: path } }).qik("show");
    assert.equal(code, 2, lock);
    assert.match(out + err, message);
  }
  assert.equal(await repo.exists("calls"), false);
});

repoTest("a python that makes no environment lets no tool go elsewhere", FILES, async (repo) => {
  await repo.writeScript("bin/poetry", '#!/bin/sh\necho "$1" >>calls\ntouch poetry.lock\n');
  // What looks for pip-tools in a Python, and what makes a lock with it, ends well as all else does.
  await repo.writeScript("bin/nothing", "#!/bin/sh\ntouch own.lock\n");
  await repo.write({ "pyproject.toml": "", "in.txt": "" });
  const env = { PATH: `${repo.path("bin")}:${repo.environment()["PATH"]}` };
  for (const [kind, keys] of [["poetry", ""], ["piptools", 'reqs = "in.txt"\nlock = "own.lock"']]) {
    const python = `${keys}\npython = "nothing"`;
    await repo.write({
      "qik.toml": configuration(kind!, python).replace('reqs = "[app].txt"\n', ""),
    });
    const { code, out, err } = await repo.with({ env }).qik("show");
    assert.equal(code, 2, out + err);
    assert.match(out + err, /Cannot use "nothing" for "._qik\/venv\/app": it made no Python envir/);
  }
  assert.equal(await repo.read("calls"), "lock\n");
});
