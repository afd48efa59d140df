import assert from "node:assert/strict";
import type { Bench } from "./contract.ts";
import { startIndex } from "./index_server.ts";

/**
 * Shows that credentials in `index-url` reach the index and nothing else: no output, report, explanation, stored result, lock
 * or argument of the tool holds them, and whoever asks with others finds the same results.
 *
 * @param path Of the index below the directory that packages are published in.
 * @param unset Variables that would lead the tool to another index.
 */
export async function showNoCredentials(
  { repo, tool, ask, calls }: Bench,
  { path, unset }: { readonly path: string; readonly unset: readonly string[] },
): Promise<void> {
  const [first, second] = ["canary-first-0001", "canary-second-02"];
  await using index = await startIndex(repo.path("../packages"), [first, second]);
  const url = `http://me:{ctx.word}@127.0.0.1:${index.port}${path}`;
  const toml = (await repo.read("qik.toml")).replace(
    `${tool.kind} = "qik.${tool.kind}"`,
    `[plugins.${tool.kind}]\nplugin = "qik.${tool.kind}"\nindex-url = "${url}"`,
  );
  await repo.write({ "qik.toml": `ctx = ["word"]\n${toml}` });
  const without = Object.fromEntries(unset.map((name) => [name, undefined]));
  const run = (word: string, ...args: readonly string[]) =>
    repo.with({ env: { ...without, WORD: word } }).qik(...args);
  const ran = [await run(first, "-v", "2")];
  assert.equal(ran[0]!.code, 0, repo.log);
  assert.ok(index.answered() > 0);
  ran.push(await run(first, ":explain", `${tool.kind}.lock@app`));
  ran.push(await run(first, "--report", "json"));
  const other = await run(second);
  assert.match(other.out, /6 cached/);
  await ask("app", [{ name: "qikabsent" }]);
  const failed = await run(second, "show");
  assert.notEqual(failed.code, 0);
  const told = [...ran, other, failed].map(({ out, err }) => out + err).join("\n");
  assert.doesNotMatch(told, /canary/);
  assert.match(told, /venv settings/);
  assert.doesNotMatch(calls().join("\n"), /canary/);
  // What a tool keeps in the environment itself is its own.
  const own = ["--exclude-dir=venv", "-rlE", "canary-(first|second)", "."];
  assert.equal((await repo.run("grep", ...own)).out, "");
}
