import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { definePlugin } from "../../../lib/plugin/api.ts";
import { makePlugin, registryOf } from "../../../lib/plugin/registry.ts";

const example = definePlugin((qik) => ({
  name: "example",
  deps: [qik.depType<{ word: string }>({
    kind: "word",
    aliases: ["term"],
    schema: () => Promise.reject(new Error("not asked")),
    plan: ({ word }) => ({ kind: "word", facts: [{ label: `word ${word}`, read: () => word }] }),
  })],
}));

Deno.test("a plugin's dependency types stand beside the core's, under their aliases too", () => {
  const { depTypes } = registryOf([makePlugin("./example.ts", example)]);
  assert.equal(depTypes.get("word"), depTypes.get("term"));
  assert.equal(depTypes.get("dist"), depTypes.get("pydist"));
  assert.deepEqual(depTypes.get("word")!.plan({ word: "x" } as never, {} as never).kind, "word");
});

Deno.test("two plugins cannot offer the same name", () => {
  const plugin = makePlugin("./example.ts", example);
  assert.throws(() => registryOf([plugin, plugin]), (error: unknown) => {
    assert(error instanceof QikError);
    assert.match(error.message, /Cannot add "word" of plugin "example" twice/);
    assert.equal(error.problems.length, 2, "its alias is taken as well");
    return true;
  });
});

Deno.test("a plugin that throws while it loads is named", () => {
  const broken = definePlugin(() => {
    throw new Error("no such tool");
  });
  assert.throws(
    () => makePlugin("./broken.ts", broken),
    /Cannot load the plugin ".\/broken.ts": no such tool/,
  );
});
