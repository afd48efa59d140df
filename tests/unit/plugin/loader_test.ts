import assert from "node:assert/strict";
import { type BuiltIn, loadBuiltIn } from "../../../lib/plugin/loader.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("only plugins that the file mentions are loaded", async () => {
  const loads: string[] = [];
  const plugin = (name: string) => () => {
    loads.push(name);
    return Promise.resolve({ default: () => ({ name }) });
  };
  const builtIn: BuiltIn = { "qik.one": plugin("one"), "qik.two": plugin("two") };
  const loaded = await loadBuiltIn(builtIn, () => encode('[plugins]\ntwo = "qik.two"\n'));
  assert.deepEqual(loads, ["two"]);
  assert.deepEqual([...loaded].map(([source, { name }]) => [source, name]), [["qik.two", "two"]]);
});

Deno.test("a plugin that cannot be made is named", async () => {
  const builtIn: BuiltIn = {
    "qik.bad": () =>
      Promise.resolve({
        default: () => {
          throw new Error("no");
        },
      }),
  };
  await assert.rejects(
    loadBuiltIn(builtIn, () => encode("qik.bad")),
    /Cannot load the plugin "qik.bad": no/,
  );
});

Deno.test("a file that cannot be read mentions nothing", async () => {
  const builtIn: BuiltIn = { "qik.one": () => Promise.reject(new Error("not asked")) };
  const denied = () => {
    throw Object.assign(new Error("denied"), { code: "EACCES" });
  };
  assert.equal((await loadBuiltIn(builtIn, denied)).size, 0);
});
