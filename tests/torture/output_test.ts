/** More output than anybody's memory: it passes whole, and qik stays small. */
import assert from "node:assert/strict";
import { MEASURE } from "../support/peak_memory.ts";
import { pythonRepoTest } from "../support/python.ts";
import { qikCommand } from "../support/repo.ts";
import { FULL } from "../support/torture.ts";

const BYTES = FULL ? 10 * 2 ** 30 : 2 ** 29;
/** KiB; what a runtime takes for streaming 2 GiB by itself is about half of it. */
const MOST = 300 * 1024;

for (const secret of [undefined, "canary-0123456789"]) {
  const masks = secret === undefined ? "" : ", with secrets to look for";
  pythonRepoTest(`${BYTES / 2 ** 20} MiB of output pass through${masks}`, {
    "qik.toml": `[commands]\nbig = "yes 0123456789 | head -c ${BYTES}"\n`,
    ".gitignore": ".peak\n",
  }, async (repo) => {
    const command = ["python3", "-c", MEASURE, ...qikCommand(), "big"];
    const own = repo.with({ limitMs: 1_200_000, env: { A_TOKEN: secret } });
    const script = 'set -o pipefail; "$@" | wc -c; exit ${PIPESTATUS[0]}';
    const ran = await own.run("bash", "-c", script, "bash", ...command);
    assert.deepEqual([ran.code, ran.out.trim()], [0, `${BYTES}`], repo.log);
    const peak = Number(await repo.read(".peak"));
    console.log(`${BYTES / 2 ** 20} MiB of output: ${Math.round(peak / 1024)} MiB at most${masks}`);
    assert(peak <= MOST, `${peak} KiB`);
  });
}
