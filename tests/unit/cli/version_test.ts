import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { answerVersion } from "../../../lib/cli/version.ts";
import { ROOT } from "../../../scripts/root.ts";

/** Modules that are loaded with one: of this project by their paths, others by their names. */
function loadedWith(path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  const text = readFileSync(join(ROOT, path), "utf8");
  for (const [, what, from] of text.matchAll(/^import (?!type )([^;]*?)\s*from "([^"]+)";/gms)) {
    const names = what!.replace(/[{}]/g, "").split(",").map((name) => name.trim());
    if (names.every((name) => name === "" || name.startsWith("type "))) continue;
    if (from!.startsWith(".")) loadedWith(join(dirname(path), from!), loaded);
    else loaded.add(from!);
  }
  return loaded;
}

Deno.test("nothing is loaded for the version that it does not need", () => {
  assert.deepEqual([...loadedWith("main.ts")].sort(), [
    "lib/base/version.ts",
    "lib/cli/lost_output.ts",
    "lib/cli/version.ts",
    "lib/sys/begin.ts",
    "main.ts",
  ]);
});

Deno.test("a recalled run loads no module of node's, which take Deno as long as all else", () => {
  const parts = ["cli/app", "cli/recall", "cli/people", "report/plain", "report/streaming"];
  for (const part of parts) {
    const loaded = [...loadedWith(`lib/${part}.ts`)];
    assert.ok(loaded.length > 3, part);
    assert.deepEqual(loaded.filter((name) => !name.startsWith("lib/")), [], part);
  }
});

Deno.test("the version alone is answered at once; with other words beside it the parser decides", async () => {
  const answered = async (...args: string[]) => {
    let said = "";
    const terminal = {
      write: (_: unknown, bytes: Uint8Array) => void (said += new TextDecoder().decode(bytes)),
      failure: () => undefined,
    };
    let code = -1;
    const openTerminal = () => Promise.resolve(terminal);
    const is = await answerVersion({ args, openTerminal, exit: (given) => void (code = given) });
    return [is, said.startsWith("qik "), code];
  };
  assert.deepEqual(await answered("--version"), [true, true, 0]);
  assert.deepEqual(await answered("-V"), [true, true, 0]);
  for (const args of [[], ["lint"], ["--version", "lint"], ["-V", "-v"], ["--versions"]]) {
    assert.deepEqual(await answered(...args), [false, false, -1], args.join(" "));
  }
});
