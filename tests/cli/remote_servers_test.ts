/** Two checkouts that share results through real servers. */
import assert from "node:assert/strict";
import { Repo } from "../support/repo.ts";
import {
  NO_SERVERS,
  S3_KEYS,
  type Server,
  startGcs,
  startNginx,
  startS3,
} from "../support/remote/servers.ts";

/** A command with a short log, artifacts of all kinds, in the record and in several pieces. */
const BUILD =
  "mkdir -p out/empty && cat in.txt > out/small.txt && seq 1 400000 > out/large.txt && " +
  "head -c 5000000 /dev/urandom > out/noise.bin && ln -sf small.txt out/link && " +
  "printf '#!/bin/sh\\n' > out/run.sh && chmod +x out/run.sh && : > out/nothing && " +
  "echo built && echo warned >&2";

const FILES = ["small.txt", "large.txt", "noise.bin", "run.sh", "nothing"];

interface Kind {
  readonly start: () => Promise<Server>;
  /** Lines of `[caches.team]`. */
  readonly cache: (url: string) => string;
  readonly env?: (url: string) => Readonly<Record<string, string>>;
}

const S3 = (url: string, more = "") =>
  `type = "s3"\nbucket = "bucket"\nendpoint-url = "${url}"\nregion-name = "us-east-1"\n${more}`;
const KINDS: Readonly<Record<string, Kind>> = {
  "S3 by settings": {
    start: startS3,
    cache: (url) =>
      S3(
        url,
        `aws-access-key-id = "${S3_KEYS.id}"\naws-secret-access-key = "{ctx.s3_secret}"\nprefix = "a/b+c"`,
      ),
    env: () => ({ S3_SECRET: S3_KEYS.secret }),
  },
  "S3 by environment": {
    start: startS3,
    cache: (url) => S3(url),
    env: () => ({ AWS_ACCESS_KEY_ID: S3_KEYS.id, AWS_SECRET_ACCESS_KEY: S3_KEYS.secret }),
  },
  "GCS": {
    start: startGcs,
    cache: () => `type = "gcs"\nbucket = "bucket"\nprefix = "a/b+c"`,
    env: (url) => ({ STORAGE_EMULATOR_HOST: url }),
  },
  "nginx": { start: startNginx, cache: (url) => `type = "http"\nurl = "${url}/cache"` },
  "nginx with a password": {
    start: startNginx,
    cache: (url) =>
      `type = "http"\nurl = "${url}/closed/cache"\nuser = "user"\npassword = "{ctx.http_password}"`,
    env: () => ({ HTTP_PASSWORD: "secret" }),
  },
};

function files(cache: string) {
  return {
    "in.txt": "one\n",
    ".gitignore": "out\n",
    "qik.toml":
      `ctx = [{name = "s3_secret", required = false}, {name = "http_password", required = false}]
[plugins]
http = "qik.http"
gcs = "qik.gcs"
s3 = "qik.s3"

[caches.team]
${cache}

[commands.build]
exec = ${JSON.stringify(BUILD)}
deps = ["in.txt"]
artifacts = ["out"]
cache = "team"
`,
  };
}

for (const [name, { start, cache, env = () => ({}) }] of Object.entries(KINDS)) {
  Deno.test({
    name: `two checkouts share through ${name}` +
      (NO_SERVERS ? " (left out by QIK_TEST_NO_SERVERS)" : ""),
    ignore: NO_SERVERS,
    async fn() {
      await using server = await start();
      await using one = await Repo.create(files(cache(server.url)));
      await using two = await Repo.create(files(cache(server.url)));
      const [first, second] = [one, two].map((repo) => repo.with({ env: env(server.url) })) as [
        Repo,
        Repo,
      ];
      const built = await first.must("build");
      assert.doesNotMatch(built.err, /Warning/);
      const replayed = await second.must("build");
      assert.doesNotMatch(replayed.err, /Warning/);
      assert.match(replayed.err, /1 cached|from cache/, second.log);
      for (const path of FILES) {
        assert.deepEqual(
          await two.readBytes(`out/${path}`),
          await one.readBytes(`out/${path}`),
          path,
        );
      }
      assert.equal((await two.run("readlink", "out/link")).out, "small.txt\n");
      assert.equal((await two.run("test", "-x", "out/run.sh")).code, 0);
      assert.equal((await two.run("test", "-d", "out/empty")).code, 0);
      // The server is not asked by a warm run, nor needed.
      await server[Symbol.asyncDispose]();
      assert.doesNotMatch((await second.must("build")).err, /Warning/);
    },
  });
}
