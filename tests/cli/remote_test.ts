import assert from "node:assert/strict";
import { Repo, type Tree } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

/** A command with a short log, a small artifact, a large one, a link and an executable. */
export const BUILD =
  "mkdir -p out && cat in.txt > out/small.txt && seq 1 400000 > out/large.txt && " +
  "head -c 5000000 /dev/urandom > out/noise.bin && ln -sf small.txt out/link && " +
  "printf '#!/bin/sh\\n' > out/run.sh && chmod +x out/run.sh && echo built && echo warned >&2";

export function project(cache: string): Tree {
  return {
    "in.txt": "one\n",
    ".gitignore": "out\n",
    "qik.toml": `[plugins]
http = "qik.http"

[caches.team]
type = "http"
${cache}

[commands.build]
exec = ${JSON.stringify(BUILD)}
deps = ["in.txt"]
artifacts = ["out"]
cache = "team"
`,
  };
}

Deno.test("what one checkout built another one replays, byte for byte", async () => {
  await using server = await ObjectServer.start();
  const files = project(`url = "${server.url}"`);
  await using first = await Repo.create(files);
  await using second = await Repo.create(files);
  await first.must("build");
  assert.ok(server.objects.size >= 4, "records and pieces");
  const replayed = await second.must("build");
  assert.match(replayed.out + replayed.err, /built/);
  assert.match(replayed.err, /1 cached|from cache/);
  for (const name of ["small.txt", "large.txt", "noise.bin", "run.sh"]) {
    assert.deepEqual(await second.readBytes(`out/${name}`), await first.readBytes(`out/${name}`));
  }
  assert.equal((await second.run("readlink", "out/link")).out, "small.txt\n");
  assert.equal((await second.run("test", "-x", "out/run.sh")).code, 0);
  const asked = server.seen.length;
  await second.must("build");
  assert.equal(server.seen.length, asked, "a warm run asks no server");
});
