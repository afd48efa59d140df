import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { select, type SelectionRequest } from "../../../lib/plan/select.ts";
import { command, need, planOf, space } from "../../support/planned.ts";

const EVERYTHING: SelectionRequest = {
  names: [],
  exclude: [],
  modules: [],
  spaces: [],
  tags: [],
  caches: [],
  isolated: false,
};

const plan = planOf([
  command("format", { tags: ["style"] }),
  command("build", { exec: "b {module.name}", hidden: true }),
  command("test", { exec: "t {module.name}", deps: [need("build")], tags: ["ci"] }),
  command("ship", { deps: [need("test"), need("format", { isolated: true })], cache: "none" }),
  command("sign", { deps: [need("format", { isolated: false })] }),
], [space("default", ["a"]), space("app", ["b"])]);

function chosen(request: Partial<SelectionRequest>): { chosen: string[]; selected: string[] } {
  const selection = select(plan, { ...EVERYTHING, ...request });
  const names = (list: readonly number[]) => list.map((at) => plan.tasks[at]!.name);
  return { chosen: names(selection.chosen), selected: names(selection.selected) };
}

Deno.test("without words every command that is not hidden is chosen", () => {
  assert.deepEqual(chosen({}).chosen, [
    "format@default",
    "test@default#a",
    "test@app#b",
    "ship@default",
    "sign@default",
  ]);
  assert(chosen({}).selected.includes("build@app#b"));
});

Deno.test("names may be commands, tasks and wildcards", () => {
  assert.deepEqual(chosen({ names: ["test"] }).chosen, ["test@default#a", "test@app#b"]);
  assert.deepEqual(chosen({ names: ["test@app#b"] }).chosen, ["test@app#b"]);
  assert.deepEqual(chosen({ names: ["s*"] }).chosen, ["ship@default", "sign@default"]);
  assert.deepEqual(chosen({ names: ["b?ild@app*"] }).chosen, ["build@app#b"]);
  assert.deepEqual(chosen({ names: ["s[hx]ip"] }).chosen, ["ship@default"]);
});

Deno.test("kinds are joined by AND, words of a kind by OR", () => {
  assert.deepEqual(chosen({ spaces: ["app"], tags: ["ci", "style"] }).chosen, ["test@app#b"]);
  assert.deepEqual(chosen({ modules: ["a", "b"] }).chosen, ["test@default#a", "test@app#b"]);
  assert.deepEqual(chosen({ caches: ["none"] }).chosen, ["ship@default"]);
});

Deno.test("what is needed comes along, unless isolated", () => {
  assert.deepEqual(chosen({ names: ["test@app#b"] }).selected, ["build@app#b", "test@app#b"]);
  assert.deepEqual(chosen({ names: ["test@app#b"], isolated: true }).selected, ["test@app#b"]);
  assert.deepEqual(chosen({ names: ["sign"], isolated: true }).selected, [
    "format@default",
    "sign@default",
  ]);
  assert(!chosen({ names: ["ship"] }).selected.includes("format@default"));
});

Deno.test("what is excluded stays away even where it is needed", () => {
  const { selected } = chosen({ names: ["ship"], exclude: ["test*"] });
  assert.deepEqual(selected, ["ship@default"]);
});

Deno.test("every unknown word is a problem of its own", () => {
  assert.throws(
    () => chosen({ names: ["tset"], modules: ["zzz"], tags: ["styel"], spaces: ["ap"] }),
    (error: unknown) => {
      assert(error instanceof QikError);
      assert.deepEqual(error.problems.map(({ code }) => code), [
        "command-unknown",
        "module-unknown",
        "space-unknown",
        "tag-unknown",
      ]);
      assert.equal(error.problems[0]!.hint, 'Did you mean "test"?');
      return true;
    },
  );
});
