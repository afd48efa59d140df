import assert from "node:assert/strict";
import { fencedBlocks } from "../../../scripts/docs/blocks.ts";
import { blockFaults, invariantFaults, invariants } from "../../../scripts/docs/rules.ts";

const faults = (text: string) =>
  blockFaults({ path: "README.md", text }).map((f) => `${f.line}: ${f.message}`);

Deno.test("fences end at marks of their own kind and length", () => {
  const text = "````text\n```ts\nx\n```\n````\n\n~~~console\n$ qik\n```\n~~~\n";
  assert.deepEqual(
    fencedBlocks(text).map(({ language, text, line }) => [language, text, line]),
    [["text", "```ts\nx\n```\n", 1], ["console", "$ qik\n```\n", 7]],
  );
  assert.equal(fencedBlocks("```ts\nnever closed\n")[0]!.text, "never closed\n\n");
});

Deno.test("every block is read by a machine or says why not", () => {
  assert.deepEqual(
    faults("```text\nx\n```\n```toml\na = 1\n```\n```json\n{}\n```\n```yaml\na: 1\n```\n"),
    [],
  );
  assert.match(faults("```toml\na = \n```\n")[0]!, /^1: does not parse/);
  assert.match(faults("\n```json\n{\n```\n")[0]!, /^2: does not parse/);
  assert.match(faults("```sh\nls\n```\n")[0]!, /"sh" is run by nobody/);
  assert.match(faults("```\nls\n```\n")[0]!, /run by nobody/);
  assert.match(faults("```console\nqik\n```\n")[0]!, /starts with a command/);
  assert.match(faults("```ts ignore\nx\n```\n")[0]!, /needs a reason/);
  assert.deepEqual(faults("```ts ignore because it shows a fault\nx\n```\n"), []);
  assert.match(faults("```text title=../x\n```\n")[0]!, /leaves the repository/);
  assert.deepEqual(faults("```py title=a/b.py\nimport os\n```\n"), []);
});

Deno.test("an invariant names tests that exist", () => {
  const text = "**Invariant** H1: reads nothing. (layers_test)\n" +
    "**Invariant** H2: equal keys (of one task) mean equal bytes.\n  (key_test, gone_test)\n" +
    "**Invariant** H3: hopes.\n\nAnd a_test elsewhere.\n**Invariant** H1: again. (key_test)\n";
  assert.deepEqual(invariants(text).map(({ id, line }) => [id, line]), [
    ["H1", 1],
    ["H2", 2],
    ["H3", 4],
    ["H1", 7],
  ]);
  const said = invariantFaults(
    { path: "A.md", text },
    new Set(["layers_test", "key_test", "a_test"]),
  );
  assert.deepEqual(said.map(({ message }) => message), [
    "invariant H2 is held by gone_test, which does not exist",
    "invariant H3 names no test that holds it",
    "invariant H1 is stated twice",
  ]);
});
