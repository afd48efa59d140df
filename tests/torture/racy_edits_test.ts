/**
 * The edits that a comparison of sizes and times is most easily deceived by, each kind for itself, so that there is
 * a figure for it: right after `git add`, while `git add` is at work, with the time put back, by renaming over.
 * Each is made where qik has no run to recall, and where it has one of the state just before the edit.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { FULL, SEED, tell, times } from "../support/torture.ts";

/** So many that a file's turn comes again when it has been left alone for 2 s: then the index is believed. */
const NAMES = Array.from({ length: 100 }, (_, at) => `src/f${String(at).padStart(3, "0")}`);
const SIZE = 24;
/** Edits made during one `git add`. */
const AT_ONCE = FULL ? 50 : 3;

const FILES = {
  "qik.toml": `[commands.sum]
exec = "cat src/* > out"
deps = ["src"]
artifacts = ["out"]
`,
  ".gitignore": "out\n",
  "zzz.gate": "0\n",
  ...Object.fromEntries(NAMES.map((name) => [name, name.padEnd(SIZE, "0")])),
};

function overwrite(path: string, text: string): void {
  const fd = fs.openSync(path, "r+");
  fs.writeSync(fd, text);
  fs.closeSync(fd);
}

const copyTime = (from: string, to: string) => execFileSync("touch", ["-r", from, to]);

type Edit = (repo: Repo, path: string, text: string) => void;

const EDITS: Readonly<Record<string, Edit>> = {
  "right after git add": (repo, path, text) => overwrite(repo.path(path), text),
  "its time put back by touch -r": (repo, path, text) => {
    const kept = repo.path("../kept");
    fs.writeFileSync(kept, "");
    copyTime(repo.path(path), kept);
    overwrite(repo.path(path), text);
    copyTime(kept, repo.path(path));
  },
  "renamed over, equal size and mtime": (repo, path, text) => {
    const other = repo.path("../other");
    fs.writeFileSync(other, text);
    copyTime(repo.path(path), other);
    fs.renameSync(other, repo.path(path));
  },
};

const proofs = (repo: Repo) => repo.path("._qik/state/proofs");

/** Makes a run to recall, or sees to it that there is none; answers whether there is one now. */
async function prepare(repo: Repo, recalled: boolean): Promise<boolean> {
  if (recalled) {
    await repo.must("sum");
    return fs.existsSync(proofs(repo)) && fs.readdirSync(proofs(repo)).length > 0;
  }
  fs.rmSync(proofs(repo), { recursive: true, force: true });
  return false;
}

async function assertSeen(repo: Repo, what: string): Promise<void> {
  await repo.must("sum");
  const expected = NAMES.map((name) => fs.readFileSync(repo.path(name), "utf8")).join("");
  assert.equal(await repo.read("out"), expected, what);
}

/** New content, different from every earlier one of the same file. */
function contentOf(name: string, edit: number, next: (below: number) => number): string {
  return `${name} ${edit} ${next(1 << 30)}`.padEnd(SIZE, ".").slice(0, SIZE);
}

const MODES: readonly (readonly [string, boolean])[] = [
  ["nothing to recall", false],
  ["a run to recall", true],
];

for (const [kind, edit] of Object.entries(EDITS)) {
  for (const [mode, recalled] of MODES) {
    repoTest(`an edit of equal size, ${kind}, ${mode}`, FILES, async (repo) => {
      const next = random(SEED);
      const count = times(4, 1000);
      await settle(repo);
      let hadProof = 0;
      for (let at = 0; at < count; at++) {
        const name = NAMES[at % NAMES.length]!;
        await repo.git("add", "-A");
        if (await prepare(repo, recalled)) hadProof += 1;
        edit(repo, name, contentOf(name, at, next));
        await assertSeen(repo, `edit ${at} of seed ${SEED}`);
      }
      assert.equal(
        hadProof,
        recalled ? count : 0,
        "there was a run to recall where there should be",
      );
      tell(`same-size edit, ${kind}, ${mode}: ${count} of ${count} seen`);
    });
  }
}

/** Ignore rules younger than 2 s are not believed, and then there is nothing to recall. */
async function settle(repo: Repo): Promise<void> {
  await repo.run("sleep", "2.1");
  await repo.must("sum");
}

/** Holds `git add` up when it has read everything else, until the test has made its edits. */
async function holdGitAdd(repo: Repo): Promise<void> {
  execFileSync("mkfifo", [repo.path("../reached"), repo.path("../go")]);
  await repo.writeScript(
    "../gate",
    '#!/bin/sh\ncat\n[ -e "$1/pass" ] || { echo > "$1/reached"; cat "$1/go"; }\n',
  );
  await repo.git("config", "filter.gate.clean", `'${repo.path("../gate")}' '${repo.path("..")}'`);
  await repo.write({ ".git/info/attributes": "zzz.gate filter=gate\n" });
}

async function editDuringAdd(repo: Repo, edits: () => void): Promise<void> {
  fs.rmSync(repo.path("../pass"), { force: true });
  const adding = repo.start("git", "add", "-A");
  await repo.run("cat", "../reached");
  edits();
  // The index is then written so long after its look at the files that it would be believed.
  if (FULL) await repo.run("sleep", "2.1");
  await repo.write({ "../pass": "" });
  await repo.run("sh", "-c", "echo > ../go");
  assert.equal((await adding.ended).code, 0);
}

for (const [mode, recalled] of MODES) {
  repoTest(`edits of equal size while git add is at work, ${mode}`, FILES, async (repo) => {
    const next = random(SEED);
    const rounds = times(2, 1000 / AT_ONCE);
    await settle(repo);
    await holdGitAdd(repo);
    let hadProof = 0;
    for (let round = 0; round < rounds; round++) {
      const names = NAMES.slice(0, AT_ONCE);
      // git takes a new look at what it finds changed only.
      for (const name of names) overwrite(repo.path(name), contentOf(name, -round, next));
      await repo.write({ "zzz.gate": `${round + 1}\n` });
      if (await prepare(repo, recalled)) hadProof += 1;
      await editDuringAdd(repo, () => {
        for (const name of names) overwrite(repo.path(name), contentOf(name, round, next));
      });
      const indexed = await repo.git("show", `:${names[0]}`);
      assert.notEqual(indexed, await repo.read(names[0]!), "git had read it before the edit");
      await assertSeen(repo, `round ${round} of seed ${SEED}`);
    }
    assert.equal(
      hadProof,
      recalled ? rounds : 0,
      "there was a run to recall where there should be",
    );
    const count = rounds * AT_ONCE;
    tell(`same-size edits during git add, ${mode}: ${count} of ${count} seen in ${rounds} calls`);
  });
}
