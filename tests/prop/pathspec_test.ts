import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { QikError } from "../../lib/base/problems.ts";
import { byteString, joinNames, splitNames } from "../../lib/git/names.ts";
import { compilePathspec, type Pathspec } from "../../lib/git/pathspec.ts";
import { inOrder, matchRoll, type Roll } from "../../lib/git/roll.ts";
import { compileWild } from "../../lib/git/wildmatch.ts";

const SEED = 20_261;
/** `QIK_LONG=1` runs the number of cases that issue 3 promises; each costs a git process. */
const CASES = process.env["QIK_LONG"] === "1" ? 10_000 : 3_000;
/**
 * A first pathspec that matches nothing. Without it git cuts the directory that all positive pathspecs share off
 * the excluding ones too, and reads beyond their end (seen in 2.39: `docs/ :!*.md` selects nothing).
 */
const NOTHING = ":(literal)zz nothing";

type Pick = (below: number) => number;

function random(seed: number): Pick {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

const LETTERS = [
  ..."aaaaaaaaabbbbbbbbbccABBC..-_*?[]\\!^:() \n\t'\"{}~,0",
  "é",
  "e\u0301",
  "ß",
  "日",
  "😀",
  "\udcff",
];
const WILD = [
  "*",
  "*",
  "*",
  "**",
  "**/",
  "/**",
  "/**/",
  "?",
  "?",
  "[ab]",
  "[!ab]",
  "[^a]",
  "[a-c]",
  "[]a]",
  "[!]a]",
  "[a-]",
  "[[:alpha:]]",
  "[[:upper:]b]",
  "[[:punct:]]",
  "[[:space:]]",
  "[[:bogus:]]",
  "[[:alpha]",
  "[\\]]",
  "[a",
  "[",
  "\\*",
  "\\?",
  "\\a",
  "\\A",
  "\\",
  "[é]",
  "***",
  "*?",
  "[/]",
  "[!/]",
  "\\/",
  "[A-Z]",
  "[a\\-c]",
  "[--0]",
]; // deno-fmt-ignore
const MAGIC = [
  ...Array(20).fill(""), ...Array(16).fill(":(glob)"), ...Array(4).fill(":(icase)"), ":(literal)", ":(exclude)", ":!",
  ":^", ":/", ":(top)", ":(icase)", ":(icase,glob)", ":(exclude)", "./", "!", "!", "!:(glob)",
  ":", "::", ":(top,icase)", ":(glob,icase)", ":(exclude,glob)", ":()", ":!/", ":/!", ":(icase,,glob)",
  ":(literal,glob)", ":(nonsense)", ":(glob", ":%", ":!:", "!", "./", "../", "/", ":(literal,icase)",
]; // deno-fmt-ignore

function oneOf<T>(pick: Pick, list: readonly T[]): T {
  return list[pick(list.length)]!;
}

function name(pick: Pick): string {
  const part = () => Array.from({ length: 1 + pick(3) }, () => oneOf(pick, LETTERS)).join("");
  return Array.from({ length: 1 + pick(4) }, part).join("/");
}

/** Names that can stand in one index together: no `.`, `..` parts, no file that is also a directory. */
function tree(pick: Pick, count: number): string[] {
  const names = new Set<string>();
  const directories = new Set<string>();
  while (names.size < count) {
    const made = name(pick);
    const parents = [...made.matchAll(/\//g)].map(({ index }) => made.slice(0, index));
    const odd = made.split("/").some((part) => part === "." || part === "..");
    // A combining pair in one part could come out as an escaped byte followed by its tail.
    if (odd || directories.has(made) || parents.some((parent) => names.has(parent))) continue;
    for (const parent of parents) directories.add(parent);
    names.add(made);
  }
  return inOrder([...names]);
}

/** A name with some of it replaced by wildcards, or wild text; with magic in front. */
function spec(pick: Pick, names: readonly string[]): string {
  const letters = [...(pick(4) === 0 ? name(pick) : oneOf(pick, names))];
  const cut = pick(3) === 0 ? letters.slice(0, 1 + pick(letters.length)) : letters;
  const changes = pick(4);
  for (let n = 0; n < changes; n++) cut.splice(pick(cut.length + 1), pick(3), oneOf(pick, WILD));
  const tail = oneOf(pick, ["", "", "", "", "/", "*", "/.", "/..", "//"]);
  const text = (oneOf(pick, MAGIC) + cut.join("") + tail).replaceAll("\udcff", "x");
  // A lone "!" subtracts nothing: qik refuses it, git reads it as the beginning of a name.
  return text === "!" ? "!!" : text;
}

interface Answer {
  readonly refused: boolean;
  readonly names: readonly string[];
}

function gitAnswer(cwd: string, specs: readonly string[]): Promise<Answer> {
  const argv = ["ls-files", "-z", "--", ...specs];
  const env = { ...process.env, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" };
  return new Promise((resolve) => {
    execFile("git", argv, { cwd, env, encoding: "buffer" }, (error, stdout) => {
      // What git shows of the repository above the directory is outside of qik's root.
      const inside = (name: string) => !name.startsWith("../");
      if (error === null) {
        resolve({ refused: false, names: inOrder(splitNames(stdout).filter(inside)) });
      } else resolve({ refused: true, names: [] });
    });
  });
}

function ourAnswer(roll: Roll, specs: readonly string[], top: string): Answer {
  let compiled: Pathspec[];
  try {
    compiled = specs.map((text) => compilePathspec(text, top));
  } catch (error) {
    assert.ok(error instanceof QikError && error.problems[0]!.code === "glob-bad");
    return { refused: true, names: [] };
  }
  const positive = compiled.filter(({ exclude }) => !exclude);
  const wanted = positive.length > 0 ? positive : [compilePathspec(".")];
  const selected = new Set(wanted.flatMap((one) => matchRoll(roll, one)));
  for (const one of compiled) {
    if (one.exclude) { for (const at of matchRoll(roll, one)) selected.delete(at); }
  }
  const names = [...selected].sort((a, b) => a - b).map((at) => roll.paths[at]!);
  return { refused: false, names };
}

/** qik's `!x` is git's `:(exclude)x`; git cannot put it before other magic, so there the words are joined. */
function asGit(text: string): string {
  if (!text.startsWith("!") || text === "!") return text;
  const rest = text.slice(1);
  if (rest.startsWith(":(")) return `:(exclude,${rest.slice(2)}`;
  return rest.startsWith(":") ? `:!${rest.slice(1)}` : `:(exclude)${rest}`;
}

async function compare(directory: string, roll: Roll, top: string, cases: readonly string[][]) {
  const cwd = join(directory, top);
  for (let at = 0; at < cases.length; at += 4) {
    const batch = cases.slice(at, at + 4);
    const theirs = await Promise.all(batch.map((specs) => gitAnswer(cwd, specs.map(asGit))));
    batch.forEach((specs, n) => {
      const ours = ourAnswer(roll, specs, top);
      assert.deepEqual(ours, theirs[n], `case ${at + n} of seed ${SEED}: ${JSON.stringify(specs)}`);
    });
  }
}

function repository(names: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "qik-pathspec-"));
  execFileSync("git", ["init", "-q", directory]);
  const blob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
  const input = joinNames(names.map((each) => `100644 ${blob} 0\t${each}`));
  execFileSync("git", ["update-index", "-z", "--index-info"], { cwd: directory, input });
  return directory;
}

Deno.test("pathspecs select what git ls-files selects", async () => {
  const pick = random(SEED);
  const names = tree(pick, 400);
  const directory = repository(names);
  try {
    await compare(
      directory,
      { paths: names, modules: new Set() },
      "",
      madeCases(pick, names, CASES),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

Deno.test("pathspecs from a directory below the top select what git ls-files selects there", async () => {
  const pick = random(SEED + 1);
  const names = tree(pick, 150);
  const top = "a*/[b]/";
  const directory = repository([...names.map((each) => top + each), ...tree(pick, 50)]);
  mkdirSync(join(directory, top), { recursive: true });
  try {
    const cases = madeCases(pick, names, CASES / 5).filter((specs) => specs.every(staysInside));
    await compare(directory, { paths: names, modules: new Set() }, top, cases);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/**
 * Where git would look above the root, qik refuses. What excludes from the top is not compared: git (2.39) takes the
 * length of this directory off such a pathspec although it does not start with it, and reads beyond its end.
 */
function staysInside(text: string): boolean {
  return !text.includes("..") && !/^!:\/|^:[!^]+\/|^:\/+[!^]/.test(text);
}

function madeCases(pick: Pick, names: readonly string[], count: number): string[][] {
  return Array.from({ length: count }, () => {
    const specs = Array.from({ length: 1 + pick(3) }, () => spec(pick, names));
    const onlyMinus = specs.every((text) => /^:?[!^]|exclude/.test(text));
    return onlyMinus ? specs : [NOTHING, ...specs];
  });
}

Deno.test("the matchers for short and for long patterns agree", () => {
  const pick = random(SEED + 2);
  const names = tree(pick, 200).map(byteString);
  for (let n = 0; n < 3_000; n++) {
    const pattern = byteString(spec(pick, names).slice(0, 25));
    const options = { pathname: pick(2) === 0, casefold: pick(4) === 0 };
    const short = compileWild(pattern, options);
    // The same question with so much in front of it that one word cannot hold the positions.
    const front = "/".repeat(pick(2) + 31);
    const long = compileWild(front + pattern, options);
    assert.equal(short === undefined, long === undefined, pattern);
    for (const each of names.slice(0, 40)) {
      // A leading "**" stands at a start in both: after "/" as well as at the beginning.
      assert.equal(
        long?.(front + each, 0),
        short?.(each, 0),
        JSON.stringify([pattern, each, options]),
      );
    }
  }
});
