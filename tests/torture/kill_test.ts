/** qik is killed while it stores a large result, and two versions of it take turns in one tree. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import process from "node:process";
import { random } from "../support/random.ts";
import { CHECKOUT, denoDirectory, type Repo, repoTest } from "../support/repo.ts";
import { FULL, randomMoment, SEED, tell, times } from "../support/torture.ts";

const COUNT = FULL ? 1000 : 200;
const KILLS = times(12, 1000);

/** The command reports its end through a FIFO: the test opens it when it is ready, and storing begins then. */
const FILES = {
  "qik.toml": `[commands.many]
exec = '''
v=$(cat in); mkdir -p out; i=0
while [ $i -lt ${COUNT} ]; do echo "$v $i" > out/$i; i=$((i+1)); done
test -p gate && echo > gate; true
'''
deps = ["in"]
artifacts = ["out"]
`,
  ".gitignore": "out\ngate\n",
  "in": "0\n",
};

function assertOutput(repo: Repo, value: string, what: string): void {
  const names = fs.readdirSync(repo.path("out"));
  assert.equal(names.length, COUNT, what);
  for (const name of names) {
    assert.equal(fs.readFileSync(repo.path("out", name), "utf8"), `${value} ${name}\n`, what);
  }
}

function leftovers(repo: Repo): number {
  const names = fs.readdirSync(repo.path("._qik"), { recursive: true }) as string[];
  return names.filter((name) => /(^|\/)tmp\/|\.qik-tmp-/.test(name)).length;
}

async function assertRight(repo: Repo, value: string, what: string): Promise<boolean> {
  fs.rmSync(repo.path("out"), { recursive: true, force: true });
  const { code, err } = await repo.qik("many");
  assert.equal(code, 0, `${what}\n${err}`);
  assertOutput(repo, value, what);
  return err.includes("1 cached");
}

repoTest(
  `SIGKILL while a result of ${COUNT} files is stored, seed ${SEED}`,
  FILES,
  async (repo) => {
    const next = random(SEED);
    await repo.must("many");
    await repo.write({ "in": "first\n" });
    await repo.must("many");
    // Kills fall around the end of storing, wherever that is on this machine: about half of them before it.
    let spanMs = COUNT / 10;
    let stored = 0;
    let hits = 0;
    for (let at = 0, before = leftovers(repo); at < KILLS; at++) {
      const what = `kill ${at} of seed ${SEED}`;
      const value = `v${at}`;
      await repo.write({ "in": `${value}\n` });
      execFileSync("mkfifo", [repo.path("gate")]);
      const running = repo.startQik("many");
      await fs.promises.readFile(repo.path("gate"));
      fs.rmSync(repo.path("gate"));
      await randomMoment(next(Math.ceil(spanMs)));
      await running.kill();
      const now = leftovers(repo);
      assert.ok(now - before <= 1, `${what}: ${now} files left half-written, ${before} before`);
      const isStored = await assertRight(repo, value, what);
      if (isStored) stored += 1;
      spanMs *= isStored ? 0.8 : 1.25;
      await repo.write({ "in": at === 0 ? "first\n" : `v${at - 1}\n` });
      if (await assertRight(repo, at === 0 ? "first" : `v${at - 1}`, what)) hits += 1;
      before = leftovers(repo);
    }
    assert.equal(hits, KILLS, "an earlier result is lost by no kill");
    const old = Date.now() / 1000 - 7200;
    for (const name of fs.readdirSync(repo.path("._qik"), { recursive: true }) as string[]) {
      fs.utimesSync(repo.path("._qik", name), old, old);
    }
    await repo.must(":cache", "gc");
    assert.equal(leftovers(repo), 0, "a collection removes what kills left");
    await repo.must(":cache", "verify");
    tell(
      `${KILLS} SIGKILLs while ${COUNT} files were stored: 0 wrong, 0 crashed, ${stored} were stored already`,
    );
  },
);

const TURN = {
  "qik.toml": `[commands.c]
exec = "cat in > out; cat in; echo x >> ../ran"
deps = ["in"]
artifacts = ["out"]
`,
  ".gitignore": "out\n",
  "in": "0\n",
};

/** This source as a later version would be: another key format, another number. */
function laterVersion(directory: string): readonly string[] {
  for (const name of ["lib", "plugins", "main.ts", "mod.ts", "deno.json", "deno.lock"]) {
    fs.cpSync(`${CHECKOUT}/${name}`, `${directory}/${name}`, { recursive: true });
  }
  fs.symlinkSync(`${CHECKOUT}/node_modules`, `${directory}/node_modules`);
  for (
    const [name, from, to] of [
      ["lib/hash/keyer.ts", /format: (\d+)/, "format: 999"],
      ["lib/base/version.ts", /"\d+\.\d+\.\d+/, '"999.0.0'],
    ] as const
  ) {
    const text = fs.readFileSync(`${directory}/${name}`, "utf8");
    assert.match(text, from);
    fs.writeFileSync(`${directory}/${name}`, text.replace(from, to));
  }
  const config = `${directory}/deno.json`;
  return [
    Deno.execPath(),
    "run",
    "-A",
    "-q",
    "--no-check",
    "--config",
    config,
    `${directory}/main.ts`,
  ];
}

repoTest(`two versions take turns in one tree and one store, seed ${SEED}`, TURN, async (repo) => {
  const next = random(SEED);
  const [file = "", ...first] = laterVersion(repo.path("../later"));
  const later = repo.with({
    env: { DENO_DIR: denoDirectory(), DENO_NO_UPDATE_CHECK: "1", HOME: process.env["HOME"] },
  });
  const seen = new Set<string>();
  const turns = times(8, 100);
  for (let at = 0; at < turns; at++) {
    const value = `${next(4)}`;
    await repo.write({ "in": `${value}\n`, "../ran": "" });
    await repo.remove("out");
    const isLater = at % 2 === 1;
    const ran = isLater ? await later.run(file, ...first, "c") : await repo.qik("c");
    const what = `turn ${at} of seed ${SEED}\n${ran.err}`;
    assert.deepEqual([ran.code, ran.out], [0, `${value}\n`], what);
    assert.doesNotMatch(ran.err, /Warning|bug in qik/, what);
    assert.equal(await repo.read("out"), `${value}\n`, what);
    const known = `${isLater} ${value}`;
    assert.equal(await repo.read("../ran"), seen.has(known) ? "" : "x\n", what);
    seen.add(known);
  }
  tell(`${turns} turns of two versions: 0 errors, 0 wrong hits, each kept its own results`);
});
