import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { command, need, planOf, space } from "../../support/planned.ts";

const names = (plan: ReturnType<typeof planOf>) => plan.tasks.map(({ name }) => name);
const needsOf = (plan: ReturnType<typeof planOf>, name: string) =>
  plan.byName.get(name)!.needs.map(({ task }) => plan.tasks[task]!.name);

Deno.test("a command without modules is one task, named without a space", () => {
  assert.deepEqual(names(planOf([command("lint")])), ["lint"]);
});

Deno.test("a command that mentions a module is one task per module of every space", () => {
  const plan = planOf([command("lint", { exec: "ruff {module.name}" })], [
    space("default", ["a"]),
    space("app", ["b", "c"]),
  ]);
  assert.deepEqual(names(plan), ["lint@default#a", "lint@app#b", "lint@app#c"]);
  assert.equal(plan.tasks[2]!.exec, "ruff c");
});

Deno.test("deps and artifacts alone make a command parametrised, and are filled in", () => {
  const deps = [{ type: "glob", settings: { pattern: "{module.name}/*" }, place: { file: "f" } }];
  const plan = planOf([
    command("one", { deps }),
    command("two", { artifacts: ["out/{module.name}.json"] }),
  ], [space("default", ["a"])]);
  assert.deepEqual(names(plan), ["one#a", "two#a"]);
  assert.deepEqual(plan.tasks[0]!.deps[0]!.globs, ["a/*"]);
  assert.deepEqual(plan.tasks[1]!.artifacts, ["out/a.json"]);
});

Deno.test("a module task needs the task of the same module, others need all", () => {
  const plan = planOf([
    command("build", { exec: "b {module.name}" }),
    command("test", { exec: "t {module.name}", deps: [need("build")] }),
    command("ship", { deps: [need("test")] }),
  ], [space("default", ["a", "b"])]);
  assert.deepEqual(needsOf(plan, "test#b"), ["build#b"]);
  assert.deepEqual(needsOf(plan, "ship"), ["test#a", "test#b"]);
});

Deno.test("a dependency may name one task", () => {
  const plan = planOf([
    command("build", { exec: "b {module.name}" }),
    command("ship", { deps: [need("build#b")] }),
  ], [space("default", ["a", "b"])]);
  assert.deepEqual(needsOf(plan, "ship"), ["build#b"]);
});

Deno.test("two requests for the same task are joined so that nothing is lost", () => {
  const plan = planOf([
    command("a"),
    command("b", {
      deps: [
        need("a", { "order-only": true, isolated: true }),
        need("a", { strict: true, isolated: false }),
      ],
    }),
  ]);
  assert.deepEqual(plan.tasks[1]!.needs, [
    { task: 0, strict: true, orderOnly: false, isolated: false },
  ]);
});

Deno.test("a cycle is named by its path", () => {
  const commands = [command("a", { deps: [need("b")] }), command("b", { deps: [need("a")] })];
  assert.throws(() => planOf(commands), (error: unknown) => {
    assert(error instanceof QikError);
    assert.equal(error.problems[0]!.code, "graph-cycle");
    assert.equal(error.message, "Cannot order the tasks: a -> b -> a");
    return true;
  });
});

Deno.test("an unknown upstream command is an error with the nearest name", () => {
  const commands = [command("build"), command("test", { deps: [need("biuld")] })];
  assert.throws(() => planOf(commands), (error: unknown) => {
    assert(error instanceof QikError);
    assert.deepEqual(error.problems.map(({ code, hint }) => [code, hint]), [
      ["command-unknown", 'Did you mean "build"?'],
    ]);
    return true;
  });
});

Deno.test("a directory outside the root is refused", () => {
  assert.throws(() => planOf([command("a", { dir: "../x" })]), /not inside the repository/);
});

Deno.test("only commands with deps and a cache are cacheable", () => {
  const plan = planOf([
    command("none"),
    command("some", { deps: [] }),
    command("off", { deps: [], cache: "none" }),
    command("shell", { deps: [], interactive: true }),
  ]);
  assert.deepEqual(plan.tasks.map(({ cacheable }) => cacheable), [false, true, false, false]);
});

Deno.test("a chain of 100,000 tasks is planned and ordered without recursion", () => {
  const commands = Array.from(
    { length: 100_000 },
    (_, at) => command(`c${at}`, at === 0 ? {} : { deps: [need(`c${at - 1}`)] }),
  );
  const plan = planOf(commands);
  assert.equal(plan.order.length, 100_000);
  assert.equal(plan.order.at(-1), 99_999);
});
