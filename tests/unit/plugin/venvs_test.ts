import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { emptyConfig } from "../../../lib/config/load.ts";
import type { Config, Json, SpaceConfig } from "../../../lib/config/types.ts";
import { definePlugin } from "../../../lib/plugin/api.ts";
import { makePlugin } from "../../../lib/plugin/registry.ts";
import { builtVenvs } from "../../../lib/plugin/venvs.ts";

const acme = definePlugin((qik) => ({
  name: "acme",
  venv: qik.venvType({
    kind: "acme",
    layout: "virtualenv",
    tool: { name: "acme", hint: "Get it" },
    lockName: (space) => `${space}.txt`,
    lock: ({ constraints }) => ({ version: constraints.join(), run: () => Promise.resolve(0) }),
    install: () => ({ version: "1", run: () => Promise.resolve(0) }),
  }),
}));

const place = { file: "qik.toml" };

/** The environments of spaces with these `venv`s. */
function venvs(
  spaces: Readonly<Record<string, Json>>,
  { settings = {}, cache = "local" }: { settings?: Record<string, Json>; cache?: string } = {},
) {
  const all = Object.entries(spaces).map(([name, venv]): SpaceConfig => ({
    name,
    venv,
    dotenv: [],
    modules: [],
    place,
  }));
  const empty = emptyConfig("qik.toml");
  const config: Config = {
    ...empty,
    defaults: { ...empty.defaults, cache },
    spaces: [...empty.spaces, ...all],
    plugins: [{ name: "tools", source: "./acme.ts", settings, place }],
  };
  const plugins = new Map([["./acme.ts", makePlugin("./acme.ts", acme)]]);
  const fill = (text: string, { name }: SpaceConfig) => text.replaceAll("{space.name}", name);
  return { config, ...builtVenvs({ root: "/r", config, plugins, fill }) };
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof QikError) return error.message;
    throw error;
  }
  return "";
}

Deno.test("lock and environment have places of their own", () => {
  const lock = (venv: Json, more: Parameters<typeof venvs>[1] = {}) =>
    venvs({ app: venv }, more).of("app")!.lock;
  assert.equal(lock("a.txt"), "._qik/artifacts/tools.lock/app.txt");
  assert.equal(lock("a.txt", { cache: "repo" }), ".qik/artifacts/tools.lock/app.txt");
  assert.equal(
    lock({ type: "acme", reqs: "a", cache: "repo" }),
    ".qik/artifacts/tools.lock/app.txt",
  );
  assert.equal(lock({ type: "acme", reqs: "a", lock: "./l/../app.lock" }), "app.lock");
  assert.equal(lock("a.txt", { settings: { lock: "{space.name}.lock" } }), "app.lock");
  const nested = venvs({ "a/b": "a.txt", a: "a.txt" });
  assert.deepEqual(["a", "a/b"].map((name) => nested.of(name)!.directory), [
    "._qik/venv/a",
    "._qik/venv/a%2Fb",
  ]);
});

Deno.test("a space has two tasks, and whoever inherits from it needs the same", () => {
  const { config, commands, deps, of } = venvs({
    app: "a.txt",
    x: { type: "space", name: "app" },
  });
  assert.deepEqual([...commands.keys()], ["tools.lock", "tools.install"]);
  for (const { command, tasks } of commands.values()) {
    assert.equal(command.hidden, true);
    assert.deepEqual(tasks().map(({ space }) => space.name), ["app"]);
  }
  const [byDefault, app, x] = config.spaces.map((space) =>
    deps(space).flatMap(({ needs = [] }) => needs)
  );
  assert.deepEqual(byDefault, []);
  assert.deepEqual(x, app);
  assert.deepEqual(
    app!.map(({ command, orderOnly, strict, isolated }) => [command, orderOnly, strict, isolated]),
    [
      ["tools.lock@app", false, true, false],
      ["tools.install@app", true, false, false],
    ],
  );
  assert.equal(of("x"), of("app"));
  assert.equal(of("default"), undefined);
});

Deno.test("credentials are in no recipe, and are known as URLs", () => {
  const settings = {
    "index-url": "https://me:word@host/simple",
    "extra-index-url": ["http://token@other/x", "http://plain/"],
  };
  const { of, urls } = venvs({ app: "a.txt" }, { settings });
  assert.match(of("app")!.recipe, /"https:\/\/host\/simple".*/);
  assert.doesNotMatch(of("app")!.recipe, /word|token/);
  assert.deepEqual(urls, ["https://me:word@host/simple", "http://token@other/x", "http://plain/"]);
});

Deno.test("what is wrong with an environment is told where its space is used", () => {
  const acmeVenv = (more: Record<string, Json>) => ({ type: "acme", reqs: "a.txt", ...more });
  const cases: readonly (readonly [Json, RegExp])[] = [
    [acmeVenv({ lock: "../l" }), /below the root in "lock", not "\.\.\/l"$/],
    [acmeVenv({ cache: "nope" }), /cache "nope" of the venv of the space "app": no such cache/],
    [acmeVenv({ constraint: "/c" }), /below the root in "constraint"/],
    [acmeVenv({ constraint: { type: "space", name: "ap" } }), /no space is named "ap"/],
    [acmeVenv({ lock: "./a.txt" }), /its lock is a file that it is made from, "a\.txt"$/],
    [acmeVenv({ constraint: "c.txt", lock: "c.txt" }), /made from, "c\.txt"$/],
    [{ type: "acme" }, /it names no requirements/],
  ];
  for (const [venv, message] of cases) {
    const { of, deps, config } = venvs({ app: venv });
    assert.match(messageOf(() => of("app")), message);
    assert.deepEqual(deps(config.spaces[1]!), []);
  }
  const both = { a: acmeVenv({ lock: "l" }), b: acmeVenv({ lock: "./l" }) };
  assert.match(messageOf(() => venvs(both)), /the spaces "a" and "b" into the same file, "l"/);
});

Deno.test("two locks that keep to each other are both planned: the graph tells the circle", () => {
  const keepTo = (name: string) => ({
    type: "acme",
    reqs: "r",
    constraint: { type: "space", name },
  });
  const { commands } = venvs({
    a: keepTo("b"),
    b: keepTo("a"),
    c: { type: "acme", reqs: "r", constraint: "c.txt" },
  });
  const lock = commands.get("tools.lock")!;
  const needed = lock.tasks().map((at) =>
    lock.make(at).deps.flatMap(({ needs = [] }) => needs.map(({ command }) => command))
  );
  assert.deepEqual(needed, [["tools.lock@b"], ["tools.lock@a"], []]);
});
