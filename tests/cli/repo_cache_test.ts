/** The repo cache under real git: merges and what else moves commits, worktrees, and entries made by hand. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { mark, ran, ranBy } from "../support/fakes.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const FILES = {
  "qik.toml": `[commands.c]
exec = "${mark("c")}; cat src/*"
deps = ["src"]
cache = "repo"
`,
  "src/a": "1\n",
  "src/m": "1\n",
  "src/z": "1\n",
};
const ENTRY = ".qik/cache/c/c.json";

/** A handle whose git finds qik, with the first result committed. */
async function begun(repo: Repo): Promise<Repo> {
  const bin = await repo.writeProgram();
  const here = repo.with({ env: { PATH: `${bin}:${repo.environment()["PATH"]}` } });
  await here.must();
  await here.commit("first result");
  return here;
}

/** A branch with one edit and the result of it. */
async function branch(repo: Repo, name: string, from: string, files: Record<string, string>) {
  await repo.git("checkout", "-q", "-b", name, from);
  await repo.write(files);
  await repo.must();
  await repo.commit(name);
}

async function assertNoMarkers(repo: Repo): Promise<void> {
  for (const name of await readdir(repo.path(".qik/cache/c"))) {
    assert.doesNotMatch(
      await repo.read(`.qik/cache/c/${name}`),
      /^(<<<<<<<|>>>>>>>|=======)/m,
      name,
    );
  }
  assert.equal(await repo.git("diff", "--name-only", "--diff-filter=U"), "");
}

/** After git has moved things about: one run at most, the right output, and then nothing but hits. */
async function assertSettles(repo: Repo, output: string): Promise<void> {
  await assertNoMarkers(repo);
  await repo.remove("../ran");
  const first = await repo.must();
  assert.equal(first.out, output);
  assert.deepEqual(await ranBy(repo), [], "the second run is a hit");
  assert.equal((await repo.must()).out, output);
}

repoTest("the first result tells git of the merge driver, once", FILES, async (repo) => {
  const here = await begun(repo);
  assert.match(
    await here.git("config", "--get", "merge.qik.driver"),
    /^qik :merge-driver %O %A %B %P/,
  );
  assert.match(await here.git("check-attr", "merge", ENTRY), /merge: qik/);
  await here.git("config", "merge.qik.driver", "mine");
  await here.write({ "src/a": "2\n" });
  await here.must();
  assert.equal(await here.git("config", "--get", "merge.qik.driver"), "mine\n");
  await here.git("config", "--unset", "merge.qik.driver");
  await here.must(":merge-driver", "--install");
  assert.match(await here.git("config", "--get", "merge.qik.driver"), /^qik :merge-driver/);
});

for (const how of ["merge", "rebase", "cherry-pick", "stash"] as const) {
  repoTest(`entries that both sides changed survive ${how}`, FILES, async (repo) => {
    const here = await begun(repo);
    await branch(here, "left", "main", { "src/a": "left\n" });
    await branch(here, "right", "main", { "src/z": "right\n" });
    if (how === "merge") await here.git("merge", "-q", "-m", "both", "left");
    if (how === "rebase") await here.git("rebase", "-q", "left");
    if (how === "cherry-pick") await here.git("cherry-pick", "left");
    if (how === "stash") {
      await here.git("reset", "-q", "--soft", "main");
      await here.git("stash", "-q");
      await here.git("merge", "-q", "--ff-only", "left");
      await here.git("stash", "pop", "-q");
    }
    await assertSettles(here, "left\n1\nright\n");
  });
}

repoTest("a merge that changes nothing is a hit at once", FILES, async (repo) => {
  const here = await begun(repo);
  await branch(here, "left", "main", { "src/a": "left\n" });
  await here.git("checkout", "-q", "main");
  await here.write({ "other": "1" });
  await here.commit("other");
  await here.git("merge", "-q", "-m", "both", "left");
  assert.deepEqual(await ranBy(here), []);
});

repoTest(
  "without the driver a conflict is a damaged entry, which the next run mends",
  FILES,
  async (repo) => {
    const here = await begun(repo);
    await branch(here, "left", "main", { "src/a": "left\n" });
    await branch(here, "right", "main", { "src/z": "right\n" });
    await here.git("config", "--remove-section", "merge.qik");
    assert.equal((await here.run("git", "merge", "-q", "-m", "both", "left")).code, 1);
    assert.match(await here.read(ENTRY), /^<<<<<<</m);
    assert.equal((await here.must()).out, "left\n1\nright\n");
    assert.doesNotMatch(await here.read(ENTRY), /^<<<<<<</m);
    await here.commit("merged");
    assert.deepEqual(await ranBy(here), []);
  },
);

repoTest(
  "linked worktrees have entries of their own, and share the driver",
  FILES,
  async (repo) => {
    const here = await begun(repo);
    await here.git("worktree", "add", "-q", "../tree");
    const tree = here.with({ cwd: "../tree" });
    assert.deepEqual(await ranBy(tree), [], "a committed result is a hit there");
    await here.write({ "../tree/src/a": "tree\n" });
    assert.equal((await tree.must()).out, "tree\n1\n1\n");
    assert.equal(await here.read("../tree/.qik/cache/c/c.out"), "tree\n1\n1\n");
    assert.equal(await here.read(".qik/cache/c/c.out"), "1\n1\n1\n");
    assert.match(await tree.git("config", "--get", "merge.qik.driver"), /^qik :merge-driver/);
  },
);

repoTest(
  "the driver takes a whole side, and the intact one where one is not",
  FILES,
  async (repo) => {
    const here = await begun(repo);
    const entry = await here.read(ENTRY);
    await here.write({
      "o.json": "",
      "a.json": "damaged",
      "b.json": entry,
      "a.out": "a",
      "b.out": "b",
    });
    await here.must(":merge-driver", "o.json", "a.json", "b.json", ENTRY);
    assert.equal(await here.read("a.json"), entry);
    await here.must(":merge-driver", "o.json", "a.out", "b.out", ".qik/cache/c/c.out");
    assert.equal(await here.read("a.out"), "a");
    for (const words of [[], ["x"], ["o.json", "a.json", "gone"], ["o.json", ".git", "a.json"]]) {
      const refused = await here.qik(":merge-driver", ...words);
      assert.equal(refused.code, 2, words.join(" "));
      assert.match(refused.err, /Cannot merge: .*\[usage\]/);
    }
  },
);

const VERIFY = '\n[caches.repo]\nverify = "changed"\nprotected = "main"\n';

/** As somebody would who wants a failing command to look green: the entry is of the right key and well sealed. */
async function forge(repo: Repo): Promise<void> {
  const honest = await repo.read("qik.toml");
  const failing = honest.replace("cat src/*", "cat src/*; exit 3");
  await repo.write({ "qik.toml": `${failing}cache-when = "finished"\n` });
  assert.equal((await repo.qik()).code, 3);
  const { repoEntryText, readRepoEntry } = await import("../../lib/cache/repo_files.ts");
  const { openSys } = await import("../../lib/sys/open.ts");
  const { files } = openSys();
  const entry = readRepoEntry(files, repo.path(ENTRY));
  assert.ok(entry !== undefined && "manifest" in entry);
  await repo.write({ "qik.toml": failing, [ENTRY]: repoEntryText({ ...entry.manifest, exit: 0 }) });
  await repo.commit("forged");
  await repo.remove("../ran");
}

for (const trust of ["believed without it", "verify in qik.toml", "QIK__PROTECTED_REF"]) {
  repoTest(`an entry that was made by hand: ${trust}`, {
    ...FILES,
    "qik.toml": (trust === "verify in qik.toml" ? VERIFY : "") + FILES["qik.toml"],
  }, async (repo) => {
    await repo.must();
    await repo.commit("first result");
    await repo.git("checkout", "-q", "-b", "pull");
    await forge(repo);
    const env = trust === "QIK__PROTECTED_REF" ? { QIK__PROTECTED_REF: "main" } : {};
    const here = repo.with({ env });
    const { code } = await here.qik();
    if (trust === "believed without it") {
      assert.deepEqual([code, await ran(here)], [0, []], "this is why there is verify");
      return;
    }
    assert.deepEqual([code, await ran(here)], [3, ["c"]]);
    assert.match((await here.qik("--dry-run")).out, /^cold .*its entry is not the one of "main"/);
    assert.equal(
      (await here.qik("--cache", "repo", "--cache-status", "cold", "--ls", "--fail")).code,
      1,
    );
  });
}

repoTest("entries of the protected branch are believed, those of a clone without history are not", {
  ...FILES,
  "qik.toml": VERIFY + FILES["qik.toml"],
}, async (repo) => {
  await repo.must();
  await repo.commit("first result");
  assert.deepEqual(await ranBy(repo), [], "unchanged since the merge base");
  await repo.git("checkout", "-q", "-b", "pull");
  await repo.write({ "src/a": "2\n" });
  assert.deepEqual(await ranBy(repo), ["c"]);
  assert.deepEqual(await ranBy(repo), ["c"], "its own result is of the pull request");
  await repo.git("checkout", "-q", "--", ".");
  assert.deepEqual(await ranBy(repo), []);
  const lost = repo.with({ env: { QIK__PROTECTED_REF: "origin/gone" } });
  assert.match(
    (await lost.must("--dry-run")).out,
    /no entry can be trusted: git knows no common commit/,
  );
});
