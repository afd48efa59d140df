/** Canaries in every place that a remote's credentials come from: found in nothing that qik writes, says or sends. */
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

/** In every canary, and what becomes of it in base64. */
const CANARY = /c4n4ry|YzRuNHJ5|M0bjRye|jNG40cn/;
const canary = (name: string) => `c4n4ry-${name}-0123456789abcdef`;

/** One place for credentials; `$URL` stands for the server, `$HOST` for the same without its protocol. */
interface Place {
  readonly plugin: string;
  readonly cache: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the home directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the server must have been sent, so that the canary was in use. */
  readonly sends: RegExp;
}

const BUCKET = 'bucket = "bucket"\nendpoint-url = "$URL"\n';

const PLACES: Readonly<Record<string, Place>> = {
  "a token of HTTP": {
    plugin: "http",
    cache: 'url = "$URL"\ntoken = "{ctx.place}"',
    env: { PLACE: canary("token") },
    sends: /^Bearer c4n4ry/,
  },
  "user and password in an address": {
    plugin: "http",
    cache: 'url = "{ctx.place}"',
    env: { PLACE: `http://user:${canary("password")}@$HOST` },
    sends: /^Basic .*(YzRuNHJ5|M0bjRye|jNG40cn)/,
  },
  "a token alone in an address": {
    plugin: "http",
    cache: 'url = "{ctx.place}"',
    env: { PLACE: `http://${canary("username")}@$HOST` },
    sends: /^Basic YzRuNHJ5/,
  },
  "a header": {
    plugin: "http",
    cache: 'url = "$URL"\nheaders = {Authorization = "{ctx.place}"}',
    env: { PLACE: `Custom ${canary("header")}` },
    sends: /^Custom c4n4ry/,
  },
  "AWS's variables": {
    plugin: "s3",
    cache: BUCKET,
    env: {
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
      AWS_SECRET_ACCESS_KEY: canary("secret"),
      AWS_SESSION_TOKEN: canary("session"),
    },
    sends: /^AWS4/,
  },
  "AWS's files": {
    plugin: "s3",
    cache: BUCKET,
    files: {
      ".aws/credentials": "[default]\naws_access_key_id = AKIAEXAMPLE\n" +
        `aws_secret_access_key = ${canary("file")}\naws_session_token = ${canary("filetoken")}\n`,
    },
    sends: /^AWS4/,
  },
  "AWS's settings": {
    plugin: "s3",
    cache: `${BUCKET}aws-access-key-id = "AKIAEXAMPLE"\naws-secret-access-key = "{ctx.place}"`,
    env: { PLACE: canary("setting") },
    sends: /^AWS4/,
  },
  "a credentials file of Google's": {
    plugin: "gcs",
    cache: BUCKET,
    env: { GOOGLE_APPLICATION_CREDENTIALS: "$HOME/creds.json" },
    files: {
      "creds.json": JSON.stringify({
        type: "authorized_user",
        client_id: "id",
        client_secret: canary("client"),
        refresh_token: canary("refresh"),
        token_uri: "$URL/token",
      }),
    },
    sends: /^Bearer c4n4ry/,
  },
};

/** Says all that a command can find of the credentials. */
const LEAK = "env; cat ../home/creds.json ../home/.aws/credentials 2> /dev/null; " +
  "echo signed $SIGNED; seq 1 30000 > out.txt";

const project = ({ plugin, cache }: Place) => `
ctx = [{name = "place", required = false}, {name = "team_key", required = false}]
[plugins]
${plugin} = "qik.${plugin}"
[caches.team]
type = "${plugin}"
timeout = "2s"
sign-key = "{ctx.team_key}"
${cache}
[defaults]
cache = "team"
[commands.leak]
exec = """${LEAK}"""
deps = ["in.txt"]
artifacts = ["out.txt"]
[commands.keep]
exec = "env > out.env; cat ../home/creds.json ../home/.aws/credentials >> out.env 2> /dev/null || true"
deps = ["in.txt"]
artifacts = ["out.env"]
`;

/** An answer that holds all that the request held. */
function echo(request: IncomingMessage, response: ServerResponse, status: number): true {
  const said = JSON.stringify([request.url, request.headers]);
  response.writeHead(status, { "X-Echo": said }).end(`<Code>${said}</Code>`);
  return true;
}

/** What a server does, and what is asked meanwhile. */
const TRIALS: readonly (readonly [string, number | undefined, readonly (readonly string[])[]])[] = [
  ["all is well", undefined, [
    ["-v", "leak", "--report", "json=r.jsonl", "--report", "junit=r.xml", "--trace", "trace.json"],
    ["-v", "leak"],
    ["-f", "-v", "leak", "--report", "github=r.log"],
    ["--dry-run", "--json"],
    [":explain", "leak"],
    [":explain", "leak", "--json"],
    [":cache", "show", "leak", "--json"],
    [":cache", "stats", "--cache", "team"],
    [":cache", "ls", "--cache", "team"],
    [":doctor"],
  ]],
  ["refused, with an echo", 403, [["-f", "-v", "leak"], [":cache", "ls", "--cache", "team"]]],
  ["broken, with an echo", 500, [["-f", "-v", "leak"], [":cache", "ls", "--cache", "team"]]],
  ["odd, with an echo", 302, [["-f", "-v", "leak"], [":cache", "verify", "--cache", "team"]]],
];

async function assertClean(repo: Repo, server: ObjectServer, said: string): Promise<void> {
  assert.doesNotMatch(said, CANARY);
  const all = await readdir(repo.root, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of all.filter((entry) => entry.isFile())) {
    const path = `${parentPath}/${name}`;
    assert.doesNotMatch(await readFile(path, "latin1"), CANARY, path);
  }
  assertUploadsClean(server);
}

function assertUploadsClean({ objects, seen }: ObjectServer): void {
  for (const [path, bytes] of objects) {
    assert.doesNotMatch(new TextDecoder("latin1").decode(bytes), CANARY, path);
  }
  for (const { path } of seen) assert.doesNotMatch(path, CANARY);
}

for (const [name, place] of Object.entries(PLACES)) {
  Deno.test(`secrets of a remote stay where they are: ${name}`, async () => {
    await using server = await ObjectServer.start();
    await using scratch = await Repo.create();
    const { secretKey } = JSON.parse((await scratch.must(":cache", "keygen", "--json")).out);
    const hidden = secretKey.slice("qik-secret-1:".length);
    await using plain = await Repo.create({ "in.txt": "", ".gitignore": "*\n" });
    const fill = (text: string) =>
      text.replaceAll("$URL", server.url).replaceAll("$HOST", server.url.slice(7))
        .replaceAll("$HOME", plain.path("../home"));
    await plain.write({ "qik.toml": fill(project(place)) });
    for (const [path, text] of Object.entries(place.files ?? {})) {
      await plain.write({ [`../home/${path}`]: fill(text) });
    }
    const env = Object.fromEntries(
      Object.entries(place.env ?? {}).map(([variable, text]) => [variable, fill(text)]),
    );
    const signed = `https://bucket/x?X-Amz-Signature=${canary("signature")}&part=1&sig=${
      canary("sas")
    }`;
    const repo = plain.with({
      env: { TEAM_KEY: secretKey, SIGNED: signed, AWS_EC2_METADATA_DISABLED: "true", ...env },
    });
    const told = (request: IncomingMessage, response: ServerResponse) => {
      if (request.url !== "/token") return false;
      response.writeHead(200);
      response.end(JSON.stringify({ access_token: canary("google"), expires_in: 3600 }));
      return true;
    };
    for (const [, status, runs] of TRIALS) {
      server.before = (request, response) =>
        told(request, response) || (status !== undefined && echo(request, response, status));
      for (const words of runs) {
        const { out, err } = await repo.qik(...words);
        await assertClean(plain, server, out + err);
        assert.ok(!(out + err).includes(hidden), "the signing key");
      }
    }
    assert.ok(server.seen.some(({ headers }) => place.sends.test(headers.authorization ?? "")));
    assert.match(await plain.read("._qik/out/leak.out"), /signed https:.*\*\*\*&part=1&sig=\*\*\*/);
    // What a command writes into its own files stays on this machine.
    server.before = told;
    assert.doesNotMatch((await repo.qik("keep", "-f")).err, CANARY);
    assert.match(await plain.read("out.env"), CANARY);
    assertUploadsClean(server);
  });
}

Deno.test("what is secret about a remote is masked in runs that do not use it", async () => {
  await using server = await ObjectServer.start();
  await using plain = await Repo.create({
    "in.txt": "",
    ".gitignore": "*\n",
    "qik.toml": `
ctx = [{name = "pw", required = false}, {name = "hdr", required = false}, "place", "cred"]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "http://{ctx.cred}@127.0.0.1:9/{ctx.place}"
user = "me"
password = "{ctx.pw}"
headers = {X-Key = "{ctx.hdr}"}
[caches.other]
type = "http"
url = "${server.url}"
[commands.here]
exec = "env"
deps = ["in.txt"]
[commands.there]
exec = "env; echo $PLACE"
deps = ["in.txt"]
cache = "other"
[commands.always]
exec = "env"
`,
  });
  const repo = plain.with({
    env: {
      PW: canary("pw"),
      PROJECT__HDR: canary("hdr"),
      CRED: canary("cred"),
      PLACE: "plain-words",
    },
  });
  for (const name of ["here", "there", "always"]) {
    for (const words of [[name, "-v"], [name, "-v"], [":explain", name]]) {
      const { out, err } = await repo.must(...words);
      await assertClean(plain, server, out + err);
    }
  }
  assert.ok(server.objects.size > 0);
  const log = await plain.read("._qik/out/there.out");
  assert.match(log, /^PW=\*\*\*$/m);
  assert.match(log, /^plain-words$/m);
});
