import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { SECRET_NAMES } from "../../lib/base/secrets.ts";
import { type Repo, repoTest } from "../support/repo.ts";

/** Values that must be found nowhere, and whose beginnings must not be either. */
const CANARIES = {
  AWS_SECRET_ACCESS_KEY: "/wJalrXUtnFEMI/K7MDENGcanary1",
  CI_JOB_TOKEN: "glcbt-canary2-64_abcdefgh",
  SSH_PRIVATE_KEY: "-----BEGIN KEY-----\ncanary3AAAAB3NzaC1\ncanary4yc2EAAAADAQAB\n-----END-----",
  DATABASE_URL: "postgres://app:canary5%40pw@db.example/app",
  HOUSE_NUMBER: "canary6-by-setting",
} as const;
const DOTENV = "canary7-from-dotenv";
const FOUND = /canary\d|JalrXUtn|glcbt-/;

const TOML = `
ctx = ["house_number"]

[defaults]
secrets = ["HOUSE_*"]

[spaces.app]
dotenv = ["app.env"]

[commands.tell]
space = "app"
exec = '''
env
printf '%s' "$CI_JOB_TOKEN" | head -c 9; printf '%s' "$CI_JOB_TOKEN" | tail -c +10
echo "key: $AWS_SECRET_ACCESS_KEY" >&2
echo "$SSH_PRIVATE_KEY" | sed 's/^/    /'
echo "a.py:3: {ctx.house_number} $DEPLOY_PASSWORD"
'''
deps = ["a.txt", {type = "const", val = "{ctx.house_number}"}, {type = "env", name = "CI_JOB_TOKEN"}]

[commands.fail]
space = "app"
exec = "env; echo a.py:3: {ctx.house_number}; exit 3"
deps = ["a.txt"]
cache = "repo"
cache-when = "finished"
retries = 1
`;

/** Every file below the root but git's, and the dotenv file that the secret came from. */
async function filesOf(repo: Repo): Promise<string[]> {
  const all = await readdir(repo.root, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
    `${parentPath}/${name}`
  )
    .filter((path) => !path.includes("/.git/") && !path.endsWith("/app.env"));
}

async function assertClean(repo: Repo, ...outputs: readonly string[]): Promise<void> {
  for (const text of outputs) assert.doesNotMatch(text, FOUND);
  for (const path of await filesOf(repo)) {
    assert.doesNotMatch(await readFile(path, "latin1"), FOUND, path);
  }
}

repoTest("secrets are found nowhere: not printed, not logged, not stored, not reported", {
  "qik.toml": TOML,
  "a.txt": "a\n",
  "app.env": `DEPLOY_PASSWORD=${DOTENV}\n`,
}, async (repo) => {
  const inCi = repo.with({ env: { ...CANARIES, GITHUB_STEP_SUMMARY: repo.path("summary.md") } });
  const reports = ["json=r.jsonl", "junit=r.xml", "github=r.log"].flatMap((r) => ["--report", r]);
  for (
    const options of [["-v"], ["-v"], ["-v", "-n", "1"], ["-f", "-v"], ["--dry-run"], ["-v", "0"]]
  ) {
    const more = options.includes("--dry-run") ? [] : [...reports, "--trace", "trace.json"];
    const { out, err } = await inCi.qik(...options, ...more);
    await assertClean(repo, out, err);
  }
  assert.match(await repo.read("._qik/out/tell@app.out"), /key: \*\*\*\n/);
  assert.match(await repo.read("._qik/out/tell@app.out"), /a\.py:3: \*\*\* \*\*\*\n/);
  assert.match(await repo.read("r.log"), /::error file=a\.py,line=3,title=fail@app::\*\*\*/);
  assert.match(await repo.read("r.jsonl"), /DATABASE_URL=postgres:\/\/app:\*\*\*@db\.example/);
  // A changed input is explained, with lines that hold what a secret was filled into.
  await repo.write({ "a.txt": "b\n" });
  const { out, err } = await inCi.qik("-v", "tell@app");
  assert.match(out + err, /a\.txt/);
  await assertClean(repo, out, err);
});

repoTest("what was stored before its name was a secret's is masked when it is replayed", {
  "qik.toml": '[commands.tell]\nexec = "echo $HOUSE_NUMBER"\ndeps = ["qik.toml.not", "a.txt"]\n',
  "a.txt": "a\n",
}, async (repo) => {
  const run = repo.with({ env: CANARIES });
  assert.match((await run.must("tell")).out, /canary6/);
  await repo.write({
    "qik.toml": `[defaults]\nsecrets = ["house_*"]\n${await repo.read("qik.toml")}`,
  });
  const { out, err } = await run.must("tell");
  assert.match(err, /cached/);
  assert.equal(out, "***\n");
  assert.equal(await repo.read("._qik/out/tell.out"), "***\n");
});

repoTest("errors before a run name no secret", {
  "qik.toml": `[commands.a]\nexec = "true"\nspace = "${CANARIES.CI_JOB_TOKEN}"\n`,
}, async (repo) => {
  const { code, out, err } = await repo.with({ env: CANARIES }).qik(CANARIES.CI_JOB_TOKEN);
  assert.equal(code, 2);
  assert.match(err, /\*\*\*/);
  assert.doesNotMatch(out + err, FOUND);
});

Deno.test("docs/output.md lists the names that are secret by themselves", async () => {
  const page = await readFile(new URL("../../docs/output.md", import.meta.url), "utf8");
  const listed = /names are secret:\n\n```text\n([^`]*)```/.exec(page)?.[1] ?? "";
  assert.deepEqual(listed.split(/\s+/).filter((word) => word !== ""), SECRET_NAMES);
});

repoTest("short values, and variables that say where a secret is, are left alone", {
  "qik.toml": '[commands]\ntell = "echo $A_TOKEN $TOKEN_FILE $MONKEY"\n',
}, async (repo) => {
  const env = { A_TOKEN: "true", TOKEN_FILE: "/run/secrets/token", MONKEY: "business" };
  const { out } = await repo.with({ env }).must("tell");
  assert.equal(out, "true /run/secrets/token business\n");
});
