import assert from "node:assert/strict";
import { parseDotenv } from "../../../lib/space/dotenv.ts";
import { type EnvironLayers, taskEnvironment } from "../../../lib/space/environ.ts";

const NOTHING: EnvironLayers = {
  base: {},
  strictEnv: false,
  passEnv: [],
  venv: {},
  dotenv: [],
  commandEnv: [],
  qik: {},
  platform: "linux",
};

const dotenv = (text: string) => parseDotenv(new TextEncoder().encode(text), "x.env").value;
const environ = (layers: Partial<EnvironLayers>) => taskEnvironment({ ...NOTHING, ...layers });

Deno.test("each layer wins over those below it", () => {
  const layers: Partial<EnvironLayers>[] = [
    { base: { A: "base" } },
    { venv: { A: "venv" } },
    { dotenv: dotenv("A=first\nA=last") },
    { commandEnv: [{ name: "A", value: "command" }] },
    { qik: { A: "qik" } },
  ];
  const seen = layers.map((_, at) => environ(Object.assign({}, ...layers.slice(0, at + 1)))["A"]);
  assert.deepEqual(seen, ["base", "venv", "last", "command", "qik"]);
});

Deno.test("strict-env keeps the documented list and pass-env", () => {
  const base = { PATH: "/bin", LC_ALL: "C", TZ: "UTC", CI: "1", SECRET: "s", XLC_A: "1" };
  assert.deepEqual(environ({ base, strictEnv: true, passEnv: ["CI", "GONE"] }), {
    PATH: "/bin",
    LC_ALL: "C",
    TZ: "UTC",
    CI: "1",
  });
  assert.deepEqual(environ({ base }), base);
});

Deno.test("dotenv values see the layers below, under strict-env what is left of them", () => {
  const layers = {
    base: { PATH: "/bin", SECRET: "s" },
    venv: { VIRTUAL_ENV: "/v", PATH: "/v/bin:/bin" },
    dotenv: dotenv("A=${PATH}|${SECRET}|${VIRTUAL_ENV}|${K}"),
    commandEnv: [{ name: "K", value: "later" }],
  };
  assert.equal(environ(layers)["A"], "/v/bin:/bin|s|/v|");
  assert.equal(environ({ ...layers, strictEnv: true })["A"], "/v/bin:/bin||/v|");
});

Deno.test("one space's variables never reach another's, nor the given environment", () => {
  const base = Object.freeze({ PATH: "/bin" });
  const venv = Object.freeze({});
  const first = environ({ base, venv, dotenv: dotenv("TOKEN=one\nPATH=/mine") });
  const second = environ({ base, venv, dotenv: dotenv("SEEN=${TOKEN}") });
  assert.deepEqual(first, { PATH: "/mine", TOKEN: "one" });
  assert.deepEqual(second, { PATH: "/bin", SEEN: "" });
  assert.deepEqual(base, { PATH: "/bin" });
});

Deno.test("on Windows one variable has one spelling, the first", () => {
  const platform = "windows" as const;
  const base = { Path: "C:/a", SystemRoot: "C:/w", Secret: "s" };
  const layers = { base, venv: { PATH: "C:/v;C:/a" }, dotenv: dotenv("A=${path}"), platform };
  assert.deepEqual(environ({ ...layers, strictEnv: true }), {
    Path: "C:/v;C:/a",
    SystemRoot: "C:/w",
    A: "C:/v;C:/a",
  });
});

Deno.test("names that objects treat specially are ordinary variables", () => {
  const result = environ({
    base: JSON.parse('{"__proto__": "a"}'),
    dotenv: dotenv("constructor=b"),
    commandEnv: [{ name: "toString", value: "c" }],
  });
  assert.deepEqual(Object.entries(result).sort(), [
    ["__proto__", "a"],
    ["constructor", "b"],
    ["toString", "c"],
  ]);
});
