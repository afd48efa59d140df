import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, chownSync } from "node:fs";
import process from "node:process";
import { isExecutable, qikCommand, type Ran, type Repo, repoTest } from "../support/repo.ts";

/** What stands where a repository should be, and is none, or not ours, or not to be read: never a wrong key. */

const COPY = {
  "qik.toml": '[commands]\ncopy = { exec = "cat src/in.txt", deps = ["src"] }\n',
  "src/in.txt": "1\n",
  "src/more.txt": "more\n",
};

const isRoot = process.getuid?.() === 0;

/** Seals an index anew, as a writer would whose fault is in the rest. */
function sealed(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, -20);
  bytes.set(createHash("sha1").update(body).digest(), body.length);
  return bytes;
}

function withExtension(bytes: Uint8Array, name: string): Uint8Array {
  const more = new Uint8Array(bytes.length + 8);
  more.set(bytes.subarray(0, -20));
  more.set(new TextEncoder().encode(name), bytes.length - 20);
  return sealed(more);
}

/** Indexes that git itself refuses, and what it says then. */
const REFUSED: Readonly<Record<string, readonly [(index: Uint8Array) => Uint8Array, RegExp]>> = {
  "empty of everything but its name": [
    () => new TextEncoder().encode("DIRC"),
    /index file smaller than expected/,
  ],
  "cut in its head": [(index) => index.slice(0, 20), /index file smaller than expected/],
  "not an index": [() => new TextEncoder().encode("no index\n".repeat(20)), /bad signature/],
  "of a version to come": [
    (index) => {
      index[7] = 9;
      return sealed(index);
    },
    /bad index version 9/,
  ],
  "with an extension that must be understood": [
    (index) => withExtension(index, "next"),
    /does not support|uses .* extension|unknown/,
  ],
};

const restored = async (repo: Repo, index: Uint8Array) => {
  await repo.write({ ".git/index": index });
  assert.equal((await repo.must()).out.startsWith("1\n"), true);
};

repoTest("an index that git refuses ends the run in git's words", COPY, async (repo) => {
  const whole = await repo.readBytes(".git/index");
  await restored(repo, whole);
  for (const [name, [damage, words]] of Object.entries(REFUSED)) {
    await repo.write({ ".git/index": damage(Uint8Array.from(whole)) });
    const { code, out, err } = await repo.qik();
    assert.deepEqual([code, out], [2, ""], `${name}: ${err}`);
    assert.match(err, /\[git-failed\]/, name);
    assert.match(err, words, name);
    await restored(repo, whole);
  }
});

repoTest("an index of another kind of repository is not read as one of this kind", {
  ...COPY,
}, async (repo) => {
  const whole = await repo.readBytes(".git/index");
  await repo.must();
  await repo.run("git", "init", "-q", "--object-format=sha256", "../other");
  await repo.write({ "../other/src/in.txt": "1\n", "../other/src/more.txt": "more\n" });
  await repo.with({ cwd: "../other" }).git("add", "-A");
  await repo.write({ ".git/index": await repo.readBytes("../other/.git/index") });
  const { code, err } = await repo.qik();
  // What git makes of it counts: it may refuse it, or see other files; nothing is believed about contents.
  assert.ok(code === 2 ? /\[git-failed\]/.test(err) : code === 0, err);
  await repo.write({ "src/in.txt": "2\n" });
  const edited = await repo.qik();
  if (edited.code === 0) assert.match(edited.out, /^2$/m);
  await repo.write({ ".git/index": whole });
  assert.match((await repo.must()).out, /^2$/m);
});

repoTest(
  "an index that is cut or has flipped bits is git's business, and no edit is missed",
  COPY,
  async (repo) => {
    const whole = await repo.readBytes(".git/index");
    for (let at = 0, text = 2; at < whole.length; at += 13, text++) {
      const bytes = Uint8Array.from(whole);
      bytes[at]! ^= 1 << at % 8;
      await repo.write({ ".git/index": bytes, "src/in.txt": `${text}\n` });
      const { code, out, err } = await repo.qik();
      if (code === 0) assert.match(out, new RegExp(`^${text}$`, "m"), `byte ${at}\n${err}`);
      else assert.match(err, /\[(git-failed|file-unreadable)\]/, `byte ${at}: ${code}, ${err}`);
    }
  },
);

/** Gives the repository to somebody else; who is not root cannot, and uses git's own switch for its tests. */
function notOurs(repo: Repo): Repo {
  if (!isRoot) return repo.with({ env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" } });
  for (const path of [".", ".git", ".git/index"]) chownSync(repo.path(path), 4242, 4242);
  return repo;
}

repoTest("a repository of somebody else is refused as git refuses it, and says how to go on", {
  ...COPY,
}, async (ours) => {
  await ours.must();
  const repo = notOurs(ours);
  await repo.write({ "src/in.txt": "2\n" });
  const { code, out, err } = await repo.qik();
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /dubious ownership in repository at/);
  assert.match(err, /git config --global --add safe\.directory '?\S*repo'?/);
  await repo.write({ "../gitconfig": `[safe]\n\tdirectory = ${repo.root}\n` });
  const GIT_CONFIG_GLOBAL = repo.path("../gitconfig");
  const trusted = repo.with({ env: { GIT_CONFIG_GLOBAL } });
  assert.match((await trusted.must()).out, /^2$/m);
  assert.match((await trusted.must()).err, /1 cached/);
  assert.equal((await repo.qik()).code, 2, "a run to recall opens nothing that git would not open");
});

/** Runs qik without root's right to read everything. */
function unprivileged(repo: Repo, ...args: readonly string[]): Promise<Ran> {
  if (!isRoot) return repo.qik(...args);
  const words = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps=-all"];
  return repo.run("setpriv", ...words, ...qikCommand(), ...args);
}

repoTest("inputs that may not be read are named, fail their command and store nothing", {
  ...COPY,
  "qik.toml": COPY["qik.toml"] + 'other = { exec = "echo other", deps = ["qik.toml"] }\n',
}, async (repo) => {
  const closed: Readonly<Record<string, RegExp>> = {
    "src/in.txt": /Cannot read the input file "src\/in\.txt": EACCES/,
    "src": /Cannot read the input file "src\/in\.txt": EACCES[^]*"src\/more\.txt": EACCES/,
  };
  await repo.must();
  for (const [path, message] of Object.entries(closed)) {
    const mode = path === "src" ? 0o755 : 0o644;
    await repo.write({ "src/in.txt": `${path}\n` });
    chmodSync(repo.path(path), 0);
    const { code, out, err } = await unprivileged(repo);
    chmodSync(repo.path(path), mode);
    assert.equal(code, 2, err);
    assert.match(err, message);
    assert.match(err, /\[file-unreadable\]/);
    assert.match(out + err, /1 cached, 1 failed/, "the other command is not concerned");
    assert.match((await repo.must("copy")).out, new RegExp(`^${path}$`, "m"));
  }
});

/** What git passes over where it is closed to a user. */
const PASSED_OVER: Readonly<Record<string, (repo: Repo) => Record<string, string>>> = {
  "a directory of PATH": (repo) => ({
    PATH: `${repo.path("../closed/bin")}:${repo.environment()["PATH"]}`,
  }),
  "the home": (repo) => ({ HOME: repo.path("../closed"), GIT_CONFIG_GLOBAL: "" }),
  "the user's settings": (repo) => ({ XDG_CONFIG_HOME: repo.path("../closed/config") }),
  "one file of settings": (repo) => ({ GIT_CONFIG_GLOBAL: repo.path("../closed/gitconfig") }),
};

repoTest("what is closed to the user and passed over by git ends no run", {
  ...COPY,
  "../closed/bin/": "",
}, async (repo) => {
  await repo.must();
  chmodSync(repo.path("../closed"), 0);
  for (const [at, [name, env]] of Object.entries(PASSED_OVER).entries()) {
    const { code, err } = await unprivileged(repo.with({ env: env(repo) }));
    assert.equal(code, 0, `${name}: ${err}`);
    await repo.write({ "src/in.txt": `${at + 2}\n` });
    const edited = await unprivileged(repo.with({ env: env(repo) }));
    assert.match(edited.out, new RegExp(`^${at + 2}$`, "m"), `${name}: ${edited.err}`);
  }
  chmodSync(repo.path("../closed"), 0o755);
  for (
    const name of [".git/info/attributes", ".git/info", ".gitattributes", "src/.gitattributes"]
  ) {
    if (!name.endsWith("info")) await repo.write({ [name]: "*.txt text\n" });
    chmodSync(repo.path(name), 0);
    const { code, err } = await unprivileged(repo, "copy");
    chmodSync(repo.path(name), 0o755);
    // It may be an input as every other file.
    const isInput = name.startsWith("src");
    assert.equal(code, isInput ? 2 : 0, `${name}: ${err}`);
    if (isInput) assert.match(err, /\[file-unreadable\]/, name);
  }
});

repoTest("what is closed of the repository itself ends the run in git's words", {
  ...COPY,
}, async (repo) => {
  await repo.must();
  for (const name of [".git", ".git/config", ".git/index", ".git/HEAD"]) {
    const mode = name === ".git" ? 0o755 : 0o644;
    chmodSync(repo.path(name), 0);
    const { code, out, err } = await unprivileged(repo);
    chmodSync(repo.path(name), mode);
    assert.deepEqual([code, out], [2, ""], `${name}: ${err}`);
    assert.match(err, /(Permission denied|not a git repository).*\[git-failed\]/, name);
    assert.match((await repo.must()).err, /1 cached/);
  }
});

repoTest("an index that is a pipe is not waited for", COPY, async (repo) => {
  await repo.must();
  await repo.remove(".git/index");
  await repo.run("mkfifo", repo.path(".git/index"));
  const { code, out, err } = await repo.qik();
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /Cannot read git's index ".*\.git\/index": it is no file \[git-failed\]/);
});

for (const where of ["in git", "without git"]) {
  repoTest(`a closed directory is passed over, and seen when it is open, ${where}`, {
    "src/in.txt": "1\n",
    "src/closed/more.txt": "more\n",
    "qik.toml": '[commands]\ncopy = { exec = "ls src/*/* 2>&1; true", deps = ["src"] }\n',
  }, async (repo) => {
    if (where === "without git") await repo.remove(".git");
    else await repo.git("rm", "-rq", "--cached", "src/closed");
    for (const run of [1, 2, 3]) {
      chmodSync(repo.path("src/closed"), 0);
      for (const again of [1, 2]) {
        const { code, err } = await unprivileged(repo);
        assert.equal(code, 0, `${run}, ${again}: ${err}`);
      }
      chmodSync(repo.path("src/closed"), 0o755);
      assert.match((await unprivileged(repo)).out, /^src\/closed\/more\.txt$/m);
      await repo.write({ "src/in.txt": `${run + 1}\n` });
    }
  });
}

repoTest("a directory that is swapped for a file and back while inputs are read", {
  ...COPY,
  "qik.toml": '[commands]\ncopy = { exec = "cat in in/x 2>&1; true", deps = ["in"] }\n',
}, async (repo) => {
  const script =
    "until [ -e ../stop ]; do rm -rf in; echo 1 > in; rm in; mkdir in; echo 2 > in/x; done";
  const swapping = repo.start("sh", "-c", script);
  for (let run = 0; run < 15; run++) {
    const { code, err } = await repo.qik();
    assert.ok(code === 0 || (code === 2 && /\[file-unreadable\]/.test(err)), `${code}: ${err}`);
  }
  await repo.write({ "../stop": "" });
  await swapping.ended;
  assert.match((await repo.must()).out, /^2$/m);
  await repo.remove("in");
  await repo.write({ in: "3\n" });
  assert.match((await repo.must()).out, /^3$/m);
});

repoTest("a name that is not UTF-8 is read, or refused by name where the runtime cannot", {
  ...COPY,
  "qik.toml": '[commands]\ncopy = { exec = "cat src/*", deps = ["src"] }\n',
}, async (repo) => {
  const write = (text: string) =>
    repo.run("sh", "-c", `printf '${text}\\n' > "$(printf 'src/caf\\351')"`);
  await write("eins");
  if (!isExecutable()) {
    const { code, out, err } = await repo.qik();
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /"src\/caf.+": its name is not UTF-8, which Deno cannot open/);
    assert.match(err, /Use the built executable/);
    return;
  }
  assert.match((await repo.must()).out, /^eins$/m);
  await write("zwei");
  assert.match((await repo.must()).out, /^zwei$/m);
  assert.match((await repo.must()).err, /1 cached/);
});
