import assert from "node:assert/strict";
import type { Problem } from "../../../lib/base/problems.ts";
import { ctxValues } from "../../../lib/config/ctx.ts";
import type { CtxVariable } from "../../../lib/config/types.ts";
import {
  fillTemplate,
  mentionsModule,
  parseTemplate,
  type TemplateNames,
} from "../../../lib/config/templates.ts";

const variable = (name: string, rest: Partial<CtxVariable> = {}): CtxVariable => ({
  name,
  type: "str",
  required: true,
  ...rest,
});

function names(
  variables: readonly CtxVariable[] = [],
  env: Record<string, string> = {},
): TemplateNames {
  return {
    ctx: ctxValues({ variables, env, runtime: new Map([["arch", "linux-64"], ["workers", "4"]]) }),
    module: { name: "api", dir: "app/api", pyimport: "app.api" },
    space: { name: "app", root: "app" },
    args: "-x 'a b'",
  };
}

function filled(text: string, from = names()): string | undefined {
  const problems: Problem[] = [];
  const value = fillTemplate(text, from, problems);
  assert.deepEqual(problems, [], text);
  return value;
}

function wrong(text: string, from = names()): Problem {
  const problems: Problem[] = [];
  assert.equal(fillTemplate(text, from, problems), undefined);
  assert.equal(problems.length, 1);
  return problems[0]!;
}

Deno.test("templates: every placeholder", () => {
  const text = "{module.name} {module.dir} {module.pyimport} {space.name} {space.root} {args}";
  assert.equal(filled(text), "api app/api app.api app app -x 'a b'");
  assert.equal(filled("{ctx.qik.arch}/{ctx.qik.workers}"), "linux-64/4");
  const own = names([variable("my-bucket")], { MY_BUCKET: "b" });
  assert.equal(filled("{ctx.my-bucket}{ctx.my_bucket}", own), "bb");
});

Deno.test("templates: other braces are literal", () => {
  for (
    const text of [
      "awk '{print $1}'",
      "echo ${HOME} $args",
      '{"a": {"b": [1, {}]}}',
      "find . -exec ls {} ;",
      "{module} {ctx} {modules.x} {args.x} { module.dir } {module.}",
      "a } b { c",
      "{print {{x}}}",
      "",
    ]
  ) {
    assert.equal(filled(text), text);
  }
});

Deno.test("templates: doubled braces of the Python qik", () => {
  assert.equal(filled("awk '{{print $1}}'"), "awk '{print $1}'");
  assert.equal(filled('{{"dir": {{"x": "{module.dir}"}}}}'), '{"dir": {"x": "app/api"}}');
  assert.equal(filled('{{"dir": {module.dir}}}'), '{"dir": app/api}');
  assert.equal(filled("{{{module.dir}}}"), "{app/api}");
  // A single brace elsewhere: the text is not written for the Python qik.
  assert.equal(filled("{x} {{y}}"), "{x} {{y}}");
});

Deno.test("templates: an escaped name is literal wherever it stands", () => {
  assert.equal(filled("echo {{module.dir}}"), "echo {module.dir}");
  assert.equal(filled("{x} {{module.dir}} {module.dir}"), "{x} {module.dir} app/api");
  assert.equal(filled("${{args}}"), "${args}");
  assert.equal(mentionsModule("echo {{module.dir}}"), false);
  assert.equal(mentionsModule("echo {module.dir}"), true);
});

Deno.test("templates: unknown names are problems with the nearest", () => {
  const from = names([variable("bucket")], { BUCKET: "b" });
  const ctx = wrong("{ctx.buket}", from);
  assert.deepEqual([ctx.code, ctx.hint], ["ctx-unknown", 'Did you mean "bucket"?']);
  assert.equal(wrong("{ctx.qik.arhc}").hint, 'Did you mean "arch"?');
  assert.equal(wrong("{ctx.project.bucket}", from).hint, 'Write "{ctx.bucket}"');
  assert.equal(wrong("{module.nope}").code, "template-unknown");
  const bare: TemplateNames = { ctx: from.ctx };
  assert.equal(wrong("{module.dir}", bare).code, "template-unknown");
  assert.equal(wrong("{args}", bare).code, "template-unknown");
});

Deno.test("templates: a problem carries the place", () => {
  const problem = wrong("{module.nope}", { ...names(), place: { file: "qik.toml", path: "a" } });
  assert.deepEqual(problem.place, { file: "qik.toml", path: "a" });
});

Deno.test("templates: the root is a dot for commands", () => {
  const root = { name: "all", dir: "", pyimport: "" };
  assert.equal(
    filled("{module.dir} {space.root}", { ...names(), module: root, space: { name: "d" } }),
    ". .",
  );
});

Deno.test("ctx: values, defaults and types", () => {
  const jobs = variable("jobs", { type: "int", default: 4 });
  const flag = variable("flag", { type: "bool" });
  assert.equal(filled("{ctx.jobs}", names([jobs])), "4");
  assert.equal(filled("{ctx.jobs}", names([jobs], { JOBS: " 07 " })), "7");
  assert.equal(filled("{ctx.jobs}", names([jobs], { JOBS: "1", PROJECT__JOBS: "2" })), "2");
  for (const yes of ["yes", "TRUE", "1"]) {
    assert.equal(filled("{ctx.flag}", names([flag], { FLAG: yes })), "true");
  }
  for (const no of ["no", "False", "0"]) {
    assert.equal(filled("{ctx.flag}", names([flag], { FLAG: no })), "false");
  }
  assert.equal(wrong("{ctx.jobs}", names([jobs], { JOBS: "many" })).code, "ctx-bad-value");
  assert.equal(wrong("{ctx.flag}", names([flag], { FLAG: "on" })).code, "ctx-bad-value");
});

Deno.test("ctx: missing required and optional variables", () => {
  const problem = wrong("{ctx.bucket}", names([variable("bucket")]));
  assert.equal(problem.code, "ctx-missing");
  assert.match(problem.hint!, /BUCKET or PROJECT__BUCKET/);
  assert.equal(
    filled("a{ctx.bucket}b", names([variable("bucket", { required: false })])),
    undefined,
  );
  assert.equal(filled("{ctx.qik.since}"), undefined, "a runtime name without a value is optional");
});

Deno.test("ctx: QIK__NAME wins over the machine, the command line over both", () => {
  const runtime = new Map([["workers", "4"]]);
  const env = { QIK__WORKERS: "1", QIK__CACHE_STATUS: "cold" };
  const value = (given: ReadonlyMap<string, string>, name: string) =>
    ctxValues({ variables: [], env, runtime, given }).runtime(name);
  assert.deepEqual(value(new Map(), "workers"), { value: "1" });
  assert.deepEqual(value(new Map([["workers", "3"]]), "workers"), { value: "3" });
  assert.deepEqual(value(new Map(), "cache-status"), { value: "cold" });
});

Deno.test("templates: doubling every brace writes any text literally", () => {
  const text = "{{module.dir}} {x} {args} }{ {{{ctx.a}";
  assert.equal(filled(text.replace(/[{}]/g, "$&$&")), text);
  assert.deepEqual(parseTemplate(""), []);
});
