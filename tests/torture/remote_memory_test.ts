/** Contents larger than anybody's memory go to a remote and come back, and qik stays small. */
import assert from "node:assert/strict";
import { MEASURE } from "../support/peak_memory.ts";
import { NO_PYTHON } from "../support/python.ts";
import { qikCommand, Repo } from "../support/repo.ts";
import { NO_SERVERS, startNginx } from "../support/remote/servers.ts";
import { FULL, tell } from "../support/torture.ts";

const BYTES = FULL ? 2 ** 31 : 2 ** 27;
/** KiB; half of it is what a runtime takes by itself. */
const MOST = 400 * 1024;

const project = (url: string) => ({
  "in.txt": "",
  ".gitignore": "big*\n.peak\n",
  // Nothing that can be compressed, and one content that two tasks share.
  "qik.toml": `[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}/cache"
max-entry-size = "8GB"
upload-wait = "10m"
[defaults]
cache = "team"
[commands.one]
exec = "head -c ${BYTES} /dev/urandom > big1"
deps = ["in.txt"]
artifacts = ["big1"]
[commands.two]
exec = "cp big1 big2"
deps = [{type = "command", name = "one"}]
artifacts = ["big2"]
`,
});

async function peakOf(repo: Repo): Promise<number> {
  const measured = ["python3", "-c", MEASURE, ...qikCommand()];
  const { code, out, err } = await repo.with({ limitMs: 1_200_000 }).run(
    measured[0]!,
    ...measured.slice(1),
  );
  assert.equal(code, 0, repo.log);
  assert.doesNotMatch(out + err, /Warning/, repo.log);
  return Number(await repo.read(".peak"));
}

Deno.test({
  name: `contents of ${BYTES / 2 ** 20} MiB go to a remote and come back`,
  ignore: NO_PYTHON || NO_SERVERS,
  async fn() {
    await using server = await startNginx();
    await using one = await Repo.create(project(server.url));
    await using two = await Repo.create(project(server.url));
    const sent = await peakOf(one);
    const fetched = await peakOf(two);
    assert.match(two.log, /2 cached/);
    assert.equal((await two.run("cmp", "big1", one.path("big1"))).code, 0);
    assert.equal((await two.run("cmp", "big1", "big2")).code, 0);
    const [up, down] = [sent, fetched].map((peak) => Math.round(peak / 1024));
    tell(`${BYTES / 2 ** 20} MiB to a remote and back: ${up} and ${down} MiB of memory at most`);
    assert.ok(Math.max(sent, fetched) <= MOST, `${sent} and ${fetched} KiB`);
  },
});
