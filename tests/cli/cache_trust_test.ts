/** `--cache-trust`: what a release believes. */
import assert from "node:assert/strict";
import { type KeyPair, makeKeys } from "../../lib/cache/remote/keys.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

/** `LOG` and `OUT` are what two machines may do differently without being asked. */
function project(url: string, accept: readonly KeyPair[], more = ""): string {
  const keys = accept.map(({ publicKey }) => `"${publicKey}"`).join(", ");
  return `ctx = [{name = "key", required = false}]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}"
sign-key = "{ctx.key}"
${accept.length === 0 ? "" : `accept-keys = [${keys}]`}
${more}
[commands.build]
exec = "seq 1 30000 > out.txt; echo $OUT >> out.txt; echo built $LOG"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "team"
[commands.here]
exec = "echo here"
deps = ["in.txt"]
[commands.committed]
exec = "echo committed"
deps = ["in.txt"]
cache = "repo"
`;
}

const files = (config: string) => ({ "in.txt": "", ".gitignore": "out.txt\n", "qik.toml": config });

/** Builds and signs on a machine that believes nobody else. */
async function sign(url: string, key: KeyPair, env: Record<string, string> = {}): Promise<void> {
  await using repo = await Repo.create(files(project(url, [key])));
  await repo.with({ env: { KEY: key.secretKey, ...env } }).must("build");
}

/** How many tasks ran and were cached. */
async function counts(repo: Repo, ...words: string[]): Promise<string> {
  const { out, err } = await repo.must(...words);
  const line = (out + err).split("\n").find((one) => / tasks?: \d/.test(one)) ?? "";
  const count = (what: string) => Number(new RegExp(`(\\d+) ${what}`).exec(line)?.[1] ?? 0);
  return `${count("ran")} ran, ${count("cached")} cached`;
}

Deno.test("signed: what an accepted key signed counts, and nothing that is kept here", async () => {
  await using server = await ObjectServer.start();
  const key = await makeKeys();
  await sign(server.url, key);
  await using repo = await Repo.create(files(project(server.url, [key])));
  const trusted = ["--cache-trust", "signed"];
  assert.equal(await counts(repo, ...trusted), "2 ran, 1 cached");
  assert.equal((await repo.read("out.txt")).length > 100_000, true);
  assert.match(await repo.read("._qik/out/build.out"), /^built/);
  assert.equal(await counts(repo), "0 ran, 3 cached");
  const asked = server.seen.length;
  // Neither a proof nor the local store is taken for it, also where a variable says it.
  assert.equal(await counts(repo, ...trusted), "2 ran, 1 cached");
  assert.ok(server.seen.length > asked);
  const byEnv = repo.with({ env: { QIK__CACHE_TRUST: "signed" } });
  assert.equal(await counts(byEnv), "2 ran, 1 cached");
  assert.equal(await counts(byEnv), "2 ran, 1 cached");
  const forecast = await repo.must("--dry-run", ...trusted);
  assert.match(forecast.out, /warm .*build/);
  assert.match(forecast.out, /cold .*here +only signed results of remotes count/);
  const saved = new Map(server.objects);
  server.objects.clear();
  const gone = await repo.must("--dry-run", ...trusted);
  assert.match(gone.out, /cold .*build +no signed result of it is known/);
  assert.equal(await counts(repo, ...trusted), "3 ran, 0 cached");
  for (const [name, bytes] of saved) server.objects.set(name, bytes);
  // A damaged one is no reason to believe the local store.
  for (const name of saved.keys()) {
    if (name.startsWith("/ac/")) server.objects.set(name, new Uint8Array(100));
  }
  assert.equal(await counts(repo, ...trusted), "3 ran, 0 cached");
});

Deno.test("signed: a local store that somebody wrote into is not believed", async () => {
  await using server = await ObjectServer.start();
  const key = await makeKeys();
  await sign(server.url, key);
  await using repo = await Repo.create(files(project(server.url, [key])));
  // The same keys with another result: what an attacker who reaches the store would leave.
  await using attacker = await Repo.create(files(project(server.url, [], 'mode = "off"')));
  const store = { QIK__CACHE_DIR: repo.path("../store") };
  await attacker.with({ env: { ...store, OUT: "poison" } }).must();
  const victim = repo.with({ env: store });
  assert.equal(await counts(victim, "build"), "0 ran, 1 cached", "the test can fail");
  assert.match(await repo.read("out.txt"), /poison/);
  assert.equal(await counts(victim, "build", "--cache-trust", "signed"), "0 ran, 1 cached");
  assert.doesNotMatch(await repo.read("out.txt"), /poison/);
});

Deno.test("signed: without keys nothing counts, and it says so", async () => {
  await using server = await ObjectServer.start();
  await using repo = await Repo.create(files(project(server.url, [])));
  await repo.must("build");
  const { err } = await repo.must("build", "--cache-trust", "signed");
  assert.match(err, /Uses no entry .*--cache-trust asks for signatures.*\[remote-untrusted\]/);
  assert.match(err, /1 ran/);
  const any = repo.with({ env: { QIK_TRUST: "any" } });
  assert.match((await any.must("build", "--cache-trust", "signed")).err, /Uses no entry .* 1 ran/s);
});

Deno.test("2-of-n: a result counts that two keys signed alike", async () => {
  const [a, b, c] = [await makeKeys(), await makeKeys(), await makeKeys()];
  const two = ["build", "--cache-trust", "2-of-n"];
  const trial = async (...builds: readonly (readonly [KeyPair, Record<string, string>])[]) => {
    await using server = await ObjectServer.start();
    for (const [key, env] of builds) await sign(server.url, key, env);
    await using repo = await Repo.create(files(project(server.url, [a, b, c])));
    const forecast = await repo.must("--dry-run", ...two);
    const { err } = await repo.must(...two);
    return `${forecast.out}${err}`;
  };
  assert.match(await trial([a, {}]), /cold .*two keys signed alike[^]*1 ran/);
  assert.match(await trial([a, {}], [b, {}]), /warm [^]*1 cached/);
  // Logs may differ, artifacts may not.
  assert.match(await trial([a, { LOG: "1" }], [b, { LOG: "2" }]), /warm [^]*1 cached/);
  const differing = await trial([a, { OUT: "1" }], [b, { OUT: "2" }]);
  assert.match(differing, /cold [^]*1 ran/);
  assert.match(differing, /results of "build" .* differ: .*\[remote-disagreement\]/);
  assert.match(differing, new RegExp(`${a.id} is not that of ${b.id}`));
  assert.match(
    await trial([a, { OUT: "1" }], [b, { OUT: "2" }], [c, { OUT: "2" }]),
    /warm [^]*1 cached/,
  );
});

Deno.test("2-of-n: one key is not enough, however often it is named", async () => {
  await using server = await ObjectServer.start();
  const key = await makeKeys();
  await sign(server.url, key);
  await using repo = await Repo.create(files(project(server.url, [key, key])));
  const { err } = await repo.must("build", "--cache-trust", "2-of-n");
  assert.match(
    err,
    /Uses no entry .*two signatures, and accept-keys name one.*\[remote-untrusted\]/,
  );
  assert.match(err, /1 ran/);
});

Deno.test("none: nothing counts, and what ran is stored", async () => {
  await using server = await ObjectServer.start();
  const key = await makeKeys();
  await sign(server.url, key);
  await using repo = await Repo.create(files(project(server.url, [key])));
  await repo.must();
  assert.equal(await counts(repo), "0 ran, 3 cached");
  assert.equal(await counts(repo, "--cache-trust", "none"), "3 ran, 0 cached");
  assert.equal(await counts(repo.with({ env: { QIK__CACHE_TRUST: "none" } })), "3 ran, 0 cached");
  assert.equal(await counts(repo), "0 ran, 3 cached");
  for (
    const [words, env] of [
      [["--cache-trust", "some"], {}],
      [["--cache-trust=3-of-n"], {}],
      [[], { QIK__CACHE_TRUST: "some" }],
    ] as const
  ) {
    const { code, err } = await repo.with({ env }).qik(...words);
    assert.equal(code, 2);
    assert.match(err, /some|3-of-n/);
    assert.match(err, /none, signed|2-of-n/);
  }
});
