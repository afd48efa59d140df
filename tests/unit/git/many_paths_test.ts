import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Ground } from "../../support/work_tree.ts";

/** Whether a repository with so many names in its index had the compilers asked to be eager. */
async function asksForCompilers(paths: number): Promise<boolean> {
  using ground = Ground.create();
  const empty = ground.git("hash-object", "-w", "--stdin").trim();
  const lines = Array.from({ length: paths }, (_, at) => `100644 ${empty}\tmany/f${at}\n`);
  ground.gitBytes(["update-index", "--index-info"], Buffer.from(lines.join("")));
  let asked = false;
  const sys = ground.sys();
  // The real answer is given, too: it must be one that this runtime takes.
  const machine = {
    ...sys.machine,
    compileEagerly() {
      asked = true;
      sys.machine.compileEagerly?.();
    },
  };
  await ground.tree({ sys: { ...sys, machine } });
  return asked;
}

Deno.test("many paths are worth compilers that work at once, a few are not", async () => {
  assert.equal(await asksForCompilers(10_001), true);
  assert.equal(await asksForCompilers(10_000), false);
});
