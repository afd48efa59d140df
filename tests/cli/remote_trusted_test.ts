/** Whose entries are used, as a run tells it: nothing is missed without a word, and nothing is uploaded in vain. */
import assert from "node:assert/strict";
import { makeKeys } from "../../lib/cache/remote/keys.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

function project(url: string, lines: string): string {
  return `ctx = [{name = "acc", required = false}, {name = "key", required = false}]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}"
${lines}
[commands.build]
exec = "seq 1 30000 > out.txt"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "team"
`;
}

const files = (config: string) => ({ "in.txt": "", ".gitignore": "out.txt\n", "qik.toml": config });
const PULL = { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "pull_request", GITHUB_BASE_REF: "main" };

const puts = ({ seen }: ObjectServer) => seen.filter(({ method }) => method === "PUT").length;

Deno.test("what nobody would accept is not uploaded, and no damage is said to be mended by it", async () => {
  await using server = await ObjectServer.start();
  const { secretKey, publicKey } = await makeKeys();
  const config = project(server.url, `sign-key = "{ctx.key}"\naccept-keys = ["${publicKey}"]`);
  await using writer = await Repo.create(files(config));
  const signing = writer.with({ env: { KEY: secretKey } });
  await signing.must();
  const records = [...server.objects.keys()].filter((path) => path.startsWith("/ac/"));
  assert.equal(records.length, 1);
  server.objects.set(records[0]!, new TextEncoder().encode("damaged"));
  await using reader = await Repo.create(files(config));
  server.seen.length = 0;
  const missed = await reader.must();
  assert.equal(puts(server), 0);
  assert.match(missed.err, /\[remote-damaged\]\n +hint: The command ran; the entry stays until/);
  // Asked to write, it says why it does not.
  await reader.write({
    "qik.toml": config.replace("\nsign-key", '\nmode = "read-write"\nsign-key'),
  });
  const asked = await reader.must("-f");
  assert.equal(puts(server), 0);
  assert.match(
    asked.err,
    /Uploads nothing to the remote cache "team": .*no sign-key \[remote-unsigned\]/,
  );
  // Whoever has the key mends it, as he is told.
  await writer.remove("._qik", "out.txt");
  assert.match((await signing.must()).err, /\[remote-damaged\]\n +hint: Nothing to do/);
  await reader.remove("._qik", "out.txt");
  assert.match((await reader.must()).err, /1 cached|from cache/);
});

/** Lines of the cache, the environment, and what is told. */
const TOLD: readonly (readonly [string, Readonly<Record<string, string>>, RegExp | undefined])[] = [
  ['accept-keys = ["{ctx.acc}", "$PUBLIC"]', { ACC: "" }, undefined],
  ['accept-keys = ["{ctx.acc}", "$PUBLIC"]', {}, undefined],
  [
    'accept-keys = ["{ctx.acc}"]',
    { ACC: "" },
    /no entry .*accept-keys names no key.*\n +hint: Name/,
  ],
  ["accept-keys = []", {}, /no entry .*accept-keys names no key.*\n +hint: Name the public keys/],
  ['accept-keys = ["$PUBLIC"]', { QIK_TRUST: "any" }, /only entries without .*QIK_TRUST is "any"/],
  ['accept-keys = ["$PUBLIC"]', { QIK_TRUST: "$PUBLIC," }, undefined],
  ["", { QIK_TRUST: "any" }, undefined],
  ["", {}, undefined],
  ['sign-key = "{ctx.key}"', {}, /only entries without .*not set here, and no accept-keys/],
  ['sign-key = "{ctx.key}"', { KEY: "" }, /only entries without .*not set here, and no accept-k/],
  ['sign-key = "{ctx.key}"\nmode = "write-only"', {}, undefined],
  // The base branch of this one has no accept-keys.
  [
    'accept-keys = ["$PUBLIC"]',
    PULL,
    /only entries without .*"main" .*has no accept-keys.*\n +hint: Add/,
  ],
  ['accept-keys = ["$PUBLIC"]', { ...PULL, QIK_TRUST: "$PUBLIC" }, undefined],
  ["", PULL, undefined],
  [
    'accept-keys = ["$PUBLIC"]',
    { ...PULL, GITHUB_BASE_REF: "gone" },
    /no entry .*the accept-keys of the branch "gone" .*cannot be read.*\n +hint: Fetch/,
  ],
];

Deno.test("whose entries are passed over is told once, with what to do", async () => {
  await using server = await ObjectServer.start();
  const { publicKey } = await makeKeys();
  const fill = (text: string) => text.replaceAll("$PUBLIC", publicKey);
  await using repo = await Repo.create(files(project(server.url, "")));
  await repo.git("update-ref", "refs/remotes/origin/main", "HEAD");
  for (const [lines, variables, told] of TOLD) {
    await repo.write({ "qik.toml": project(server.url, fill(lines)) });
    const env = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, fill(value)]),
    );
    const { err } = await repo.with({ env }).must("-f");
    const what = `${lines} ${JSON.stringify(env)}\n${err}`;
    if (told !== undefined) assert.match(err, told, what);
    assert.equal(err.split("[remote-untrusted]").length - 1, told === undefined ? 0 : 1, what);
  }
});

Deno.test("a kept result that is not accepted any more is not called evicted", async () => {
  await using server = await ObjectServer.start();
  const [old, fresh] = [await makeKeys(), await makeKeys()];
  const signed = project(server.url, `sign-key = "{ctx.key}"\naccept-keys = ["${old.publicKey}"]`);
  await using writer = await Repo.create(files(signed));
  await writer.with({ env: { KEY: old.secretKey } }).must();
  await using reader = await Repo.create(files(signed));
  assert.match((await reader.must()).err, /1 cached|from cache/);
  const rules: readonly (readonly [string, RegExp])[] = [
    [`accept-keys = ["${fresh.publicKey}"]`, new RegExp(`the key ${old.id} .*not accepted now`)],
    [`accept-keys = ["${old.publicKey} until 2001-01-01"]`, /the key .* is not accepted now/],
    ['scope = "other"', /from the scope "shared", which is not read now/],
  ];
  for (const [lines, words] of rules) {
    await reader.write({ "qik.toml": project(server.url, lines) });
    const { out } = await reader.must("--dry-run");
    assert.match(out, words);
    assert.doesNotMatch(out, /evicted/);
  }
  const unsigned = project(server.url, 'scope = "open"');
  await writer.write({ "qik.toml": unsigned });
  await writer.must("-f");
  await reader.remove("._qik", "out.txt");
  await reader.write({ "qik.toml": unsigned });
  assert.match((await reader.must()).err, /1 cached|from cache/);
  await reader.write({
    "qik.toml": project(server.url, `scope = "open"\naccept-keys = ["${old.publicKey}"]`),
  });
  assert.match((await reader.must("--dry-run")).out, /has no signature, which is asked for now/);
});

Deno.test("a key is accepted until a day that the calendar has", async () => {
  await using repo = await Repo.create(files(""));
  const { publicKey } = await makeKeys();
  const days = ["2027-02-30", "2027-13-01", "2027-1-1", "tomorrow", "2027", "2027-01-31T25:00:00Z"];
  for (const day of days) {
    const lines = `accept-keys = ["${publicKey} until ${day}"]`;
    await repo.write({ "qik.toml": project("http://127.0.0.1:9", lines) });
    const { code, err } = await repo.qik();
    assert.equal(code, 2, day);
    assert.match(err, /in accept-keys .*\n +at qik\.toml:7:1 .*\n +hint: .*until 2027-01-31/, day);
  }
  for (const day of ["2028-02-29", "2027-01-31T12:00:00Z"]) {
    const lines = `accept-keys = ["${publicKey} until ${day}"]\nmode = "off"`;
    await repo.write({ "qik.toml": project("http://127.0.0.1:9", lines) });
    await repo.must();
  }
});

Deno.test("a cache that is not there is told with those that are", async () => {
  await using repo = await Repo.create(files(project("http://127.0.0.1:9", "")));
  const none = await repo.qik(":cache", "ls", "--cache", "nope");
  assert.equal(none.code, 2);
  assert.match(none.err, /Cannot find the cache "nope".*\n +hint: Write "local", "repo" or "team"/);
  assert.match((await repo.qik(":cache", "ls", "--cache", "tean")).err, /Did you mean "team"/);
  assert.match(
    (await repo.qik(":cache", "ls", "--cache", "none")).err,
    /Cannot look into .*"none"/,
  );
});
