/** What the settings of a remote may say, and what is told of those that make no sense. */
import assert from "node:assert/strict";
import { lstat, readdir, readFile } from "node:fs/promises";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

/** A project whose only command has a small and a large artifact. */
function project(lines: string, ctx = ""): string {
  return `${ctx}
[plugins]
http = "qik.http"
s3 = "qik.s3"
gcs = "qik.gcs"
[caches.team]
${lines}
[commands.build]
exec = "seq 1 30000 > out.txt"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "team"
`;
}

const files = (config: string) => ({ "in.txt": "", ".gitignore": "out.txt\n", "qik.toml": config });

/** Settings that cannot be used: the words of the complaint and the line and column of its place. */
const WRONG: readonly (readonly [string, RegExp, string])[] = [
  ['type = "http"\nurl = "cache.example.com"', /the url of the remote cache "team"/, "8:1"],
  ['type = "http"\nurl = "http://h"\nmode = "writeonly"', /the mode "writeonly"/, "9:1"],
  ['type = "http"\nurl = "http://h"\nscope = "pr/../main"', /the scope "pr\/\.\.\/main"/, "9:1"],
  ['type = "http"\nurl = "http://h"\nread-scopes = ["/x"]', /the scope "\/x"/, "9:1"],
  ['type = "http"\nurl = "http://h"\nsign-key = "c4n4ry"', /the sign-key .* no secret key/, "9:1"],
  ['type = "http"\nurl = "http://h"\nsign-key = "/no/file"', /no file "\/no\/file"/, "9:1"],
  ['type = "http"\nurl = "http://h"\nsign-key = "/tmp"', /file "\/tmp" cannot be read/, "9:1"],
  ['type = "http"\nurl = "http://h"\nca-file = "/tmp"', /"\/tmp": it cannot be read/, "9:1"],
  ['type = "http"\nurl = "http://h"\naccept-keys = ["x"]', /"x" in accept-keys/, "9:1"],
  [
    'type = "http"\nurl = "http://h"\naccept-keys = ["qik-secret-1:c4n4ry"]',
    /a key in accept-keys .*: it is a secret key/,
    "9:1",
  ],
  ['type = "http"\nurl = "http://h/?token=c4n4ry"', /the url .*has a query.*\n.*\n.*token/, "8:1"],
  ['type = "http"\nurl = "http://h/#c4n4ry"', /the url .*a fragment/, "8:1"],
  ['type = "s3"\nbucket = "b"\nprefix = "../x"', /the prefix .*"\.\.\/x" has a part/, "9:1"],
  ['type = "s3"\nbucket = "b"\nprefix = "a//b"', /the prefix .*"a\/\/b" has a part/, "9:1"],
  ['type = "gcs"\nbucket = "b"\nprefix = "."', /the prefix .*"\." has a part/, "9:1"],
  [
    'type = "http"\nurl = "http://h"\nca-file = "no.pem"',
    /the ca-file .*"no.pem": .*no such/,
    "9:1",
  ],
  ['type = "http"\nurl = "http://h"\ntoken = "c4n4ry\\nX: y"', /the token .*characters/, "9:1"],
  ['type = "http"\nurl = "http://h"\ntoken = "c4n4ry→"', /the token .*characters/, "9:1"],
  ['type = "http"\nurl = "https://h"\nheaders = {A = "c4n4ry\\n"}', /^$/, ""],
  ['type = "http"\nurl = "http://h"\ntoken = "c4n4ry"', /over http:.*\n.*\n.*insecure/, "8:1"],
  ['type = "http"\nurl = "http://c4n4ry:c4n4ry@h"', /over http:.*\n.*\n.*insecure/, "8:1"],
  ['type = "http"\nurl = "http://localhost.h"\ntoken = "c4n4ry"', /over http:/, "8:1"],
  ['type = "http"\nurl = "http://h"\ntoken = "c4n4ry"\ninsecure = true', /^$/, ""],
  ['type = "http"\nurl = "http://localhost:9"\ntoken = "c4n4ry"', /^$/, ""],
  [
    'type = "http"\nurl = "http://h"\nheaders = {A = "c4n4ry\\r\\nB: c"}',
    /"A" has characters/,
    "9:1",
  ],
  ['type = "http"\nurl = "http://h"\nheaders = {"" = "c4n4ry"}', /cannot name a header/, "9:12"],
  ['type = "http"\nurl = "http://h"\nheaders = {"a b" = "c4n4ry"}', /cannot name a header/, "9:12"],
  ['type = "http"\nurl = "http://h"\nuser = "c4n4ry"', /user and password need each other/, "6:1"],
  ['type = "http"\nurl = "http://h"\npassword = "c4n4ry"', /user and password need each/, "6:1"],
  ['type = "s3"\nbucket = ""', /the bucket .*: it is empty/, "8:1"],
  ['type = "s3"\nbucket = "b/qik"', /the bucket .*"b\/qik" cannot name.*\n.*\n.*prefix/, "8:1"],
  ['type = "s3"\nbucket = "b"\nregion-name = "x.evil.com/"', /the region-name .*cannot/, "9:1"],
  ['type = "s3"\nbucket = "b"\nendpoint-url = "h"', /the endpoint-url .*no address/, "9:1"],
  ['type = "gcs"\nbucket = ""', /the bucket .*: it is empty/, "8:1"],
  ['type = "gcs"\nbucket = "b/../c"', /the bucket .*"b\/\.\.\/c" cannot name/, "8:1"],
  ['type = "gcs"\nbucket = "b"\nendpoint-url = "h"', /the endpoint-url .*no address/, "9:1"],
];

Deno.test("settings that cannot be used are told with their place, and nothing runs", async () => {
  await using repo = await Repo.create(files(project("")));
  for (const [lines, words, place] of WRONG) {
    // Line breaks at the ends are no part of a secret.
    if (place === "") continue;
    await repo.write({ "qik.toml": project(lines) });
    const { code, err } = await repo.qik("build");
    assert.equal(code, 2, lines + err);
    assert.match(err, words, lines);
    assert.match(err, new RegExp(`at qik\\.toml:${place}\\b`), lines);
    assert.doesNotMatch(err, /c4n4ry/, lines);
    assert.equal(await repo.exists("out.txt"), false, lines);
  }
});

Deno.test("what surrounds a secret is not sent, and half a pair of user and password is none", async () => {
  await using server = await ObjectServer.start();
  const ctx = 'ctx = [{name = "a", required = false}]';
  const url = `type = "http"\nurl = "${server.url}"\n`;
  await using repo = await Repo.create(files(""));
  for (
    const [lines, a, sent] of [
      ['token = "{ctx.a}"', "token-1234\n", "Bearer token-1234"],
      ['user = "ci"\npassword = "{ctx.a}"', "secret", `Basic ${btoa("ci:secret")}`],
      ['user = "ci"\npassword = "{ctx.a}"', "", undefined],
      ['user = "ci"\npassword = "{ctx.a}"', undefined, undefined],
    ] as const
  ) {
    await repo.write({ "qik.toml": project(url + lines, ctx) });
    server.seen.length = 0;
    await repo.with({ env: { A: a } }).must("build", "-f");
    assert.ok(server.seen.length > 0);
    for (const { headers } of server.seen) assert.equal(headers.authorization, sent, lines);
  }
});

Deno.test("a secret in qik.toml is copied into no file that others may read", async () => {
  await using repo = await Repo.create({
    ...files(project('type = "http"\nurl = "http://u:c4n4ry-url@127.0.0.1:9"\ntimeout = "1s"')),
    // Somebody made it before, open to everybody.
    "._qik/": "",
    "py/": "",
  });
  await repo.write({
    "qik.toml": (await repo.read("qik.toml")).replace("[plugins]", '[plugins]\nuv = "qik.uv"') +
      '[spaces.py]\nroot = "py"\nvenv = {type = "uv", reqs = "r.txt", ' +
      'index-url = "https://u:c4n4ry-index@127.0.0.1:9/simple"}\n' +
      '[commands.ask]\nexec = "echo asked"\ndeps = [{type = "const", val = "c4n4ry-const"}]\n',
  });
  await repo.must("build", "ask");
  await repo.must("build", "ask");
  let copies = 0;
  const all = await readdir(repo.path("._qik"), { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of all.filter((entry) => entry.isFile())) {
    const path = `${parentPath}/${name}`;
    const { mode } = await lstat(path);
    if (path.includes("/state/")) assert.equal(mode & 0o777, 0o600, path);
    if (!(await readFile(path, "latin1")).includes("c4n4ry")) continue;
    copies += 1;
    assert.equal(mode & 0o777, 0o600, path);
  }
  assert.ok(copies > 0, "the test looks at something");
});

/** A pull request of the repository itself, as GitHub tells it. */
async function ownPull(repo: Repo) {
  await repo.write({
    "../event.json": JSON.stringify({
      pull_request: { head: { repo: { full_name: "o/r" } }, base: { repo: { full_name: "o/r" } } },
    }),
  });
  return {
    GITHUB_ACTIONS: "true",
    GITHUB_EVENT_NAME: "pull_request",
    GITHUB_EVENT_PATH: repo.path("../event.json"),
    GITHUB_BASE_REF: "main",
  };
}

Deno.test("a pull request writes only where the environment gives it a scope of its own", async () => {
  await using server = await ObjectServer.start();
  const url = `type = "http"\nurl = "${server.url}"\n`;
  const given = 'ctx = [{name = "cache_scope", default = "dev"}]';
  const asked = 'ctx = ["cache_scope"]';
  const scope = 'scope = "{ctx.cache_scope}"\n';
  await using repo = await Repo.create(files(""));
  const pull = await ownPull(repo);
  const TRIALS: readonly (readonly [string, string, string | undefined, boolean])[] = [
    [given, scope, undefined, false],
    [given, scope, "dev", false],
    [given, scope, "pr/7", true],
    [asked, scope, "pr/7", true],
    [given, `${scope}read-scopes = ["trusted/main"]`, "trusted/main", false],
    [given, `${scope}read-scopes = ["trusted/main", "{ctx.cache_scope}"]`, "pr/7", true],
    [given, 'scope = "ci"', "pr/7", false],
    [given, scope, "trusted/main", false],
    [given, scope, "main", false],
    [given, scope, "pr/domain", true],
    [given, 'scope = "ci-{ctx.qik.arch}"', "pr/7", false],
    [given, 'scope = "{ctx.cache_scope}-{ctx.qik.arch}"', undefined, false],
    [given, 'scope = "{ctx.cache_scope}-{ctx.qik.arch}"', "pr/7", true],
    [given, "", "pr/7", false],
    [given, `${scope}mode = "read-write"`, undefined, true],
  ];
  for (const [ctx, lines, value, writes] of TRIALS) {
    await repo.write({ "qik.toml": project(url + lines, ctx) });
    server.seen.length = 0;
    await repo.with({ env: { ...pull, CACHE_SCOPE: value } }).must("build", "-f");
    const puts = server.seen.filter(({ method }) => method === "PUT").length;
    assert.equal(puts > 0, writes, `${lines} with ${value}: ${puts} puts`);
  }
  // A push is trusted with all of them.
  await repo.write({ "qik.toml": project(url + scope, given) });
  server.seen.length = 0;
  await repo.with({ env: { ...pull, GITHUB_EVENT_NAME: "push" } }).must("build", "-f");
  assert.ok(server.seen.some(({ method }) => method === "PUT"));
});
