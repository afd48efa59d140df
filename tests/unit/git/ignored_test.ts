/** What git ignores of many paths at once is what it says of each of them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Git } from "../../../lib/git/git_call.ts";
import { askIgnored } from "../../../lib/git/ignored.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { Scratch } from "../space/scratch.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Packages, each with an ignored directory; in every third one that directory holds a tracked file. */
function repository(packages: number): Scratch {
  const tree = numbers(packages).flatMap((at) => [
    [`p${at}/out/made.js`, "x"] as const,
    [`p${at}/out-side/a.js`, "x"] as const,
    [`p${at}/a.log`, "x"] as const,
    [`p${at}/é [b]/a.ts`, "x"] as const,
  ]);
  const scratch = new Scratch({ ...Object.fromEntries(tree), ".gitignore": "out/\n*.log\n" });
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: scratch.root, stdio: "ignore" });
  git("init", "-q");
  git("add", "-A");
  for (const at of numbers(packages).filter((at) => at % 3 === 0)) {
    git("add", "-f", `p${at}/out/made.js`);
    if (at % 2 === 0) git("add", "-f", `p${at}/a.log`);
  }
  return scratch;
}

async function both(scratch: Scratch, packages: number): Promise<void> {
  const git = new Git(openSys(), scratch.root, {});
  const paths = numbers(packages).flatMap((at) =>
    ["/", "/out/", "/out-side/", "/a.log", "/é [b]/", "/new/", "/new.log"].map((end) =>
      `p${at}${end}`
    )
  );
  const each: string[] = [];
  for (const path of paths) each.push(...await askIgnored(git, [path]));
  assert.deepEqual([...await askIgnored(git, paths)].sort(), each.sort());
  assert.ok(each.includes("p1/out/") && !each.includes("p0/out/"));
}

for (const [packages, what] of [[4, "few of many"], [12, "many of many"]] as const) {
  Deno.test(`${what} that are ignored are those that are ignored each by itself`, async () => {
    using scratch = repository(packages);
    await both(scratch, packages);
  });
}

Deno.test("rules that a sparse checkout leaves in the index count, too", async () => {
  using scratch = repository(12);
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: scratch.root, stdio: "ignore" });
  git("config", "core.sparseCheckout", "true");
  git("update-index", "--skip-worktree", ".gitignore");
  execFileSync("rm", [".gitignore"], { cwd: scratch.root });
  await both(scratch, 12);
});
