/** Whose results count is said neither by the tree of a pull request nor by what a cache is called today. */
import assert from "node:assert/strict";
import { makeKeys } from "../../lib/cache/remote/keys.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

function project(url: string, lines: string, ctx = "", cache = "team"): string {
  return `ctx = [{name = "key", required = false}${ctx}]
[plugins]
http = "qik.http"
[caches.${cache}]
type = "http"
url = "${url}"
${lines}
[commands.build]
exec = "seq 1 30000 > out.txt; echo $OUT >> out.txt"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "${cache}"
`;
}

const files = (config: string) => ({ "in.txt": "", ".gitignore": "out.txt\n", "qik.toml": config });
const SIGN = 'sign-key = "{ctx.key}"\n';
const PULL = { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "pull_request", GITHUB_BASE_REF: "main" };

/** A repository whose branch `main`, as origin has it, is the committed one. */
async function pullRequest(config: Record<string, string>): Promise<Repo> {
  const repo = await Repo.create({ "in.txt": "", ".gitignore": "out.txt\n", ...config });
  await repo.git("update-ref", "refs/remotes/origin/main", "HEAD");
  return repo.with({ env: PULL });
}

Deno.test("variables in the protected branch's accept-keys are those that it declares", async () => {
  await using server = await ObjectServer.start();
  const [good, bad] = [await makeKeys(), await makeKeys()];
  const config = (key: string) =>
    project(server.url, 'accept-keys = ["{ctx.pub}"]', `, {name = "pub", default = "${key}"}`);
  for (const { secretKey, publicKey } of [good, bad]) {
    const lines = `${SIGN}accept-keys = ["${publicKey}"]`;
    await using writer = await Repo.create(files(project(server.url, lines)));
    const OUT = publicKey === bad.publicKey ? "poison" : "good";
    await writer.with({ env: { KEY: secretKey, OUT } }).must();
  }
  await using repo = await pullRequest({ "qik.toml": config(good.publicKey) });
  await repo.write({ "qik.toml": config(bad.publicKey) });
  await repo.must();
  assert.match(await repo.read("out.txt"), /good/);
  // What the environment says is said by the job, not by the tree.
  const given = repo.with({ env: { ...PULL, PUB: bad.publicKey } });
  await given.must();
  assert.match(await repo.read("out.txt"), /poison/);
});

Deno.test("a cache that the protected branch does not have gives a pull request nothing", async () => {
  await using server = await ObjectServer.start();
  const { publicKey } = await makeKeys();
  await using writer = await Repo.create(files(project(server.url, "")));
  await writer.with({ env: { OUT: "poison" } }).must();
  const keys = `accept-keys = ["${publicKey}"]`;
  await using renamed = await pullRequest({ "qik.toml": project(server.url, keys) });
  await renamed.write({ "qik.toml": project(server.url, "", "", "evil") });
  const told = await renamed.must();
  assert.match(
    told.err,
    /no entry of the remote cache "evil": the branch "main" .* has no such cache.*\[remote-untrusted\]/,
  );
  assert.match(told.err, /1 ran/);
  // Another file of configuration is another that the branch does not have.
  await using moved = await pullRequest({
    "qik.toml": project(server.url, keys),
    "pyproject.toml": '[project]\nname = "x"\n',
  });
  await moved.remove("qik.toml");
  const inside = project(server.url, "").replaceAll("\n[", "\n[tool.qik.");
  await moved.write({ "pyproject.toml": `[project]\nname = "x"\n[tool.qik]\n${inside}` });
  const second = await moved.must();
  assert.match(second.err, /no entry .*cannot be read.*\[remote-untrusted\]/);
  assert.match(second.err, /1 ran/);
});

Deno.test("what a remote brought does not count under the name of another cache", async () => {
  await using server = await ObjectServer.start();
  const { secretKey, publicKey } = await makeKeys();
  const signed = `accept-keys = ["${publicKey}"]`;
  await using writer = await Repo.create(files(project(server.url, `${SIGN}${signed}`)));
  await writer.with({ env: { KEY: secretKey } }).must();
  await using open = await Repo.create(files(project(server.url, 'scope = "pr/1"')));
  await open.must();

  /** Fetches with the first configuration; what a forecast with the second one says. */
  const then = async (first: string, second: string) => {
    await using repo = await Repo.create(files(first));
    assert.match((await repo.must()).err, /1 cached|from cache/);
    await repo.write({ "qik.toml": second });
    return (await repo.must("--dry-run")).out;
  };
  const local = project(server.url, signed).replace('cache = "team"', 'cache = "local"');
  assert.match(await then(project(server.url, signed), local), /cold .*is from the cache "team"/);
  const pull = project(server.url, 'scope = "pr/1"');
  assert.match(
    await then(pull, project(server.url, 'scope = "main"', "", "main")),
    /cold .*from the scope "pr\/1", which is not read/,
  );
  // The same scope elsewhere is somebody else's.
  assert.match(
    await then(pull, project(server.url, 'scope = "pr/1"\nmode = "off"', "", "main")),
    /cold .*is from the cache "team"/,
  );
  // A signature speaks for a result wherever it lay.
  const off = project(server.url, `${signed}\nmode = "off"`, "", "main");
  assert.match(await then(project(server.url, signed), off), /warm /);
});

Deno.test("what a retired key signed is a miss and no damage", async () => {
  await using server = await ObjectServer.start();
  const [old, fresh] = [await makeKeys(), await makeKeys()];
  const many = (lines: string) =>
    project(server.url, lines) +
    [...Array(150).keys()].map((n) =>
      `[commands.c${n}]\nexec = "echo ${n}"\ndeps = ["in.txt"]\ncache = "team"\n`
    ).join("");
  for (const { secretKey, publicKey } of [old, fresh]) {
    const lines = `${SIGN}accept-keys = ["${publicKey}"]`;
    await using writer = await Repo.create(files(many(lines)));
    await writer.with({ env: { KEY: secretKey } }).must();
  }
  const until = `${old.publicKey} until 2026-01-01`;
  await using both = await Repo.create(
    files(many(`accept-keys = ["${until}", "${fresh.publicKey}"]`)),
  );
  const { out, err } = await both.must();
  assert.doesNotMatch(err, /remote-damaged/);
  assert.match(out + err, /151 cached/);
  // The strictest of several times holds, whatever their order.
  for (const keys of [[until, old.publicKey], [old.publicKey, until]]) {
    const lines = `accept-keys = [${keys.map((key) => `"${key}"`).join(", ")}]`;
    await using repo = await Repo.create(files(project(server.url, lines)));
    const told = await repo.must();
    assert.match(told.err, /1 ran/);
    assert.doesNotMatch(told.err, /Warning/);
  }
});
