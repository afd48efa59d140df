/**
 * `deno task real`: qik on two repositories that others wrote, taken from what they publish: Django (Python, by
 * `pip download` of its source) and RxJS (TypeScript, by `npm pack`). Needs python3, pip, npm, node and git.
 *
 * Each is run cold, warm, without its artifacts, and after one edit; what ran is compared with what should have,
 * and the times are printed. `QIK_BIN` names the program, as in the tests.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { prepareDjango } from "./real/django.ts";
import type { RealRepository } from "./real/repository.ts";
import { prepareRxjs } from "./real/rxjs.ts";
import { ROOT } from "./root.ts";

interface Counts {
  readonly ran: number;
  readonly hit: number;
}

/** Runs qik and returns what its manifest counts. */
function qik(repository: string): Counts & { readonly tookMs: number } {
  const built = process.env["QIK_BIN"];
  const own = [Deno.execPath(), "run", "-A", "-q", "--config", "deno.json", "main.ts"];
  const [file, ...args] = built === undefined || built === "" ? own : [join(ROOT, built)];
  const start = performance.now();
  execFileSync(file!, [...args, "-C", repository], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tookMs = performance.now() - start;
  const manifest = readFileSync(join(repository, "._qik/out/manifest.json"), "utf8");
  const { counts } = JSON.parse(manifest) as { readonly counts: Counts };
  return { ran: counts.ran, hit: counts.hit, tookMs };
}

function check(name: string, real: RealRepository): void {
  const { directory, tasks, artifacts, edit } = real;
  const files = execFileSync("git", ["ls-files"], { cwd: directory, encoding: "utf8" });
  console.log(`${name}: ${files.split("\n").length - 1} files, ${tasks} tasks`);
  const step = (what: string, ran: number) => {
    const found = qik(directory);
    console.log(
      `  ${what.padEnd(18)} ${String(found.ran).padStart(3)} ran ${
        String(found.hit).padStart(3)
      } cached ` +
        `${found.tookMs.toFixed(0).padStart(6)} ms`,
    );
    assert.deepEqual([found.ran, found.hit], [ran, tasks - ran], `${name}, ${what}`);
  };
  step("cold", tasks);
  step("warm", 0);
  const before = real.result();
  rmSync(join(directory, artifacts), { recursive: true });
  step("artifacts removed", 0);
  assert.equal(real.result(), before, `${name}: artifacts came back as they were`);
  appendFileSync(join(directory, edit.file), edit.text);
  step(`edit of ${edit.what}`, edit.ran);
  step("warm", 0);
}

const base = mkdtempSync(join(tmpdir(), "qik-real-"));
try {
  check("Django 5.2.8", prepareDjango(base));
  check("RxJS 7.8.1", prepareRxjs(base));
} finally {
  rmSync(base, { recursive: true, force: true });
}
