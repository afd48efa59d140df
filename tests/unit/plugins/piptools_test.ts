import assert from "node:assert/strict";
import { compileWords } from "../../../plugins/piptools/steps.ts";
import type { At } from "../../../plugins/piptools/venv.ts";

function words(settings: At["settings"], constraints: readonly string[] = []): string[] {
  return compileWords({ settings, constraints, lock: "l.txt", reqs: ["a.in", "b.in"] } as never);
}

Deno.test("settings become options of pip-compile", () => {
  const usual = words({});
  assert.ok(usual.includes("--generate-hashes"));
  assert.deepEqual(usual.slice(-4), ["--output-file=l.txt", "--", "a.in", "b.in"]);
  assert.ok(!words({ hashes: false }).includes("--generate-hashes"));
  const more = words({ extras: ["dev", "docs"] }, ["c.txt"]);
  for (const word of ["--extra=dev", "--extra=docs", "--constraint=c.txt"]) {
    assert.ok(more.includes(word), word);
  }
});

Deno.test("indexes are in no argument", () => {
  const url = "https://me:secret-word@example.org/simple";
  const all = words({ "index-url": url, "extra-index-url": [url] });
  assert.ok(!all.join(" ").includes("secret-word"));
});
