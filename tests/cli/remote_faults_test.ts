/** What a remote cache does wrong, and that a run does not mind (RELIABILITY R1). */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Repo } from "../support/repo.ts";
import { FAULTS } from "../support/remote/faults.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

const TASKS = 6;

/** Several commands, so that what is paid per task shows; artifacts in the record and beside it. */
function files(url: string, more = "", timeout = "1s") {
  const commands = Array.from({ length: TASKS }, (_, at) =>
    `[commands.c${at}]
exec = "seq ${at} 60000 > out${at}.txt && echo small > out${at}.small && echo ran ${at}"
deps = ["in.txt"]
artifacts = ["out${at}.txt", "out${at}.small"]
cache = "team"
`);
  return {
    "in.txt": "one\n",
    ".gitignore": "out*\n",
    "qik.toml": `[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}"
timeout = "${timeout}"
upload-wait = "2s"
${more}
${commands.join("\n")}`,
  };
}

/** Everything that ran has its own result, and no kind of warning is said twice. */
async function assertUnharmed(repo: Repo): Promise<string> {
  const { err } = await repo.must("-n", "3");
  for (let at = 0; at < TASKS; at += 1) {
    assert.equal((await repo.read(`out${at}.txt`)).split("\n", 1)[0], `${at}`, repo.log);
    assert.equal(await repo.read(`out${at}.small`), "small\n");
  }
  const codes = [...err.matchAll(/^(?:Warning|Error): .*\[(.*)\]$/gm)].map((found) => found[1]!);
  assert.deepEqual(codes, [...new Set(codes)], repo.log);
  assert.ok(codes.every((code) => code.startsWith("remote-")), repo.log);
  return codes.join(" ");
}

for (const [name, misdeed] of Object.entries(FAULTS)) {
  for (const method of ["GET", "PUT"]) {
    Deno.test(`${method}: ${name}`, async () => {
      await using server = await ObjectServer.start();
      if (method === "GET") {
        await using first = await Repo.create(files(server.url));
        await first.must();
        assert.ok(server.objects.size >= 2 * TASKS);
      }
      await using repo = await Repo.create(files(server.url));
      let asked = 0;
      server.before = (request, response) => {
        if (request.method !== method) return false;
        asked += 1;
        misdeed(request, response, server.objects.get(request.url ?? ""));
        return true;
      };
      await assertUnharmed(repo);
      assert.ok(asked > 0, "the fault was never met");
      // All are asked at once; nobody asks again and again.
      assert.ok(asked <= 3 * 3 * TASKS, `${asked} requests`);
    });
  }
}

const UNREACHABLE = {
  "refused": "http://127.0.0.1:2",
  "a name that nobody has": "http://no-such-host.invalid",
};

for (const [name, url] of Object.entries(UNREACHABLE)) {
  Deno.test(`unreachable: ${name}`, async () => {
    await using repo = await Repo.create(files(url));
    assert.equal(await assertUnharmed(repo), "remote-off");
  });
}

const certificate = (name: string) =>
  readFile(new URL(`../support/remote/certificates/${name}.pem`, import.meta.url), "utf8");

Deno.test("bad TLS: none where it is asked for", async () => {
  await using server = await ObjectServer.start();
  await using repo = await Repo.create(files(server.url.replace("http:", "https:"), "", "20s"));
  assert.equal(await assertUnharmed(repo), "remote-off");
  assert.match(repo.log, /it does not speak TLS/);
});

for (
  const [what, name, words] of [
    ["of nobody", "good", /nobody who is known here vouches for its certificate \(see ca-file\)/],
    ["of another", "elsewhere", /its certificate is that of another host/],
    ["old", "expired", /its certificate has expired/],
  ] as const
) {
  Deno.test(`bad TLS: a certificate that is ${what}`, async () => {
    await using server = await ObjectServer.start(await certificate(name));
    // Nobody vouches for the good one here; the others are wrong whoever does.
    const trust = name === "good" ? "" : 'ca-file = "ca.pem"';
    await using repo = await Repo.create({
      // What is wrong is known at once, on a busy machine a little later.
      ...files(server.url, trust, "20s"),
      "ca.pem": await certificate("ca"),
    });
    assert.equal(await assertUnharmed(repo), "remote-off");
    assert.match(repo.log, words);
    assert.equal(server.seen.length, 0);
  });
}

Deno.test("a server whose authority the settings name is used", async () => {
  await using server = await ObjectServer.start(await certificate("good"));
  const project = { ...files(server.url, 'ca-file = "ca.pem"'), "ca.pem": await certificate("ca") };
  await using first = await Repo.create(project);
  assert.equal(await assertUnharmed(first), "");
  await using second = await Repo.create(project);
  assert.equal(await assertUnharmed(second), "");
  assert.match(second.log, new RegExp(`${TASKS} cached`));
  await second.write({ "ca.pem": "no certificate" });
  const { code, err } = await second.qik();
  assert.equal(code, 2);
  assert.match(err, /Cannot use the ca-file of .*"ca\.pem": it holds no certificate in PEM/);
});

Deno.test("a server whose authority the runtime was told of is used", async () => {
  await using server = await ObjectServer.start(await certificate("good"));
  await using plain = await Repo.create({
    ...files(server.url),
    "ca.pem": await certificate("ca"),
  });
  const ca = plain.path("ca.pem");
  const repo = plain.with({ env: { NODE_EXTRA_CA_CERTS: ca, DENO_CERT: ca } });
  assert.equal(await assertUnharmed(repo), "");
  assert.ok(server.objects.size >= 2 * TASKS);
});

Deno.test("credentials that are refused for writing are told once, and reading goes on", async () => {
  await using server = await ObjectServer.start();
  const refuse: typeof server.before = (request, response) => {
    if (request.method !== "PUT") return false;
    response.writeHead(403).end();
    return true;
  };
  await using first = await Repo.create(files(server.url));
  await first.must();
  server.before = refuse;
  await using repo = await Repo.create(files(server.url));
  assert.equal(await assertUnharmed(repo), "");
  await repo.write({ "in.txt": "two\n" });
  assert.equal(await assertUnharmed(repo), "remote-denied");
});

Deno.test("what cannot be uploaded in time is told", async () => {
  await using server = await ObjectServer.start();
  server.before = (request) => request.method === "PUT";
  await using repo = await Repo.create(files(server.url, ""));
  await repo.write({
    "qik.toml": (await repo.read("qik.toml")).replace('"1s"', '"60s"').replace('"2s"', '"1s"'),
  });
  assert.equal(await assertUnharmed(repo), "remote-late");
});

Deno.test("what is too large for the limit stays here", async () => {
  await using server = await ObjectServer.start();
  await using repo = await Repo.create(files(server.url, 'max-entry-size = "1kB"'));
  assert.equal(await assertUnharmed(repo), "remote-kept-back");
  assert.equal(server.objects.size, 0);
});

Deno.test("a result with the cache's own credential in it is not uploaded, nor is it shown", async () => {
  await using server = await ObjectServer.start();
  const canary = "canary-5b1f6e0c9a";
  await using repo = await Repo.create({
    "in.txt": "",
    "qik.toml": `[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${server.url}"
token = "{ctx.token}"
[[ctx]]
name = "token"
[commands.leak]
exec = "echo $TOKEN > out.txt"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "team"
`,
  });
  const { err } = await repo.with({ env: { TOKEN: canary } }).must("leak");
  assert.match(err, /\[remote-secret\]/);
  assert.doesNotMatch(err, new RegExp(canary));
  for (const bytes of server.objects.values()) {
    assert.doesNotMatch(new TextDecoder().decode(bytes), new RegExp(canary));
  }
  assert.equal(server.objects.size, 0);
  assert.equal(server.seen[0]?.headers.authorization, `Bearer ${canary}`);
});
