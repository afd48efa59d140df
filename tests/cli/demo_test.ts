import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT, denoDirectory, Repo } from "../support/repo.ts";

Deno.test("the demo does what it says: it fails where other tasks are cold than it promises", async () => {
  await using repo = await Repo.create();
  const env = { QIK_BIN: join(await repo.writeProgram(), "qik"), DENO_DIR: denoDirectory() };
  const words = ["run", "-A", "-q", "--config", join(CHECKOUT, "deno.json")];
  const demo = repo.with({ env });
  const ran = await demo.run(Deno.execPath(), ...words, join(CHECKOUT, "scripts/demo.ts"));
  assert.equal(ran.code, 0, ran.out + ran.err);
  assert.match(ran.out, /Cold[^]*5 ran[^]*Warm[^]*5 cached[^]*After one edit[^]*3 ran, 2 cached/);
});
