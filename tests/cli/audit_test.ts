/** `--audit`: hits that are executed all the same and compared, and what becomes of those that were wrong. */
import assert from "node:assert/strict";
import { makeKeys } from "../../lib/cache/remote/keys.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";
import { BUCKETS, NO_SERVERS } from "../support/remote/servers.ts";

/** `OUT` is what two machines may do differently without being asked. */
const COMMANDS = `
[commands.build]
exec = "echo same > same.txt; echo out $OUT > out.txt; echo log $LOG; exit \${CODE:-0}"
deps = ["in.txt"]
artifacts = ["same.txt", "out.txt"]
cache = "CACHE"
[commands.use]
exec = "cat out.txt"
deps = [{type = "command", name = "build"}]
cache = "CACHE"
`;

const files = (cache: string, config = "") => ({
  "in.txt": "",
  ".gitignore": "same.txt\nout.txt\n",
  "qik.toml": config + COMMANDS.replaceAll("CACHE", cache),
});

const audited = ["--audit", "100%"];

Deno.test("results that are as stored are executed, and nothing is said", async () => {
  await using repo = await Repo.create(files("local"));
  await repo.must();
  await repo.must();
  const ran = await repo.with({ env: { LOG: "differs" } }).must(...audited);
  assert.match(ran.out + ran.err, /build.*\(audit\)[^]*2 ran/);
  assert.doesNotMatch(ran.out + ran.err, /Error|Warning/);
  const byEnv = repo.with({ env: { QIK__AUDIT: "1.0%" } });
  // However small the share is, a run is not told from a proof.
  for (let at = 0; at < 3; at += 1) await byEnv.must();
  const all = repo.with({ env: { QIK__AUDIT: "100%" } });
  assert.match((await all.must()).out, /2 ran/);
  assert.match((await all.must()).out, /2 ran/);
  assert.match((await repo.must()).out, /2 cached/);
});

Deno.test("a stored result that differs is an alarm, and is not used any more", async () => {
  await using repo = await Repo.create(files("local"));
  await repo.with({ env: { OUT: "wrong" } }).must();
  const { code, out, err } = await repo.qik(...audited, "-v");
  assert.equal(code, 1);
  assert.match(
    err,
    /Error: The stored result of "build" .*: "out\.txt" has another content; it was made here, .*\[audit-differs\]/,
  );
  assert.equal(JSON.parse(await repo.read("._qik/out/manifest.json")).exit, 1);
  // What runs behind it gets the new one.
  assert.match(out, /^out$/m);
  assert.match((await repo.must()).out, /2 cached/);
  assert.equal(await repo.read("out.txt"), "out\n");
  const again = await repo.qik(...audited);
  assert.equal(again.code, 0);
});

Deno.test("a result whose command fails now is an alarm, too", async () => {
  await using repo = await Repo.create(files("local"));
  await repo.must("build");
  const failing = repo.with({ env: { CODE: "3" } });
  const { code, err } = await failing.qik("build", ...audited);
  assert.equal(code, 3);
  assert.match(err, /exit code 3 in place of 0/);
  const next = await failing.qik("build");
  assert.equal(next.code, 3, "nothing is replayed that was found to be wrong");
});

Deno.test("of the repo cache the new result takes the place of the wrong one", async () => {
  await using repo = await Repo.create(files("repo"));
  await repo.with({ env: { OUT: "wrong" } }).must("build");
  const { code, err } = await repo.qik("build", ...audited);
  assert.equal(code, 1);
  assert.match(err, /by whoever committed it \[audit-differs\]/);
  assert.match((await repo.must("build")).err, /1 cached/);
  const failing = repo.with({ env: { CODE: "3" } });
  assert.equal((await failing.qik("build", ...audited)).code, 3);
  assert.equal(await repo.exists(".qik/cache/build/build.json"), false);
  assert.equal((await failing.qik("build")).code, 3);
});

for (const [name, { start, env, cache }] of Object.entries(BUCKETS)) {
  Deno.test({
    name: `what was wrong in ${name} is nobody's hit any more, whoever signed it`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await start();
      const [main, broken] = [await makeKeys(), await makeKeys()];
      const config = 'ctx = [{name = "key", required = false}]\n' +
        `[plugins]\n${name} = "qik.${name}"\n[caches.team]\n${cache(server.url)}\n` +
        `sign-key = "{ctx.key}"\naccept-keys = ["${broken.publicKey}", "${main.publicKey}"]\n`;
      const machine = (repo: Repo, more = {}) =>
        repo.with({ env: { ...env(server.url), ...more } });
      await using first = await Repo.create(files("team", config));
      const ci = { GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "acme/shop" };
      await machine(first, { KEY: broken.secretKey, OUT: "wrong", ...ci }).must();
      await using second = await Repo.create(files("team", config));
      const { code, err } = await machine(second, { KEY: main.secretKey }).qik(...audited);
      assert.equal(code, 1);
      const maker = `acme/shop, scope shared, signed by ${broken.id}, `;
      assert.match(err, new RegExp(`"out\\.txt" has another content; it was made ${maker}`));
      await using third = await Repo.create(files("team", config));
      const reader = machine(third);
      assert.match((await reader.must()).out, /2 cached/);
      assert.equal(await third.read("out.txt"), "out\n");
      const { out } = await reader.must(":cache", "show", "build", "--cache", "team");
      assert.match(out, new RegExp(`signed by +${main.id}`));
      // A run that may not write says that the wrong one is still there.
      await machine(first, { KEY: broken.secretKey, OUT: "wrong" }).must("-f", "build");
      await third.remove("._qik");
      const blind = await reader.qik("build", ...audited);
      assert.equal(blind.code, 1);
      assert.match(
        blind.err,
        /it is still in the remote cache "team", where this run cannot remove/,
      );
    },
  });
}

Deno.test("where nothing can be removed, one's own record is written over", async () => {
  await using server = await ObjectServer.start();
  const config =
    `[plugins]\nhttp = "qik.http"\n[caches.team]\ntype = "http"\nurl = "${server.url}"\n`;
  await using first = await Repo.create(files("team", config));
  await first.with({ env: { OUT: "wrong" } }).must("build");
  await using second = await Repo.create(files("team", config));
  const { code, err } = await second.qik("build", ...audited);
  assert.equal(code, 1);
  assert.doesNotMatch(err, /still in/);
  await using third = await Repo.create(files("team", config));
  assert.match((await third.must("build")).err, /1 cached/);
  assert.equal(await third.read("out.txt"), "out\n");
});

Deno.test("about as many hits are chosen as asked for", async () => {
  const commands = Array.from(
    { length: 200 },
    (_, at) => `[commands.c${at}]\nexec = "true"\ndeps = ["in.txt"]\n`,
  );
  await using repo = await Repo.create({ "in.txt": "", "qik.toml": commands.join("") });
  await repo.must();
  const { out } = await repo.must("--audit", "0.25");
  const ran = Number(/(\d+) ran/.exec(out)![1]);
  // Eight standard deviations: never by chance.
  assert.ok(ran > 0 && ran < 100, `${ran} of 200`);
});

Deno.test("a share that is none is refused", async () => {
  await using repo = await Repo.create(files("local"));
  for (const share of ["0%", "101%", "1", "half", "-5%", "0.0", "%"]) {
    const { code, err } = await repo.qik(`--audit=${share}`);
    assert.equal(code, 2, share);
    assert.match(err, /as the share of results to audit.*\n +hint: .*1% or 0\.01/, share);
  }
  const bad = repo.with({ env: { QIK__AUDIT: "x" } });
  assert.equal((await bad.qik()).code, 2);
  for (const words of [["-f"], ["--no-cache"], ["--cache-trust", "none"]]) {
    const { code, err } = await repo.qik(...audited, ...words);
    assert.equal(code, 2, words.join(" "));
    assert.match(err, /Cannot audit stored results in a run that reads none/);
    await repo.with({ env: { QIK__AUDIT: "1%" } }).must(...words);
  }
});
