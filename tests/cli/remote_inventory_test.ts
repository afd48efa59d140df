/** `qik :cache` on remotes, and `qik :explain` of what came from one. */
import assert from "node:assert/strict";
import { makeKeys } from "../../lib/cache/remote/keys.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";
import { BUCKETS, NO_SERVERS } from "../support/remote/servers.ts";

const COMMANDS = `
[commands.build]
exec = "seq 1 60000 > out.txt && echo built"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "team"

[commands.lint]
exec = "echo fine"
deps = ["in.txt"]
cache = "team"
`;

for (const [name, { start, env, cache }] of Object.entries(BUCKETS)) {
  Deno.test({
    name: `a remote in ${name} is looked into and looked after`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await start();
      await using plain = await Repo.create({
        "in.txt": "",
        ".gitignore": "out.txt\n",
        "qik.toml": `[plugins]\n${name} = "qik.${name}"\n[caches.team]\n${
          cache(server.url)
        }\n${COMMANDS}`,
      });
      const ci = { GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "acme/shop" };
      const repo = plain.with({ env: { ...env(server.url), ...ci } });
      await repo.must();
      const cacheOf = (...words: string[]) => repo.must(":cache", ...words, "--cache", "team");
      const ls = JSON.parse((await cacheOf("ls", "--json")).out);
      assert.deepEqual(ls.map((one: { task: string }) => one.task).sort(), ["build", "lint"]);
      assert.match((await cacheOf("stats")).out, /results +2 of 2 tasks/);
      const stats = JSON.parse((await cacheOf("stats", "--json")).out);
      assert.deepEqual([stats.results, stats.directory.endsWith("://bucket")], [2, true]);
      assert.match(
        (await cacheOf("show", "build")).out,
        /made by +acme\/shop, [^]*scope +shared[^]*out\.txt/,
      );
      const { origin, artifacts } = JSON.parse((await cacheOf("show", "build", "--json")).out);
      assert.deepEqual([origin.scope, origin.producer.repo], ["shared", "acme/shop"]);
      assert.deepEqual(artifacts.map(({ path }: { path: string }) => path), ["out.txt"]);
      const checked = JSON.parse((await cacheOf("verify", "--json")).out);
      assert.deepEqual(checked, { entries: 2, contents: 1, damaged: [] });
      assert.match((await cacheOf("verify")).out, /2 results and 1 content are .*, 0 damaged/);
      const gone = JSON.parse((await cacheOf("rm", "lint", "--json")).out);
      assert.deepEqual(gone.map(({ task }: { task: string }) => task), ["lint"]);
      assert.equal(JSON.parse((await cacheOf("ls", "--json")).out).length, 1);
      await cacheOf("gc", "--max-size", "1B");
      assert.equal(JSON.parse((await cacheOf("ls", "--json")).out).length, 0);
      // Contents are young: a run that is uploading might be about to name them.
      const { left } = JSON.parse((await cacheOf("gc", "--json")).out);
      assert.equal(left, 0);
    },
  });
}

for (const [name, { start, env, cache }] of Object.entries(BUCKETS)) {
  Deno.test({
    name: `what a key, a scope or a time is to answer for is purged from ${name}`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await start();
      const [good, stolen] = [await makeKeys(), await makeKeys()];
      const config = (scope: string) =>
        `ctx = [{name = "team_key", required = false}]\n[plugins]\n${name} = "qik.${name}"\n` +
        `[caches.team]\n${cache(server.url)}\nscope = "${scope}"\nsign-key = "{ctx.team_key}"\n` +
        COMMANDS;
      await using plain = await Repo.create({
        "in.txt": "",
        ".gitignore": "out.txt\n",
        "qik.toml": config("shared"),
      });
      const build = async (scope: string, key: string) => {
        await plain.write({ "qik.toml": config(scope) });
        await plain.with({ env: { ...env(server.url), TEAM_KEY: key } }).must("-f");
      };
      await build("trusted/main", good.secretKey);
      await build("trusted/main", stolen.secretKey);
      await build("pr/1", stolen.secretKey);
      await build("pr/12", "");
      const repo = plain.with({ env: env(server.url) });
      const purge = async (...words: string[]) => {
        const { out } = await repo.must(":cache", "purge", "--cache", "team", "--json", ...words);
        return JSON.parse(out).results;
      };
      const left = async () =>
        JSON.parse((await repo.must(":cache", "ls", "--cache", "team", "--json")).out).length;
      assert.match(
        (await repo.must(":cache", "show", "build", "--cache", "team")).out,
        new RegExp(`signed by +(no key|(${good.id}|${stolen.id}), as its name says)`),
      );
      assert.equal(await left(), 8);
      assert.equal(await purge("--keyid", stolen.id, "--dry-run"), 4);
      assert.equal(await purge("--keyid", stolen.publicKey, "--dry-run"), 4);
      assert.equal(await purge("--keyid", stolen.id.toUpperCase(), "--dry-run"), 4);
      assert.equal(await purge("--scope", "pr/1", "--dry-run"), 2);
      assert.equal(await purge("--scope", "pr/*", "--dry-run"), 4);
      assert.equal(await purge("--scope", "p.*", "--dry-run"), 0);
      assert.equal(await purge("--since", "1h", "--dry-run"), 8);
      assert.equal(await purge("--since", "2020-01-31", "--dry-run"), 8);
      assert.equal(await purge("--since", "2999-01-31T00:00:00Z", "--dry-run"), 0);
      assert.equal(await purge("--keyid", "none", "--scope", "pr/*", "--dry-run"), 2);
      assert.equal(await left(), 8, "so far nothing was removed");
      assert.equal(await purge("--keyid", stolen.id, "--scope", "trusted/main"), 2);
      assert.equal(await left(), 6);
      const { out } = await repo.must(":cache", "purge", "--cache", "team", "--keyid", stolen.id);
      assert.match(out, /^Removed 2 results, /);
      assert.equal(await purge("--scope", "pr/*"), 2);
      assert.equal(await left(), 2);
      for (
        const [words, told] of [
          [[], /without a filter/],
          [["--scope", "a b"], /--scope/],
          [["--keyid", "XYZ"], /--keyid/],
          [["--since", "2027-02-30"], /--since/],
          [["--since", "soon"], /--since/],
        ] as const
      ) {
        const { code, err } = await repo.qik(":cache", "purge", "--cache", "team", ...words);
        assert.equal(code, 2);
        assert.match(err, told);
      }
      const mixedUp = await repo.qik(
        ":cache",
        "purge",
        "--cache",
        "team",
        "--keyid",
        good.secretKey,
      );
      assert.equal(mixedUp.code, 2);
      assert.doesNotMatch(mixedUp.err, /qik-secret/);
      const local = await repo.qik(":cache", "purge", "--keyid", "none");
      assert.equal(local.code, 2);
      assert.match(local.err, /Cannot purge the cache "local"/);
      assert.equal(await left(), 2);
    },
  });
}

Deno.test("a protocol without lists says so", async () => {
  await using server = await ObjectServer.start();
  await using repo = await Repo.create({
    "qik.toml":
      `[plugins]\nhttp = "qik.http"\n[caches.team]\ntype = "http"\nurl = "${server.url}"\n`,
  });
  const { code, err } = await repo.qik(":cache", "ls", "--cache", "team");
  assert.equal(code, 2);
  assert.match(err, /Cannot look into the remote cache "team"/);
});

Deno.test("keys sign, and explain says who made what is replayed", async () => {
  await using server = await ObjectServer.start();
  const project = (accept: string) => ({
    "in.txt": "",
    ".gitignore": "out.txt\n",
    "qik.toml": `ctx = [{name = "team_key", required = false}]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${server.url}"
sign-key = "{ctx.team_key}"
accept-keys = [${accept}]
${COMMANDS.replace('"echo fine"', '"echo ${TEAM_KEY:-no key}"')}`,
  });
  await using scratch = await Repo.create();
  const made = JSON.parse((await scratch.must(":cache", "keygen", "--json")).out);
  await using one = await Repo.create(project(`"${made.publicKey}"`));
  await using two = await Repo.create(project(`"${made.publicKey}"`));
  await using other = await Repo.create(
    project(`"${JSON.parse((await scratch.must(":cache", "keygen", "--json")).out).publicKey}"`),
  );
  const signed = one.with({
    env: {
      TEAM_KEY: made.secretKey,
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_NAME: "push",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_REF: "refs/heads/main",
      GITHUB_SHA: "0123456789abcdef0123",
    },
  });
  assert.match((await signed.must("lint", "-v", "2")).out, /no key/);
  await signed.must();
  for (const bytes of server.objects.values()) {
    assert.ok(!new TextDecoder().decode(bytes).includes(made.secretKey.slice(13)));
  }
  const explained = await two.must(":explain", "build");
  assert.match(explained.out, /status +warm/);
  assert.match(explained.out, /made by +acme\/shop, refs\/heads\/main, 0123456789ab, push/);
  assert.match(explained.out, new RegExp(`signed by +${made.id}`));
  const { stored, status } = JSON.parse((await two.must(":explain", "build", "--json")).out);
  assert.equal(status, "warm");
  const { keyId, producer: { repo, ref, commit } } = stored.origin;
  assert.deepEqual([keyId, repo, ref], [made.id, "acme/shop", "refs/heads/main"]);
  assert.equal(commit, "0123456789abcdef0123");
  const all = await two.must();
  assert.match(all.out + all.err, /2 cached|from cache/);
  assert.match((await other.must(":explain", "build")).out, /status +cold/);
});

Deno.test("a pull request cannot choose whose entries it is shown", async () => {
  await using server = await ObjectServer.start();
  await using scratch = await Repo.create();
  const key = async () => JSON.parse((await scratch.must(":cache", "keygen", "--json")).out);
  const [trusted, evil] = [await key(), await key()];
  const project = (accept: string) => ({
    "in.txt": "",
    ".gitignore": "out.txt\n",
    "qik.toml": `ctx = [{name = "team_key", required = false}]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${server.url}"
sign-key = "{ctx.team_key}"
accept-keys = ["${accept}"]
${COMMANDS}`,
  });
  await using attacker = await Repo.create(project(evil.publicKey));
  await attacker.with({ env: { TEAM_KEY: evil.secretKey } }).must();
  await using pull = await Repo.create(project(trusted.publicKey));
  await pull.git("update-ref", "refs/remotes/origin/main", "HEAD");
  await pull.write({ "qik.toml": project(evil.publicKey)["qik.toml"] });
  const ci = { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "pull_request", GITHUB_BASE_REF: "main" };
  const asked = pull.with({ env: ci });
  assert.match((await asked.must(":explain", "build")).out, /status +cold/);
  const open = pull.with({ env: { ...ci, QIK_TRUST: evil.publicKey } });
  assert.match((await open.must(":explain", "build")).out, /status +warm/, "the test can fail");
  await pull.git("update-ref", "-d", "refs/remotes/origin/main");
  const blind = await asked.must("build");
  assert.match(blind.err, /remote-untrusted/);
  assert.doesNotMatch(blind.err, /from cache|1 cached/);
});
