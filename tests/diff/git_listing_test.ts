/**
 * Random histories of a working tree, its index, its ignore rules and their settings: a run that goes on from what an
 * earlier one remembered of names sees what `git ls-files` lists.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { FEW_NAMES } from "../../lib/git/index_memo.ts";
import type { FileState } from "../../lib/git/tree.ts";
import { pick, random } from "../support/random.ts";
import { FULL, SEED } from "../support/torture.ts";
import { from, later } from "../support/changes.ts";
import { hourLater, PLAIN, seen } from "../support/listing.ts";
import { gitStates, Ground, look, withVariables } from "../support/work_tree.ts";

const HISTORIES = FULL ? 200 : 8;
const STEPS = FULL ? 60 : 30;

type Next = (below: number) => number;
type Step = (at: World) => void;

/** A repository and what may be done to it. */
class World {
  /** What the environment says, for qik and git. */
  variables: Record<string, string> = {};

  constructor(readonly ground: Ground, readonly next: Next) {}

  at(path: string): string {
    return join(this.ground.root, path);
  }

  /** Directories below the root that are no repositories and lie in none, `""` for the root. */
  directories(): string[] {
    const found = [""];
    for (const path of found) {
      for (const entry of fs.readdirSync(this.at(path), { withFileTypes: true })) {
        if (entry.name === ".git" || !entry.isDirectory()) continue;
        found.push(path === "" ? entry.name : `${path}/${entry.name}`);
      }
    }
    return found;
  }

  files(): string[] {
    return this.directories().flatMap((path) =>
      fs.readdirSync(this.at(path), { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith(".git"))
        .map(({ name }) => path === "" ? name : `${path}/${name}`)
    );
  }

  directory(): string {
    return pick(this.directories(), this.next);
  }

  name(): string {
    return pick(NAMES, this.next);
  }

  /** A name in some directory, taken or not. */
  place(): string {
    const directory = this.directory();
    return directory === "" ? this.name() : `${directory}/${this.name()}`;
  }

  rules(): string {
    return Array.from({ length: 1 + this.next(3) }, () => pick(RULES, this.next)).join("\n") + "\n";
  }

  /** What git refuses in the state of now is no step of the history. */
  git(...args: readonly string[]): void {
    try {
      withVariables(this.ground, this.variables).git(...args);
    } catch {
      // Nothing to commit, nothing of that name in the index.
    }
  }
}

const NAMES = ["a.ts", "b.log", "c", "d", "out", "e.tmp", "F.ts", "f.ts", "é", "x y"];
const RULES = ["*.log", "out/", "/c", "!b.log", "d/*", "*.tmp", "**/c/d", "e.*", "#", "*", "!*.ts"];

function write(world: World, path: string, text: string): void {
  try {
    fs.mkdirSync(join(world.at(path), ".."), { recursive: true });
    fs.writeFileSync(world.at(path), text);
  } catch {
    // A file stands where a directory would have to be, or the other way round.
  }
}

const STEPS_OF: Record<string, Step> = {
  "new file": (w) => write(w, w.place(), "1"),
  "new files": (w) => {
    for (let left = 1 + w.next(4); left > 0; left--) write(w, `${w.place()}/${w.name()}`, "1");
  },
  "edit": (w) => w.files().slice(0, 2).forEach((path) => write(w, path, `${w.next(99)}`)),
  "remove": (w) => fs.rmSync(w.at(w.place()), { recursive: true, force: true }),
  "rename": (w) => {
    const [from, to] = [w.place(), w.place()];
    if (!fs.existsSync(w.at(from)) || fs.existsSync(w.at(to)) || to.startsWith(`${from}/`)) return;
    fs.renameSync(w.at(from), w.at(to));
  },
  "swap": (w) => {
    const [one, other] = [w.directory(), w.directory()];
    if (`${one}/`.startsWith(other) || `${other}/`.startsWith(one)) return;
    fs.renameSync(w.at(one), w.at("aside"));
    fs.renameSync(w.at(other), w.at(one));
    fs.renameSync(w.at("aside"), w.at(other));
  },
  "empty directory": (w) => {
    const path = w.place();
    if (!fs.existsSync(w.at(path))) fs.mkdirSync(w.at(path), { recursive: true });
  },
  "file and directory change places": (w) => {
    const path = w.place();
    const was = fs.lstatSync(w.at(path), { throwIfNoEntry: false });
    fs.rmSync(w.at(path), { recursive: true, force: true });
    write(w, was?.isDirectory() === true ? path : `${path}/${w.name()}`, "1");
  },
  "link": (w) => {
    const path = w.place();
    fs.rmSync(w.at(path), { recursive: true, force: true });
    fs.symlinkSync(pick(["c", "nowhere", "../d", "out"], w.next), w.at(path));
  },
  "rules": (w) => write(w, join(w.directory(), ".gitignore"), w.rules()),
  "rules in place, of the same size": (w) => {
    const path = join(w.directory(), ".gitignore");
    if (fs.existsSync(w.at(path))) {
      write(w, path, fs.readFileSync(w.at(path), "utf8").replace(/[.*/]/, "q"));
    }
  },
  "rules for themselves": (w) => write(w, join(w.directory(), ".gitignore"), "*\n"),
  "no rules": (w) => fs.rmSync(w.at(join(w.directory(), ".gitignore")), { force: true }),
  "exclude": (w) => write(w, ".git/info/exclude", w.rules()),
  "no exclude": (w) => fs.rmSync(w.at(".git/info"), { recursive: true, force: true }),
  "excludesFile": (w) => {
    w.git("config", "core.excludesFile", join(w.ground.base, pick(["ex1", "ex2"], w.next)));
  },
  "excludes": (w) => fs.writeFileSync(join(w.ground.base, pick(["ex1", "ex2"], w.next)), w.rules()),
  "no excludesFile": (w) => w.git("config", "--unset-all", "core.excludesFile"),
  "other settings of the user": (w) => {
    const home = join(w.ground.base, pick(["home1", "home2"], w.next));
    fs.mkdirSync(join(home, "git"), { recursive: true });
    if (w.next(2) === 0) fs.writeFileSync(join(home, "git/ignore"), w.rules());
    w.variables = w.next(3) === 0 ? {} : { XDG_CONFIG_HOME: home };
  },
  "settings elsewhere": (w) => {
    const path = join(w.ground.base, "global");
    fs.writeFileSync(path, `[core]\n\texcludesFile = ${join(w.ground.base, "ex2")}\n`);
    w.variables = { GIT_CONFIG_GLOBAL: path };
  },
  "settings that include others": (w) => {
    fs.writeFileSync(join(w.ground.base, "more"), `[core]\nexcludesFile=${w.ground.base}/ex1\n`);
    if (w.next(2) === 0) w.git("config", "include.path", join(w.ground.base, "more"));
    else w.git("config", "--unset-all", "include.path");
  },
  "settings in variables": (w) => {
    w.variables = w.next(2) === 0 ? {} : {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.excludesFile",
      GIT_CONFIG_VALUE_0: join(w.ground.base, "ex1"),
    };
  },
  "git's own shortcuts": (w) => {
    const name = pick(["core.untrackedCache", "core.fsmonitor", "feature.manyFiles"], w.next);
    w.git("config", name, pick(["true", "false"], w.next));
    w.git("status");
  },
  "names that are one to git": (w) => {
    const name = pick(["core.ignoreCase", "core.precomposeUnicode"], w.next);
    w.git("config", name, pick(["true", "false"], w.next));
  },
  "git add": (w) => w.git("add", "--", w.place()),
  "git add -f": (w) => w.git("add", "-f", "--", w.place()),
  "git add -A": (w) => w.git("add", "-A"),
  "git rm --cached": (w) => {
    const path = pick([...w.files(), "c"], w.next);
    w.git("rm", "-q", "-r", "-f", "--cached", "--", path);
  },
  "git status": (w) => w.git("status"),
  "commit": (w) => {
    w.git("add", "-A");
    w.git("commit", "-q", "-m", "change");
  },
  "another branch": (w) => w.git("checkout", "-q", "-f", pick(["-b", ""], w.next) || "-", "side"),
  "and back": (w) => w.git("checkout", "-q", "-f", pick(["-", "HEAD^"], w.next)),
  "reset": (w) => w.git("reset", "-q", pick(["--hard", "--mixed"], w.next)),
  "not checked out": (w) => {
    const rules = join(w.directory(), ".gitignore");
    w.git("add", "-f", "--", rules);
    w.git("update-index", "--skip-worktree", "--", rules);
    fs.rmSync(w.at(rules), { force: true });
  },
  "a repository inside": (w) => {
    const path = w.directory();
    if (path !== "") w.git("init", "-q", path);
  },
  "no repository inside": (w) => {
    for (const path of w.directories()) {
      if (path !== "") fs.rmSync(w.at(`${path}/.git`), { recursive: true, force: true });
    }
  },
  "something called .git": (w) => {
    const path = w.directory();
    if (path !== "") write(w, `${path}/.git/x`, "1");
  },
};

/** Two lists without repositories inside, whose states are asked elsewhere; git's names of them end in `/`. */
function plain(states: readonly FileState[], git: readonly FileState[]): FileState[][] {
  const inner = new Set(git.map(({ path }) => path).filter((path) => path.endsWith("/")));
  return [states, git].map((list) =>
    list.filter(({ path }) => !inner.has(path) && !inner.has(`${path}/`))
  );
}

function begin(seed: number): World {
  // So many names that the entries of the index are remembered, too.
  const many = Array.from({ length: FEW_NAMES }, (_, at) => [`many/${at}`, "1"]);
  const ground = Ground.create({
    ...Object.fromEntries(many),
    ".gitignore": "*.log\nout/\n",
    "c/a.ts": "1",
    "c/d/a.ts": "1",
    "c/d/e.tmp": "1",
    "d/x y/f.ts": "1",
    "d/b.log": "1",
    "out/c/a.ts": "1",
    "é": "1",
  });
  for (const name of ["ex1", "ex2"]) fs.writeFileSync(join(ground.base, name), "*.tmp\n");
  ground.commit();
  ground.git("branch", "side");
  return new World(ground, random(seed));
}

async function compare(world: World, root: string, what: string): Promise<boolean> {
  const ground = withVariables(
    root === "" ? world.ground : from(world.ground, root),
    world.variables,
  );
  const started = ground.started.length;
  const tree = await ground.tree({ sys: hourLater(ground), root: ground.root });
  const states = await look(tree);
  const isAsked = ground.started.slice(started).some((argv) => argv.includes("--others"));
  const [seen, listed] = plain(states, gitStates(ground));
  assert.deepEqual(seen, listed, what);
  if (world.next(3) > 0) await tree.save();
  return isAsked;
}

let allSpared = 0;
for (let history = 0; history < HISTORIES; history++) {
  const seed = SEED * 1000 + history;
  // Every fourth looks from a directory below the top.
  const root = history % 4 === 3 ? "c" : "";
  Deno.test(`names go on from what was remembered, history ${seed}`, async () => {
    const world = begin(seed);
    using _ground = world.ground;
    const told: string[] = [];
    const asked: boolean[] = [];
    for (let at = 0; at < STEPS; at++) {
      for (let left = 1 + world.next(2); left > 0; left--) {
        const name = pick(Object.keys(STEPS_OF), world.next);
        told.push(name);
        STEPS_OF[name]!(world);
      }
      if (!fs.existsSync(world.at(root))) fs.mkdirSync(world.at(root));
      asked.push(await compare(world, root, `seed ${seed}: ${told.join(", ")}`));
      if (world.next(2) === 0) {
        asked.push(await compare(world, root, `seed ${seed}, again: ${told.join(", ")}`));
      }
    }
    const spared = asked.filter((isAsked) => !isAsked).length;
    console.log(`seed ${seed}: git's list was spared ${spared} times of ${asked.length}`);
    allSpared += spared;
  });
}

Deno.test("what was remembered was used", () => {
  assert.ok(allSpared > 5 * HISTORIES, `${allSpared} times in ${HISTORIES} histories`);
});

Deno.test("git is asked about names that it never saw, and about nothing else", async () => {
  using ground = Ground.create(PLAIN);
  ground.commit();
  ground.write("a/other.ts", "1");
  ground.write("out/result", "1");
  const list = ["ls-files"];
  const judge = ["check-ignore"];
  const steps: [string, () => void, readonly string[]][] = [
    ["first", () => {}, list],
    ["again", () => {}, []],
    ["an edit", () => ground.write("a/d.ts", "2"), []],
    ["a name in a known directory", () => ground.write("a/b/new.ts", "1"), judge],
    ["another ignored one", () => ground.write("a/b/x.log", "1"), judge],
    ["more in an ignored directory", () => ground.write("out/more", "1"), []],
    ["a file less", () => fs.rmSync(join(ground.root, "a/other.ts")), []],
    ["git writes its index", () => void ground.git("status"), []],
    ["nothing", () => {}, []],
    ["rules, touched", () => ground.age(".gitignore"), []],
    [
      "rules of a directory that hid itself, in place",
      () => fs.writeFileSync(join(ground.root, "own/.gitignore"), "#\n", { flag: "r+" }),
      list,
    ],
    ["new rules", () => ground.write("a/.gitignore", "*.x\n"), [...judge, ...list]],
  ];
  for (const [name, change, asked] of steps) {
    change();
    assert.deepEqual(await seen(ground), asked, name);
  }
});

Deno.test("rules of now are not remembered: nobody knows which of them git read", async () => {
  using ground = Ground.create(PLAIN);
  ground.commit();
  await seen(ground, later(ground));
  assert.equal(fs.existsSync(join(ground.base, "state/listing")), false);
});

Deno.test("a damaged memory of names is ignored", async () => {
  using ground = Ground.create(PLAIN);
  ground.commit();
  await seen(ground);
  const path = join(ground.base, "state/listing");
  const bytes = fs.readFileSync(path);
  for (let at = 0; at < bytes.length; at += 7 + at % 40) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 0x20;
    for (const wrong of [damaged, bytes.subarray(0, at)]) {
      fs.writeFileSync(path, wrong);
      const tree = await ground.tree({ sys: hourLater(ground) });
      assert.deepEqual(await look(tree), gitStates(ground), `byte ${at}`);
    }
  }
});
