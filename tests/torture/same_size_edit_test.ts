/**
 * Edits that leave size, and often the time, of a file as they were, while git writes its index or has just done so:
 * after each of them qik must see what is on disk. `QIK_TORTURE=full` makes it long enough for most files to be old
 * when the index is written, so that it is the index which is believed; `QIK_SEED` repeats a run.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import process from "node:process";
import { pick, random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const STEPS = process.env["QIK_TORTURE"] === "full" ? 1500 : 20;
const SEED = Number(process.env["QIK_SEED"] ?? "1");
/** So many that most of them are left alone for longer than the 2 s for which the index proves nothing. */
const COUNT = 400;
const NAMES = Array.from(
  { length: COUNT },
  (_, at) => `src/d${at % 4}/f${String(at).padStart(3, "0")}`,
);
const SIZE = 40;

const FILES = {
  "qik.toml": `[commands.sum]
exec = "cat src/*/* > out.txt"
deps = ["src"]
artifacts = ["out.txt"]
`,
  ".gitignore": "out.txt\n._qik/\n",
  ...Object.fromEntries(NAMES.map((name) => [name, name.padEnd(SIZE, "0")])),
};

type Next = (below: number) => number;

/** New content of the same size for a file. */
function newContent(next: Next): string {
  return Array.from({ length: SIZE }, () => String.fromCharCode(97 + next(26))).join("");
}

/** Overwrites in place: same inode, same size. */
function overwrite(path: string, text: string): void {
  const fd = fs.openSync(path, "r+");
  fs.writeSync(fd, text);
  fs.closeSync(fd);
}

function copyTime(from: string, to: string): void {
  execFileSync("touch", ["-r", from, to]);
}

const EDITS: readonly ((path: string, text: string) => void)[] = [
  overwrite,
  function timeRestored(path, text) {
    const kept = `${path}.time`;
    fs.writeFileSync(kept, "");
    copyTime(path, kept);
    overwrite(path, text);
    copyTime(kept, path);
    fs.rmSync(kept);
  },
  function replaced(path, text) {
    const other = `${path}.new`;
    fs.writeFileSync(other, text);
    copyTime(path, other);
    fs.renameSync(other, path);
  },
];

/** What git does between two edits. */
const GIT: readonly (readonly string[])[] = [
  ["add", "-A"],
  ["status", "--porcelain"],
  ["update-index", "-q", "--refresh"],
  ["add", "-u", "src/d1"],
];

async function step(repo: Repo, next: Next): Promise<void> {
  const edit = () => {
    for (let count = 1 + next(2); count > 0; count--) {
      pick(EDITS, next)(repo.path(pick(NAMES, next)), newContent(next));
    }
  };
  const around = next(4);
  if (around === 0) edit();
  // A large file keeps git busy between its first look at small ones and the end of its index.
  if (around === 1) await repo.write({ "aaa.bin": new Uint8Array(4_000_000).fill(next(256)) });
  const git = around === 3 ? undefined : repo.start("git", ...pick(GIT, next));
  if (around === 1) edit();
  await git?.ended;
  if (around >= 2) edit();
}

repoTest(`no edit of equal size is missed, seed ${SEED}`, FILES, async (repo) => {
  const next = random(SEED);
  for (let at = 0; at < STEPS; at++) {
    await step(repo, next);
    await repo.must("sum");
    const expected = NAMES.toSorted().map((name) => fs.readFileSync(repo.path(name), "utf8"));
    assert.equal(await repo.read("out.txt"), expected.join(""), `step ${at} of seed ${SEED}`);
  }
});
