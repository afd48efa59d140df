/** Many write one key at the same time (RELIABILITY R5). */
import assert from "node:assert/strict";
import { Repo } from "../support/repo.ts";
import { BUCKETS, NO_SERVERS } from "../support/remote/servers.ts";
import { tell, times } from "../support/torture.ts";

const WRITERS = times(5, 50);

for (const [kind, { start, env, cache }] of Object.entries(BUCKETS)) {
  Deno.test({
    name: `${WRITERS} writers of one key in ${kind} leave one record, and none fails`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await start();
      await using repos = new AsyncDisposableStack();
      const made = async (mode: string) => {
        const plain = repos.use(
          await Repo.create({
            "in.txt": "",
            ".gitignore": "out*\n",
            // Whoever runs it gets something else: no two results are equal.
            "qik.toml": `[plugins]
${kind} = "qik.${kind}"
[caches.team]
${cache(server.url)}
mode = "${mode}"
[commands.build]
exec = "head -c 100000 /dev/urandom > out.large; head -c 100 /dev/urandom > out.small"
deps = ["in.txt"]
artifacts = ["out.large", "out.small"]
cache = "team"
`,
          }),
        );
        return plain.with({ env: env(server.url) });
      };
      const writers: Repo[] = [];
      while (writers.length < WRITERS) writers.push(await made("write-only"));
      for (const { err } of await Promise.all(writers.map((one) => one.must("build")))) {
        assert.doesNotMatch(err, /Warning/);
      }
      const reader = await made("read-only");
      const records = JSON.parse(
        (await reader.must(":cache", "ls", "--cache", "team", "--json")).out,
      );
      assert.equal(records.length, 1);
      const { out, err } = await reader.must("build");
      assert.match(out + err, /1 cached|from cache/);
      const result = async (repo: Repo) =>
        `${await repo.readBytes("out.large")} ${await repo.readBytes("out.small")}`;
      const all = await Promise.all(writers.map(result));
      const read = await result(reader);
      assert.equal(all.filter((one) => one === read).length, 1, "whole, and of one of them");
      tell(`${WRITERS} writers of one key in ${kind}: 1 record, 0 failed`);
    },
  });
}
