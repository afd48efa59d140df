import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import type { Repo } from "./repo.ts";

/** A handle whose runs count the calls of git or other programs, and how many there were since the last question. */
export async function counted(
  repo: Repo,
  programs: readonly string[] = ["git"],
): Promise<{ repo: Repo; calls: () => Promise<number> }> {
  const log = repo.path("../calls");
  for (const program of programs) {
    const real = (await repo.run("sh", "-c", `command -v ${program}`)).out.trim();
    const script = `#!/bin/sh\necho ${program} >> '${log}'\nexec '${real}' "$@"\n`;
    await repo.writeScript(`../shim/${program}`, script);
  }
  const PATH = `${repo.path("../shim")}:${repo.environment()["PATH"]}`;
  const calls = async () => {
    const text = await repo.read("../calls").catch(() => "");
    rmSync(log, { force: true });
    return text.split("\n").length - 1;
  };
  return { repo: repo.with({ env: { PATH } }), calls };
}

/** Runs until nothing is asked any more; answers what that run printed. */
export async function settled(
  repo: Repo,
  calls: () => Promise<number>,
  ...args: readonly string[]
): Promise<string> {
  let out = "";
  for (let tries = 0; tries < 4; tries++) {
    await calls();
    out = (await repo.must(...args)).out;
    if (await calls() === 0) return out;
    // Ignore rules are believed when they are older than 2 s.
    if (tries === 1) await repo.run("sleep", "2.1");
  }
  assert.fail(`git is asked in every run\n${repo.log}`);
}
