import assert from "node:assert/strict";
import { copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { counted, settled } from "../support/counted_git.ts";
import { type Repo, repoTest, type RunOptions } from "../support/repo.ts";

/**
 * What lies further away than inputs, and decides all the same: tools, environments, configuration of git's, files that
 * were looked for. Before each change a run was really recalled; after it none may be.
 */

interface Case {
  readonly name: string;
  readonly effect: "runs" | "hits";
  readonly change: (repo: Repo) => unknown;
  /** What the run after it is started with. */
  readonly options?: RunOptions;
  readonly args?: readonly string[];
}

async function tryAll(first: Repo, cases: readonly Case[], options: RunOptions = {}) {
  const { repo, calls } = await counted(first.with(options));
  await repo.must();
  for (const { name, effect, change, options: other = {}, args = [] } of cases) {
    await settled(repo, calls);
    await change(repo);
    const { out, err } = await repo.with(other).must(...args);
    assert.ok(await calls() > 0, `${name}: nobody looked\n${repo.log}`);
    const ran = !/^✅ \d+ tasks?: \d+ cached in/m.test(out + err) && !/nothing/i.test(out);
    assert.equal(ran ? "runs" : "hits", effect, `${name}\n${repo.log}`);
  }
}

const write = (path: string, text: string) => (repo: Repo) => repo.write({ [path]: text });

const inPlace = (path: string, text: string) => (repo: Repo) =>
  writeFileSync(repo.path(path), text, { flag: "r+" });

repoTest("configuration of git's that decides what is an input", {
  "top/qik.toml": '[commands]\nc = { exec = "ls src", deps = ["src"] }\n',
  "top/src/a": "1\n",
  ".gitignore": "*.gen\n",
  "top/src/x.gen": "",
  "top/src/y.user": "",
  "top/src/z.user": "",
  "top/src/.own/.gitignore": "*\n",
  "top/src/.own/file": "",
}, async (first) => {
  await first.write({ "../rules": "*.user\n" });
  await first.git("config", "core.excludesFile", first.path("../rules"));
  await first.git("rm", "-q", "--cached", "top/src/y.user", "top/src/z.user");
  await tryAll(first, [
    {
      name: "rules of a directory that hid itself, in place",
      effect: "runs",
      change: inPlace("top/src/.own/.gitignore", "#\n"),
    },
    { name: "rules above the root", effect: "runs", change: write(".gitignore", "") },
    {
      name: "rules above the root come again",
      effect: "hits",
      change: write(".gitignore", "x*\n"),
    },
    {
      name: "rules of the user, in place",
      effect: "runs",
      change: inPlace("../rules", "y.user\n"),
    },
    {
      name: "a file that is ignored comes into the index",
      effect: "runs",
      change: (repo) => repo.git("add", "-f", "src/y.user"),
    },
    {
      name: "and goes out of it",
      effect: "hits",
      change: (repo) => repo.git("rm", "-q", "--cached", "src/y.user"),
    },
    {
      name: "other rules of the user",
      effect: "hits",
      change: (repo) => repo.git("config", "core.excludesFile", "/dev/null"),
    },
    {
      name: "line ends",
      effect: "hits",
      change: (repo) => repo.git("config", "core.autocrlf", "true"),
    },
    {
      name: "attributes that say what is the case",
      effect: "runs",
      change: write("top/src/.gitattributes", "* -text\n"),
    },
    {
      name: "a repository inside of the tree",
      effect: "runs",
      change: (repo) => repo.git("init", "-q", "src/inner"),
    },
  ], { cwd: "top" });
});

repoTest("configuration that is included from elsewhere", {
  "qik.toml": '[commands]\nc = { exec = "ls", deps = ["src"] }\n',
  "src/a": "1\n",
}, async (repo) => {
  await repo.write({ "../more": "[core]\n\texcludesFile = /dev/null\n" });
  await tryAll(repo, [
    {
      name: "configuration that is included",
      effect: "hits",
      change: (repo) => repo.git("config", "include.path", repo.path("../more")),
    },
  ]);
});

repoTest("files that were looked for and come to be", {
  "top/deep/qik.toml": `
modules = ["mod"]
[spaces.default]
dotenv = [".env", "local.env"]
[commands]
c = { exec = "echo $V $W", deps = ["src", { type = "load", path = "l.json", default = ["src"] }] }
`,
  "top/deep/src/a": "1\n",
  "top/deep/mod/x": "",
  "top/deep/.env": "V=1\n",
  ".gitignore": "local.env\nl.json\n",
}, async (first) => {
  await tryAll(first, [
    {
      name: "a dotenv file that git ignores",
      effect: "runs",
      change: write("top/deep/local.env", "W=1\n"),
    },
    { name: "and changes", effect: "runs", change: inPlace("top/deep/local.env", "W=2\n") },
    { name: "and goes", effect: "hits", change: (repo) => repo.remove("top/deep/local.env") },
    { name: "another variable", effect: "runs", change: inPlace("top/deep/.env", "V=2\n") },
    {
      name: "a list that another command writes",
      effect: "runs",
      change: write("top/deep/l.json", '{"globs": ["mod"]}'),
    },
    {
      name: "commands of a module",
      effect: "runs",
      change: write(
        "top/deep/mod/qik.toml",
        '[commands]\nm = { exec = "echo m", deps = ["mod"] }\n',
      ),
    },
    {
      name: "configuration of a directory above",
      effect: "runs",
      change: write("top/qik.toml", '[commands]\nc = { exec = "echo top", deps = ["deep"] }\n'),
    },
  ], { cwd: "top/deep" });
});

const python = (version: string) => `Metadata-Version: 2.1\nName: thing\nVersion: ${version}\n`;

repoTest("what is installed", {
  "qik.toml": '[commands]\nc = { exec = "echo c", deps = [{ type = "pydist", name = "thing" }] }\n',
  ".gitignore": "/.venv\n/more\n",
}, async (first) => {
  const site = ".venv/lib/python3.11/site-packages";
  await first.write({
    ".venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.11.2\n",
    ".venv/bin/python": "",
    [`${site}/thing-1.0.dist-info/METADATA`]: python("1.0"),
    "more/thing-9.0.dist-info/METADATA": python("9.0"),
  });
  await tryAll(first, [
    {
      name: "another version in place",
      effect: "runs",
      change: inPlace(`${site}/thing-1.0.dist-info/METADATA`, python("1.1")),
    },
    {
      name: "another version by another name",
      effect: "runs",
      change: (repo) => {
        renameSync(repo.path(site, "thing-1.0.dist-info"), repo.path(site, "thing-2.0.dist-info"));
        return repo.write({ [`${site}/thing-2.0.dist-info/METADATA`]: python("2.0") });
      },
    },
    {
      name: "a directory that a .pth file adds, of no effect",
      effect: "hits",
      change: (repo) => repo.write({ [`${site}/more.pth`]: `${repo.path("more")}\n` }),
    },
    {
      name: "the one behind it counts now",
      effect: "runs",
      change: (repo) => repo.remove(`${site}/thing-2.0.dist-info`),
    },
    {
      name: "and changes",
      effect: "runs",
      change: inPlace("more/thing-9.0.dist-info/METADATA", python("9.1")),
    },
    {
      name: "the environment is another one by its name",
      effect: "runs",
      change: (repo) => {
        renameSync(repo.path(".venv"), repo.path("../venv"));
        symlinkSync("../venv", repo.path(".venv"));
        return repo.write({ "more/thing-9.0.dist-info/METADATA": python("9.2") });
      },
    },
  ], { env: { VIRTUAL_ENV: first.path(".venv") } });
});

Deno.test({ name: "on Linux: versions of tools", ignore: Deno.build.os !== "linux" }, async () => {
  const { Repo } = await import("../support/repo.ts");
  await using first = await Repo.create({
    "qik.toml": '[commands]\nc = { exec = "echo c", deps = [{ type = "tool", name = "thing" }] }\n',
  });
  await first.write({ "../early/": "", "../late/": "" });
  const install = (program: string, at: string) => (repo: Repo) => {
    rmSync(repo.path("..", at), { force: true });
    copyFileSync(`/bin/${program}`, repo.path("..", at));
  };
  install("cat", "late/thing")(first);
  const { PATH } = first.environment();
  await tryAll(first, [
    { name: "another program", effect: "runs", change: install("ls", "late/thing") },
    {
      name: "the same again, as another file",
      effect: "hits",
      change: install("ls", "late/thing"),
    },
    { name: "one that comes earlier", effect: "runs", change: install("cp", "early/thing") },
    {
      name: "a link in its place",
      effect: "runs",
      change: (repo) => {
        install("mv", "mv")(repo);
        rmSync(repo.path("../early/thing"));
        symlinkSync("../mv", repo.path("../early/thing"));
      },
    },
  ], { env: { PATH: `${first.path("../early")}:${first.path("../late")}:${PATH}` } });
});
