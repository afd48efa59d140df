/**
 * What a run saw when it looked up or stored a result serves its proof only where it is so still at the end: whatever
 * tasks and others do meanwhile to artifacts, entries and logs, the next run leaves behind and says what one without a
 * proof does.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import process from "node:process";
import { counted, settled } from "../support/counted_git.ts";
import { pick, random } from "../support/random.ts";
import { type Repo, repoTest } from "../support/repo.ts";

const LONG = process.env["QIK_LONG"] === "1";
const ROUNDS = LONG ? 300 : 6;
const SEED = Number(process.env["QIK_SEED"] ?? "1");

/** Needs all others or none, so that it meddles after them or beside them. */
const meddler = (name: string, needs: readonly string[]) => `
[commands.${name}]
exec = "sh ${name}.sh"
deps = ["${name}.sh"${
  needs.map((need) => `, { type = "command", name = "${need}", order-only = true }`).join("")
}]
`;

const FILES = {
  "qik.toml": `
[commands.own]
exec = "mkdir -p own/deep/er && cat src/own > own/deep/it && cat src/own > own/it && echo made"
deps = ["src/own"]
artifacts = ["own/"]
[commands.one]
exec = "mkdir -p shared && cat src/one > shared/one.txt"
deps = ["src/one"]
artifacts = ["shared/one.txt"]
[commands.two]
exec = "mkdir -p shared/hollow && cat src/two > shared/two.gen && head -c 9000 /dev/zero > shared/big.gen"
deps = ["src/two"]
artifacts = [":(glob)shared/*.gen", "shared/hollow"]
[commands.links]
exec = "mkdir -p links && ln -sf ../src/one links/l && cat src/links > links/f; seq 2000"
deps = ["src/links"]
artifacts = ["links"]
${meddler("beside", [])}
${meddler("after", ["own", "one", "two", "links"])}
`,
  ".gitignore": "/own\n/shared\n/links\n",
  ...Object.fromEntries(["own", "one", "two", "links"].map((name) => [`src/${name}`, "0000\n"])),
  "beside.sh": "",
  "after.sh": "",
};

const ENTRIES = "._qik/cache/v1/entries";

/** Each of them may find nothing at its place. */
const MEDDLING: readonly string[] = [
  "printf %s 1111 1<> own/it",
  "touch -r own/it ref; printf %s 2222 1<> own/it; touch -r ref own/it; rm ref",
  "printf %s 3333 1<> own/deep/it",
  "printf %s 4444 1<> shared/one.txt",
  "echo 5555 > tmp.x; mv tmp.x shared/two.gen",
  "chmod 755 own/it",
  "chmod 600 shared/one.txt",
  "chmod u+s own/deep/it",
  "chmod 700 shared/hollow",
  "rm -f own/it",
  "rm -rf own",
  "rm -rf shared",
  "rmdir shared/hollow",
  "echo > shared/stale.gen",
  "echo > own/stale",
  "mkdir own/deep/hollow",
  "mkdir -p shared/hollow/in && echo > shared/hollow/in/x",
  "mv own own.x && ln -s own.x own",
  "ln -sfn ../src/two links/l",
  "rm links/l && cp src/one links/l",
  "echo > links/.qik-tmp-1-1-abc; touch -d '2 days ago' links/.qik-tmp-1-1-abc",
  `rm -rf ${ENTRIES}`,
  `for f in ${ENTRIES}/*/*.json; do printf x 1<> $f; done`,
  `for f in ${ENTRIES}/*/*.json; do rm -f $f; break; done`,
  "rm -rf ._qik/cache/v1/blobs",
  "rm -f ._qik/out/own.out",
  "echo more >> ._qik/out/own.out",
  "rm -rf ._qik/cache",
];

/** What is said and what stands there after a run in a directory. */
async function afterRun(repo: Repo, directory: string) {
  const { code, out, err } = await repo.with({ cwd: directory }).qik("-n", "3");
  const plain = (text: string) => text.replaceAll(/[\d.]+ ?m?s\b/g, "T").split("\n").sort();
  const root = repo.path(directory);
  const { tasks } = JSON.parse(fs.readFileSync(`${root}/._qik/out/manifest.json`, "utf8"));
  const told = tasks.map(({ task, ending, code, log }: Record<string, unknown>) =>
    [task, ending, code, log].join(" ")
  ).sort();
  const tree: Record<string, string> = {};
  const walk = (path: string) => {
    for (const name of fs.readdirSync(`${root}/${path}`).sort()) {
      const inner = path === "" ? name : `${path}/${name}`;
      if ([".git", "._qik/cache", "._qik/state", "._qik/out/manifest.json"].includes(inner)) {
        continue;
      }
      const stat = fs.lstatSync(`${root}/${inner}`);
      tree[inner] = stat.isSymbolicLink()
        ? fs.readlinkSync(`${root}/${inner}`)
        : `${stat.mode.toString(8)} ${stat.isFile() ? fs.readFileSync(`${root}/${inner}`) : ""}`;
      if (stat.isDirectory()) walk(inner);
    }
  };
  walk("");
  return { code, out: plain(out), err: plain(err), told, tree };
}

/** The next runs, and what those without a proof do in a copy. */
async function checkNext(repo: Repo, what: string): Promise<void> {
  await repo.run("sh", "-c", "rm -rf ../twin; cp -a . ../twin; rm -rf ../twin/._qik/state/proofs");
  const first = await afterRun(repo, "");
  assert.deepEqual(first, await afterRun(repo, "../twin"), what);
  if (!LONG) return;
  assert.deepEqual(await afterRun(repo, ""), await afterRun(repo, "../twin"), `again, ${what}`);
}

/** A script whose failing lines are no matter. Run again, it leaves all alone: then nothing is a matter of chance. */
function script(unique: string, lines: readonly string[]): string {
  return `# ${unique}\nmkdir "../did-$QIK__TASK" 2> /dev/null || exit 0\n(:\n${
    lines.join("\n")
  }\n) 2> /dev/null\ntrue\n`;
}

repoTest(
  "each meddling, after results were stored or found in the same run",
  FILES,
  async (repo) => {
    const cases = MEDDLING.flatMap((line, at) =>
      ["stored", "found"].filter((_, way) => LONG || way === at % 2).map((way) => ({ line, way }))
    );
    for (const { line, way } of cases) {
      await repo.run("sh", "-c", "rm -rf ._qik own* shared links");
      await repo.write({ "after.sh": "" });
      if (way === "found") await repo.must("-n", "3");
      await repo.run("sh", "-c", "rm -rf ../did-*");
      await repo.write({ "after.sh": script(line, [line]) });
      await repo.qik("-n", "3");
      await checkNext(repo, `${way}: ${line}`);
    }
  },
);

repoTest(`${ROUNDS} rounds of meddling, seed ${SEED}`, FILES, async (first) => {
  const { repo, calls } = await counted(first);
  const next = random(SEED);
  const some = () => Array.from({ length: next(3) }, () => pick(MEDDLING, next));
  await settled(repo, calls, "-n", "3");
  await repo.write({ "src/own": "9999\n", "src/two": "9999\n" });
  await repo.must("-n", "3");
  await calls();
  await repo.must("-n", "3");
  assert.equal(await calls(), 0, "what was stored and found makes no proof");
  for (let round = 0; round < ROUNDS; round++) {
    if (next(3) === 0) await repo.run("sh", "-c", "rm -rf ._qik own* shared links");
    const changed = ["own", "one", "two", "links"].filter(() => next(3) === 0);
    for (const name of changed) await repo.write({ [`src/${name}`]: `${1000 + next(3)}\n` });
    const [beside, after, others] = [
      some(),
      next(2) === 0 ? some() : [],
      next(3) === 0 ? some() : [],
    ];
    const slowly = (lines: readonly string[]) =>
      lines.map((line) => `sleep 0.0${next(10)}; ${line}`);
    const unique = next(2) === 0 ? "" : `${round}`;
    await repo.write({
      "beside.sh": script(`${round}`, slowly(beside)),
      "after.sh": script(unique, after),
    });
    const parts = JSON.stringify({ changed, beside, after, others });
    // Things as old as they mostly are when somebody goes on.
    if (next(4) === 0) await repo.run("sleep", "2.1");
    await repo.run("sh", "-c", "rm -rf ../did-*");
    const running = repo.startQik("-n", "3");
    const meddling = repo.start("sh", "-c", slowly(others).join("\n") || "true");
    await running.ended;
    await meddling.ended;
    await checkNext(repo, `round ${round} of seed ${SEED}: ${parts}`);
  }
});
