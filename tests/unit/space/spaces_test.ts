import assert from "node:assert/strict";
import { type Problem, QikError } from "../../../lib/base/problems.ts";
import type { Json, PluginConfig, SpaceConfig } from "../../../lib/config/types.ts";
import { taskEnvironment } from "../../../lib/space/environ.ts";
import { spaceOf } from "../../../lib/space/space_of.ts";
import { openSpaces, type SpacesConfig } from "../../../lib/space/spaces.ts";
import { planVenv } from "../../../lib/space/venv_plan.ts";
import { Scratch } from "./scratch.ts";

const place = { file: "qik.toml", line: 3 };

function space(name: string, more: Partial<SpaceConfig> = {}): SpaceConfig {
  return { name, dotenv: [], modules: [], place, ...more };
}

function config(
  spaces: readonly SpaceConfig[],
  more: { venv?: Json; dotenv?: readonly string[]; plugins?: readonly string[] } = {},
): SpacesConfig {
  const venvTypes = new Map([["qik.uv", "uv"], ["qik.conda", "conda"]]);
  const plugin = (source: string): PluginConfig => ({ name: source, source, settings: {}, place });
  return {
    venvTypes,
    spaces,
    plugins: (more.plugins ?? []).map(plugin),
    pydist: { ignoreMissing: false, ignoreMissingModules: false, versions: [], modules: [] },
    defaults: {
      dotenv: more.dotenv ?? [],
      ...(more.venv === undefined ? {} : { venv: more.venv }),
    },
  };
}

/** What the first space's venv comes to. */
function plan(spaces: readonly SpaceConfig[], more: Parameters<typeof config>[1] = {}) {
  return planVenv(spaces[0]!, config(spaces, more));
}

function problemsOf(act: () => unknown): readonly Problem[] {
  try {
    act();
  } catch (error) {
    if (error instanceof QikError) return error.problems;
    throw error;
  }
  return [];
}

Deno.test("every form of venv comes to the environment that it names", () => {
  const cases: readonly (readonly [Json | undefined, readonly string[]])[] = [
    [undefined, []],
    ["reqs.txt", ["reqs.txt"]],
    [["a.txt", "./b/../c.txt"], ["a.txt", "c.txt"]],
    [{ type: "active" }, []],
    [{ type: "active", reqs: ["a.txt"], lock: "a.lock" }, ["a.txt", "a.lock"]],
  ];
  for (const [venv, files] of cases) {
    const { value, problems } = plan([space("x", venv === undefined ? {} : { venv })]);
    assert.deepEqual(problems, []);
    assert.deepEqual(value, { type: "active", owner: "x", files, settings: {} });
  }
});

Deno.test("a space inherits through others, and by [defaults]", () => {
  const from = (name: string) => ({ type: "space", name });
  const chain = [
    space("a", { venv: from("b") }),
    space("b", { venv: from("c") }),
    space("c", { venv: "c.txt" }),
  ];
  const settings = {};
  assert.deepEqual(plan(chain).value, { type: "active", owner: "c", files: ["c.txt"], settings });
  const spaces = [space("x"), space("default")];
  assert.equal(plan(spaces, { venv: from("default") }).value.owner, "default");
  assert.deepEqual(plan([space("default")], { venv: from("default") }).problems, []);
  assert.deepEqual(plan([space("x")], { venv: "d.txt" }).value.files, ["d.txt"]);
});

Deno.test("a list may name other spaces, whose files it takes too", () => {
  const from = (name: string) => ({ type: "space", name });
  const spaces = [
    space("a", { venv: ["a.txt", from("b"), { type: "active", reqs: "c.txt" }, from("d")] }),
    space("b", { venv: ["b.txt", from("d")] }),
    space("d", { venv: { type: "active", reqs: "a.txt", lock: "d.lock" } }),
  ];
  const { value, problems } = plan(spaces);
  assert.deepEqual(problems, []);
  assert.deepEqual(value, {
    type: "active",
    owner: "a",
    files: ["a.txt", "c.txt", "b.txt", "d.lock"],
    settings: {},
  });
});

Deno.test("a chain as long as the configuration allows is followed", () => {
  const spaces = Array.from(
    { length: 2_000 },
    (_, at) => space(`s${at}`, at < 1_999 ? { venv: { type: "space", name: `s${at + 1}` } } : {}),
  );
  assert.equal(plan(spaces).value.owner, "s1999");
});

Deno.test("what cannot be followed is a problem at the space that says it", () => {
  const from = (name: string) => ({ type: "space", name });
  const circle = [
    space("a", { venv: from("b") }),
    space("b", { venv: from("c") }),
    space("c", { venv: from("b") }),
  ];
  const cases: readonly (readonly [readonly SpaceConfig[], string, RegExp, RegExp?])[] = [
    [circle, "space-cycle", /in a circle: b -> c -> b$/],
    [[space("a", { venv: from("a") })], "space-cycle", /: a -> a$/],
    [
      [space("app", { venv: from("defualt") }), space("default")],
      "space-unknown",
      /"defualt"/,
      /"default"/,
    ],
    [[space("a", { venv: { type: "space" } })], "space-unknown", /no space is named ""/],
    [[space("a", { venv: { type: "uv" } })], "venv-unknown", /type "uv"/, /"qik\.uv"/],
    [[space("a", { venv: { type: "conda" } })], "venv-unknown", /"conda"/, /"qik\.conda"/],
    [[space("a", { venv: { type: "actve" } })], "venv-unknown", /"actve"/, /"active"/],
    [[space("a", { venv: {} })], "venv-unknown", /type null/],
    [[space("a", { venv: { type: 3 } })], "venv-unknown", /type 3/],
    [[space("a", { venv: "../r.txt" })], "config-bad-value", /below the root.*"\.\.\/r\.txt"/],
    [[space("a", { venv: ["r.txt", 3] })], "config-bad-value", /not 3$/],
    [[space("a", { venv: ["r.txt", { type: "space", name: "a" }] })], "space-cycle", /: a -> a$/],
    [[space("a", { venv: true })], "config-bad-value", /not true$/],
    [[space("a", { venv: { type: "active", locks: "x" } })], "config-bad-value", /key "locks"/],
  ];
  for (const [spaces, code, message, hint] of cases) {
    const { problems } = plan(spaces);
    assert.equal(problems.length, 1, code);
    assert.equal(problems[0]!.code, code);
    assert.match(problems[0]!.message, message);
    assert.deepEqual(problems[0]!.place, place);
    if (hint !== undefined) assert.match(problems[0]!.hint ?? "", hint);
  }
});

Deno.test("requirement files mean the one venv plugin that is configured", () => {
  const type = (plugins: readonly string[], venv: Json = "r.txt") =>
    plan([space("a", { venv })], { plugins }).value.type;
  assert.equal(type(["qik.uv", "qik.pygraph"]), "uv");
  assert.equal(type(["qik.uv", "qik.conda"]), "active");
  assert.equal(type(["qik.pygraph"]), "active");
  assert.equal(plan([space("a")], { plugins: ["qik.uv"] }).value.type, "active");
});

Deno.test("the table of a plugin's type keeps its own keys, filled in", () => {
  const venv = {
    type: "uv",
    reqs: ["a.txt", { type: "space", name: "b" }],
    lock: "l.txt",
    constraint: { type: "space", name: "{x}" },
  };
  const spaces = [space("a", { venv }), space("b", { venv: "b.txt" })];
  const fill = (text: string) => text.replace("{x}", "b");
  const { value, problems } = planVenv(spaces[0]!, config(spaces, { plugins: ["qik.uv"] }), fill);
  assert.deepEqual(problems, []);
  assert.deepEqual(value, {
    type: "uv",
    owner: "a",
    files: ["a.txt", "b.txt"],
    settings: { lock: "l.txt", constraint: { type: "space", name: "b" } },
  });
  const mixed = [space("a", { venv: ["a.txt", { type: "active", reqs: "b.txt" }] })];
  const { problems: [mix] } = plan(mixed, { plugins: ["qik.uv"] });
  assert.match(mix!.message, /several types: uv, active$/);
});

Deno.test("inputs are the requirement files, what they include, and the dotenv files", () => {
  using scratch = new Scratch({
    "r.txt": "-r base.txt\n",
    "a.env": "A=1\nB=a\n",
    "[b].env": "B=b${A}",
  });
  const spaces = [space("x", { venv: "r.txt", dotenv: ["a.env", "[b].env", "local.env"] })];
  const opened = openSpaces(config(spaces), scratch.ports()).open("x");
  assert.deepEqual(opened.inputs, ["r.txt", "base.txt", "a.env", ":(literal)[b].env", "local.env"]);
  assert.deepEqual(opened.dotenv.map(({ name }) => name), ["A", "B", "B"]);
  assert.equal(opened.venv.identity.includes(scratch.root), false);
});

Deno.test("[defaults] dotenv holds for spaces without their own, templates are filled per space", () => {
  using scratch = new Scratch({ "x.env": "A=x", "y.env": "A=y" });
  const spaces = [space("x"), space("y"), space("z", { dotenv: ["x.env"] })];
  const fill = (text: string, { name }: SpaceConfig) => text.replace("{space.name}", name);
  const all = openSpaces(config(spaces, { dotenv: ["{space.name}.env"] }), scratch.ports(), fill);
  assert.deepEqual(spaces.map(({ name }) => all.open(name).inputs), [["x.env"], ["y.env"], [
    "x.env",
  ]]);
});

Deno.test("all problems of a space come together", () => {
  using scratch = new Scratch({ "a.env": "?\nA", "dir.env/x": "" });
  const bad = space("x", { venv: { type: "uv" }, dotenv: ["../o.env", "a.env", "dir.env"] });
  const all = openSpaces(config([space("default"), bad]), scratch.ports());
  assert.deepEqual(problemsOf(() => all.open("x")).map(({ code }) => code), [
    "venv-unknown",
    "config-bad-value",
    "dotenv-syntax",
    "dotenv-syntax",
    "file-unreadable",
  ]);
  assert.deepEqual(problemsOf(() => all.open("default")), []);
  assert.throws(() => all.open("nope"), /No space is named nope/);
});

Deno.test("an opened space is remembered until something may have changed", () => {
  using scratch = new Scratch({ "a.env": "A=1" });
  const all = openSpaces(config([space("default", { dotenv: ["a.env"] })]), scratch.ports());
  const first = all.open("default");
  assert.equal(all.open("default"), first);
  scratch.put("a.env", "B=1");
  all.invalidate();
  assert.deepEqual(all.open("default").dotenv.map(({ name }) => name), ["B"]);
});

Deno.test("the active environment sets its variable, and PATH only where its programs are not on it", () => {
  using scratch = new Scratch({ "v/bin": "/" });
  const { root } = scratch;
  const environ = (env: Record<string, string>) =>
    openSpaces(config([space("default")]), scratch.ports(env)).open("default").venv.environ;
  const v = `${root}/v`;
  assert.deepEqual(environ({ VIRTUAL_ENV: v, PATH: "/bin" }), {
    VIRTUAL_ENV: v,
    PATH: `${v}/bin:/bin`,
  });
  assert.deepEqual(environ({ VIRTUAL_ENV: v, PATH: `/x:${v}/bin` }), { VIRTUAL_ENV: v });
  assert.deepEqual(environ({ CONDA_PREFIX: v }), { CONDA_PREFIX: v, PATH: `${v}/bin` });
  assert.deepEqual(environ({ PATH: "/bin" }), {});
});

Deno.test("spaces run one after the other do not see each other's dotenv files", () => {
  using scratch = new Scratch({ "one.env": "TOKEN=1\nPATH=/one", "two.env": "SEEN=[${TOKEN}]" });
  const spaces = [space("one", { dotenv: ["one.env"] }), space("two", { dotenv: ["two.env"] })];
  const base = { PATH: "/bin" };
  const all = openSpaces(config(spaces), scratch.ports(base));
  const environ = (name: string) => {
    const { dotenv, venv } = all.open(name);
    const layers = {
      strictEnv: false,
      passEnv: [],
      commandEnv: [],
      qik: {},
      platform: "linux",
    } as const;
    return taskEnvironment({ ...layers, base, venv: venv.environ, dotenv });
  };
  assert.deepEqual([environ("one"), environ("two"), environ("one")], [
    { PATH: "/one", TOKEN: "1" },
    { PATH: "/bin", SEEN: "[]" },
    { PATH: "/one", TOKEN: "1" },
  ]);
});

Deno.test("versions: installed, else locked; broken locks matter only when they are needed", async () => {
  using scratch = new Scratch({
    "v/lib/python3.12/site-packages/here-1.dist-info/METADATA": "Version: 1\n\n",
    "r.txt": "here==2\nlocked==2\n",
    "uv.lock": "[[",
  });
  const env = { VIRTUAL_ENV: `${scratch.root}/v` };
  const spaces = [space("a", { venv: "r.txt" }), space("b", { venv: ["uv.lock"] })];
  const all = openSpaces(config(spaces), scratch.ports(env));
  const { venv } = all.open("a");
  assert.equal(await venv.version("Here"), "1");
  assert.equal(await venv.version("locked"), "2");
  await assert.rejects(venv.version("lockd"), (error) => {
    assert.ok(error instanceof QikError);
    assert.deepEqual(error.problems.map(({ code, hint }) => [code, hint]), [
      ["pydist-missing", 'Did you mean "locked"?'],
    ]);
    return true;
  });
  const broken = all.open("b").venv;
  assert.equal(await broken.version("here"), "1");
  await assert.rejects(broken.version("locked"), /Cannot parse "uv.lock"/);
});

Deno.test("the space of a working directory is the one whose root holds it", () => {
  const spaces = [
    space("default"),
    space("app", { root: "app/" }),
    space("deep", { root: "./libs/x" }),
    space("rootless"),
  ];
  const found = ["", "app", "app/a/b", "apples", "libs", "libs/x/y"].map((dir) =>
    spaceOf(spaces, dir).name
  );
  assert.deepEqual(found, ["default", "app", "app", "default", "default", "deep"]);
  assert.equal(spaceOf([space("default"), space("all", { root: "." })], "x").name, "all");
});
