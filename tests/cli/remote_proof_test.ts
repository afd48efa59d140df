/** A warm run is recalled also where tasks have a remote cache, and never where it would find something else. */
import assert from "node:assert/strict";
import { counted, settled } from "../support/counted_git.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

function files(url: string, more = "") {
  return {
    "in.txt": "",
    ".gitignore": "out\n",
    "qik.toml":
      `ctx = [{name = "team_key", required = false}, {name = "team_scope", default = "shared"}]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}"
scope = "{ctx.team_scope}"
${more}
[defaults]
cache = "team"
[commands.build]
exec = "seq 1 20000 > out && echo built"
deps = ["in.txt"]
artifacts = ["out"]
[commands.lint]
exec = "echo fine"
deps = ["in.txt"]
`,
  };
}

const all = ({ out, err }: { readonly out: string; readonly err: string }) => out + err;

async function newKey(): Promise<{ readonly secretKey: string; readonly publicKey: string }> {
  await using scratch = await Repo.create();
  return JSON.parse((await scratch.must(":cache", "keygen", "--json")).out);
}

Deno.test("what is here is recalled without a question to git or a server", async () => {
  await using server = await ObjectServer.start();
  await using one = await Repo.create(files(server.url));
  await one.must();
  await using two = await Repo.create(files(server.url));
  const { repo, calls } = await counted(two);
  await repo.must();
  assert.match(await settled(repo, calls), /fine|cached/);
  const asked = server.seen.length;
  assert.match(all(await repo.must()), /2 cached/);
  assert.equal(await calls(), 0);
  assert.equal(server.seen.length, asked);
  // What was fetched from a scope that is not read any more counts no longer.
  const other = await repo.with({ env: { TEAM_SCOPE: "other" } }).must();
  assert.match(all(other), /2 ran/);
  await settled(repo, calls);
  await repo.remove("._qik/cache");
  assert.match(all(await repo.must()), /2 cached/);
  assert.ok(server.seen.length > asked, "it was fetched again");
});

Deno.test("whose entries count is decided anew where keys change", async () => {
  const [ours, theirs] = [await newKey(), await newKey()];
  await using server = await ObjectServer.start();
  const project = files(
    server.url,
    `sign-key = "{ctx.team_key}"\naccept-keys = ["${ours.publicKey}"]`,
  );
  await using one = await Repo.create(project);
  await one.with({ env: { TEAM_KEY: ours.secretKey } }).must();
  await using two = await Repo.create(project);
  const { repo, calls } = await counted(two);
  assert.match(all(await repo.must()), /2 cached/);
  await settled(repo, calls);
  const strict = await repo.with({ env: { QIK_TRUST: theirs.publicKey } }).must();
  assert.match(all(strict), /2 ran/);
});

Deno.test("a file that holds a key, or what CI says of a pull request, is looked at again", async () => {
  const { secretKey } = await newKey();
  await using server = await ObjectServer.start();
  await using two = await Repo.create(files(server.url, 'sign-key = "{ctx.team_key}"'));
  const { repo, calls } = await counted(two);
  await repo.write({ "../home/key": `${secretKey}\n`, "../home/event": "{}" });
  const env = {
    TEAM_KEY: repo.path("../home/key"),
    GITHUB_ACTIONS: "true",
    GITHUB_EVENT_NAME: "push",
    GITHUB_EVENT_PATH: repo.path("../home/event"),
  };
  const inCi = repo.with({ env });
  await settled(inCi, calls);
  await repo.write({ "../home/key": "no key" });
  const { code, err } = await inCi.qik();
  assert.equal(code, 2);
  assert.match(err, /sign-key/);
});
