/** A server that sends qik to another one: credentials, and what they sign, stay with the server that they are for. */
import assert from "node:assert/strict";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

/** Lines of a cache; `$URL` stands for the server that redirects. */
const KINDS: Readonly<Record<string, { readonly plugin: string; readonly lines: string }>> = {
  "a token": { plugin: "http", lines: 'url = "$URL"\ntoken = "c4n4ry-token"' },
  "a header": { plugin: "http", lines: 'url = "$URL"\nheaders = {X-Key = "c4n4ry-header"}' },
  "user and password": { plugin: "http", lines: 'url = "$URL"\nuser = "u"\npassword = "c4n4ry"' },
  "keys of AWS": {
    plugin: "s3",
    lines: 'bucket = "bucket"\nendpoint-url = "$URL"\naws-access-key-id = "AKIAEXAMPLE"\n' +
      'aws-secret-access-key = "c4n4ry-secret"\naws-session-token = "c4n4ry-session"',
  },
  "a refresh token of Google": {
    plugin: "gcs",
    lines: `bucket = "bucket"\nendpoint-url = "$URL"\ncredentials = '${
      JSON.stringify({
        type: "authorized_user",
        client_id: "id",
        client_secret: "c4n4ry-client",
        refresh_token: "c4n4ry-refresh",
        token_uri: "$URL/token",
      })
    }'`,
  },
};

for (const [what, { plugin, lines }] of Object.entries(KINDS)) {
  Deno.test(`${what} is not carried to where a server redirects`, async () => {
    await using server = await ObjectServer.start();
    await using elsewhere = await ObjectServer.start();
    await using plain = await Repo.create({
      "in.txt": "",
      ".gitignore": "out.txt\n",
      "qik.toml": `[plugins]\n${plugin} = "qik.${plugin}"\n[caches.team]\ntype = "${plugin}"\n` +
        `timeout = "2s"\n${lines.replaceAll("$URL", server.url)}\n[commands.build]\n` +
        'exec = "seq 1 60000 > out.txt"\ndeps = ["in.txt"]\nartifacts = ["out.txt"]\ncache = "team"\n',
    });
    const repo = plain.with({ env: { AWS_EC2_METADATA_DISABLED: "true" } });
    // Google's token is given out, and then the objects redirect; and the other way round.
    for (const redirects of [/./, /^\/(?!token)/]) {
      for (const status of [301, 302, 303, 307, 308]) {
        server.before = (request, response) => {
          const path = request.url ?? "";
          if (redirects.test(path)) {
            response.writeHead(status, { Location: elsewhere.url + path }).end();
            return true;
          }
          response.writeHead(200).end('{"access_token": "c4n4ry-google", "expires_in": 3600}');
          return true;
        };
        server.seen.length = 0;
        const { err } = await repo.must("-f");
        assert.match(err, /Warning: Cannot use the remote cache "team"|May not/, `${status}`);
        if (plugin === "http") assert.match(err, /answered 30\d \(redirects are not followed\)/);
        assert.doesNotMatch(err, /c4n4ry/);
        assert.ok(server.seen.length > 0);
        assert.deepEqual(elsewhere.seen, [], `${status}`);
      }
    }
  });
}
