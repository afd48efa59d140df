import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuiltIn, loadPlugins } from "../../../lib/plugin/loader.ts";
import { openSys } from "../../../lib/sys/open.ts";
import type { Modules } from "../../../lib/sys/sys.ts";

interface Over {
  readonly builtIn?: BuiltIn;
  readonly modules?: Modules;
  readonly root?: string;
}

/** Loads what a project file mentions; nothing of the user's may be loaded unless `modules` says how. */
function load(text: string | undefined, over: Over = {}) {
  const root = over.root ?? mkdtempSync(join(tmpdir(), "qik-loader-"));
  mkdirSync(`${root}/._qik`, { recursive: true });
  if (text !== undefined) writeFileSync(`${root}/qik.toml`, text);
  const { files } = openSys();
  const modules = over.modules ?? { load: (source) => assert.fail(`loaded ${source}`) };
  return loadPlugins({ builtIn: over.builtIn ?? {}, files, modules, root, file: "qik.toml" });
}

Deno.test("only built-in plugins that the file mentions are loaded", async () => {
  const loads: string[] = [];
  const plugin = (name: string) => () => {
    loads.push(name);
    return Promise.resolve({ default: () => ({ name }) });
  };
  const builtIn: BuiltIn = { "qik.one": plugin("one"), "qik.two": plugin("two") };
  const { plugins } = await load('[plugins]\ntwo = "qik.two"\n', { builtIn });
  assert.deepEqual(loads, ["two"]);
  assert.deepEqual([...plugins].map(([source, { name }]) => [source, name]), [["qik.two", "two"]]);
});

Deno.test("a built-in plugin that cannot be made is named", async () => {
  const builtIn: BuiltIn = {
    "qik.bad": () => Promise.resolve({ default: () => assert.fail("no") }),
  };
  await assert.rejects(load("# qik.bad", { builtIn }), /Cannot load the plugin "qik.bad": no/);
});

Deno.test("a project file that is not there mentions nothing", async () => {
  const builtIn: BuiltIn = { "qik.one": () => Promise.reject(new Error("not asked")) };
  assert.equal((await load(undefined, { builtIn })).plugins.size, 0);
});

Deno.test("only what [plugins] names is loaded, whatever else looks like a file of a plugin", async () => {
  const text = `[commands]
"plugins" = "./run.ts"
lint = { exec = ["npm:eslint"], description = 'plugins: "./more.ts"' }
`;
  assert.equal((await load(text)).plugins.size, 0);
});

Deno.test("the user's plugins are loaded in each of their forms", async () => {
  const asked: string[] = [];
  const modules: Modules = {
    load(source) {
      asked.push(source);
      return Promise.resolve({
        module: { default: () => ({ name: source }) },
        bytes: new TextEncoder().encode(source),
      });
    },
  };
  const text = `[plugins]
a = "./tools/a.ts"
b = { pyimport = "npm:b" }
[plugins.c]
plugin = "jsr:@scope/c"
`;
  const first = await load(text, { modules });
  assert.deepEqual(asked, ["./tools/a.ts", "npm:b", "jsr:@scope/c"]);
  assert.deepEqual([...first.plugins.keys()], asked);
  assert.match(first.fingerprint, /^\.\/tools\/a\.ts [0-9a-f]{64}\n/);
});

Deno.test("what [plugins] named is remembered only as long as the file is the same", async () => {
  const asked: string[] = [];
  const modules: Modules = {
    load(source) {
      asked.push(source);
      return Promise.resolve({ module: { default: () => ({ name: "x" }) }, bytes: undefined });
    },
  };
  const root = mkdtempSync(join(tmpdir(), "qik-loader-"));
  for (const source of ["./a.ts", "./a.ts", "./b.ts"]) {
    await load(`[plugins]\na = "${source}"\n`, { modules, root });
  }
  assert.deepEqual(asked, ["./a.ts", "./a.ts", "./b.ts"]);
  writeFileSync(`${root}/._qik/state/plugins.json`, '{"digest": 1}');
  await load('[plugins]\na = "./b.ts"\n', { modules, root });
  assert.equal(asked.at(-1), "./b.ts");
});

Deno.test("a plugin of the user's that cannot be loaded is told, not thrown", async () => {
  const modules: Modules = {
    load: (source) =>
      source === "./none.ts"
        ? Promise.resolve({ module: { other: 1 }, bytes: undefined })
        : Promise.reject(new Error("no such file")),
  };
  const { broken } = await load('[plugins]\na = "./gone.ts"\nb = "./none.ts"\n', { modules });
  assert.deepEqual([...broken], [
    ["./gone.ts", "no such file"],
    ["./none.ts", "its default export is no plugin"],
  ]);
});
