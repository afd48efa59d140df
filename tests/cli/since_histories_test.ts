/** On random histories `--since` selects each task that a run would not find in the cache of the other commit. */
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { pick, random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";

/** The last two found faults. */
const SEEDS = [1, 2, 3, 4, 11, 38];
const STEPS = 8;

type Next = (below: number) => number;

const NAMES = ["a.txt", "b.py", "d/a.txt", "d/e/b.py", "ü/x y.txt", "m1/a.py", "m2/b.py", "-dash"];
const LINKS = ["link", "d/link", "m1/link"];
const TARGETS = ["a.txt", "../a.txt", "d", "../d", "../m2", "nowhere", ".."];
const GLOBS = [
  "**",
  "*.txt",
  "d",
  "!d",
  "m2/**",
  "link",
  "m1/link",
  ":(glob)**/*.py",
  ":(icase)D/*",
];

function configuration(next: Next): string {
  const commands = Array.from({ length: 5 }, (_, at) => {
    const globs = Array.from(
      { length: 1 + next(4) % 3 % 2 },
      () => JSON.stringify(pick(GLOBS, next)),
    );
    const more = [
      '{type = "val", file = "v.json", key = "v"}',
      '{type = "const", val = "{ctx.word}"}',
      '{type = "load", path = "l.json"}',
      '"{module.dir}"',
      '"-dash"',
    ];
    const ignore = next(4) === 0 ? 'ignore = ["*.py"]\n' : "";
    return `[commands.c${at}]\nexec = "true"\ndeps = [${globs}, ${pick(more, next)}]\n${ignore}`;
  });
  const space = next(2) === 0 ? '[defaults]\ndotenv = ".env"\nvenv = "b.py"\n' : "";
  const word = pick(["one", "two"], next);
  return `ctx = [{name = "word", default = "${word}"}]\nmodules = ["m1", "m2"]\n` +
    `[pydist]\nignore-missing = true\nversions = {acme = "${next(2)}"}\n${space}` +
    commands.join("");
}

/** Most edits of a configuration are small: where all of it is new, everything is selected anyway. */
function edited(text: string, next: Next): string {
  const [from, to] = pick(
    [[/default = "\w+"/, 'default = "three"'], [/acme = "\d"/, 'acme = "7"'], [
      /"b\.py"$/m,
      '"a.txt"',
    ]],
    next,
  ) as [RegExp, string];
  return next(6) === 0 ? configuration(next) : text.replace(from, to);
}

/** What a person may do between two looks. */
async function change(repo: Repo, next: Next): Promise<void> {
  const name = pick(NAMES, next);
  switch (next(9)) {
    case 0:
      return await repo.remove(name);
    case 1: {
      const link = pick(LINKS, next);
      await repo.remove(link);
      return await symlink(pick(TARGETS, next), repo.path(link));
    }
    case 2:
      return await repo.write({ ".env": `A=${next(3)}\n` });
    case 3:
      return await repo.write({ "v.json": `{"v": ${next(2)}, "w": ${next(2)}}\n` });
    case 4:
      return await repo.write({
        "l.json": `{"globs": ["${pick(NAMES, next)}"], "pydists": ["acme"]}`,
      });
    case 5:
      return await repo.write({ "qik.toml": edited(await repo.read("qik.toml"), next) });
    default:
      return await repo.write({ [name]: `${next(3)}\n` });
  }
}

/** Two branches with some commits each, and changes that are not committed. */
async function history(repo: Repo, next: Next): Promise<void> {
  await repo.write({ "qik.toml": configuration(next), "m1/keep": "", "m2/keep": "", "d/keep": "" });
  await repo.write({ "v.json": '{"v": 0}\n', "l.json": '{"globs": ["a.txt"]}\n', ".env": "A=0\n" });
  await symlink("d", repo.path("m1/link"));
  await repo.commit();
  await repo.git("checkout", "-q", "-b", "other");
  for (let step = 0; step < STEPS; step++) {
    await change(repo, next);
    if (next(2) === 0) await repo.commit();
    if (next(4) === 0) {
      await repo.commit();
      await repo.git("checkout", "-q", pick(["main", "other", "other"], next));
    }
  }
}

for (const seed of SEEDS) {
  repoTest(`--since selects all that is cold, history ${seed}`, {}, async (plain) => {
    const next = random(seed);
    const repo = plain.with({ env: { QIK__CACHE_DIR: plain.path("../cache") } });
    await history(repo, next);
    const base = (await repo.git("merge-base", "main", "HEAD")).trim();
    await repo.git("worktree", "add", "-q", "--detach", "../base", base);
    await repo.with({ cwd: "../base" }).must("-v", "0");
    const tasks = async (
      ...args: readonly string[]
    ) => (JSON.parse((await repo.must(...args, "--json")).out) as {
      task: string;
      status: string;
    }[]);
    const chosen = new Set((await tasks("--ls", "--since", "main")).map(({ task }) => task));
    const cold = (await tasks("--dry-run")).filter(({ status }) => status === "cold");
    assert.deepEqual(cold.filter(({ task }) => !chosen.has(task)), [], repo.log);
  });
}
