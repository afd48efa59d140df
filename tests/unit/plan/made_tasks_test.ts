import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { buildPlan } from "../../../lib/plan/build.ts";
import type { MadeCommand, TaskSpec } from "../../../lib/plan/made.ts";
import { select } from "../../../lib/plan/select.ts";
import type { DepType, NeedRequest } from "../../../lib/plan/types.ts";
import { command, planOf, simpleFiller, space } from "../../support/planned.ts";

const ask = (name: string, args: Record<string, string>): NeedRequest => ({
  command: name,
  args,
  strict: false,
  orderOnly: false,
});

/** A dependency type that asks for the made task of a word. */
const WORD: DepType = {
  kind: "word",
  schema: () => Promise.reject(new Error("not asked")),
  plan: (settings: { word: string }) => ({
    kind: "word",
    needs: [ask("words.lock", { word: settings.word })],
  }),
} as DepType<never>;

const word = (text: string) => ({ type: "word", settings: { word: text }, place: { file: "f" } });

function made(
  name: string,
  make: (args: Readonly<Record<string, string>>) => TaskSpec,
  tasks: MadeCommand["tasks"] = () => [],
): [string, MadeCommand] {
  return [name, {
    command: command(name, { hidden: true, deps: [] }),
    tasks,
    make: ({ args }) => make(args),
  }];
}

function planWith(
  commands: Parameters<typeof planOf>[0],
  made: readonly [string, MadeCommand][],
  spaces = [space("default")],
) {
  const { config } = planOf(commands.map((one) => ({ ...one, deps: [] })), spaces);
  return buildPlan({
    config: { ...config, commands },
    root: "/repo",
    depTypes: new Map([["word", WORD]]),
    made: new Map(made),
    filler: simpleFiller,
    args: [],
  });
}

const lock = made("words.lock", ({ word }) => ({
  exec: `lock ${word}`,
  deps: [{ kind: "x", globs: ["*.txt"] }],
  artifacts: [`${word}.lock`],
}));

Deno.test("a dependency makes the task that it asks for, once for each space", () => {
  const plan = planWith(
    [
      command("a", { deps: [word("x")] }),
      command("b", { deps: [word("x")] }),
      command("c", { deps: [word("x")], space: "app" }),
    ],
    [lock],
    [space("default"), space("app")],
  );
  assert.deepEqual(plan.tasks.map(({ name }) => name), [
    "a@default",
    "b@default",
    "c@app",
    "words.lock@default?word=x",
    "words.lock@app?word=x",
  ]);
  assert.deepEqual(plan.tasks[1]!.needs.map(({ task }) => task), [3]);
  assert.deepEqual(plan.tasks[2]!.needs.map(({ task }) => task), [4]);
});

Deno.test("a made task may ask for another one, also in a long chain", () => {
  const most = 5000;
  const count = made("words.lock", ({ word }) => ({
    exec: ["true"],
    deps: Number(word) === most
      ? []
      : [{ kind: "x", needs: [ask("words.lock", { word: `${Number(word) + 1}` })] }],
  }));
  const plan = planWith([command("a", { deps: [word("0")] })], [count]);
  assert.equal(plan.tasks.length, most + 2);
});

Deno.test("a circle of made tasks is told as one", () => {
  const circle = made("words.lock", ({ word }) => ({
    exec: ["true"],
    deps: [{ kind: "x", needs: [ask("words.lock", { word: word === "a" ? "b" : "a" })] }],
  }));
  assert.throws(
    () => planWith([command("c", { deps: [word("a")] })], [circle]),
    /Cannot order the tasks: words\.lock\?word=b -> words\.lock\?word=a -> words\.lock\?word=b|words\.lock\?word=a -> words\.lock\?word=b -> words\.lock\?word=a/,
  );
});

Deno.test("tasks that are there by themselves are selected by their command's or their own name", () => {
  const own = space("default");
  const plan = planWith([command("a")], [
    made("words.all", () => ({ exec: ["true"], deps: [] }), () => [
      { space: own, args: { word: "x" } },
      { space: own, args: {} },
    ]),
  ]);
  const chosen = (...names: string[]) =>
    select(plan, {
      names,
      exclude: [],
      modules: [],
      spaces: [],
      tags: [],
      caches: [],
      isolated: false,
    }).chosen.map((at) => plan.tasks[at]!.name);
  assert.deepEqual(chosen(), ["a"], "hidden commands only by name");
  assert.deepEqual(chosen("words.all"), ["words.all?word=x", "words.all"]);
  assert.deepEqual(chosen("words.all?word=x"), ["words.all?word=x"]);
});

Deno.test("code stands in the key by its name and version, and is not cached without dependencies", () => {
  const run = () => 0;
  const own = space("default");
  const plan = planWith([], [
    made("words.one", () => ({ exec: { version: "3", run }, deps: [] }), () => [
      { space: own, args: {} },
    ]),
  ]);
  const [task] = plan.tasks;
  assert.deepEqual(task!.exec, ["code", "words.one", "3"]);
  assert.equal(task!.code?.run, run);
  assert.equal(task!.cacheable, false);
});

Deno.test("asking for a task of a command that nobody makes is a problem of whoever asks", () => {
  assert.throws(
    () => planWith([command("a", { deps: [word("x")] })], []),
    (error) =>
      error instanceof QikError && /Cannot find the command "words.lock"/.test(error.message),
  );
});

Deno.test("a command of the file cannot have the name of a made one", () => {
  assert.throws(
    () => planWith([command("words.lock")], [lock]),
    /Cannot name a command "words.lock": a plugin has a command of this name/,
  );
});
