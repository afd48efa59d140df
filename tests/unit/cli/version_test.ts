import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { answerVersion } from "../../../lib/cli/version.ts";
import { ROOT } from "../../../scripts/root.ts";

/** What a module and all that it imports make the runtime load before its first line runs. */
function loadedBefore(path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  const text = readFileSync(join(ROOT, path), "utf8");
  for (const [, what, from] of text.matchAll(/^import (?!type )([^;]*?)\s*from "([^"]+)";/gms)) {
    const onlyTypes = what!.replace(/[{}\s]/g, "").split(",").every((name) =>
      name === "" || name.startsWith("type")
    );
    if (!onlyTypes && from!.startsWith(".")) loadedBefore(join(dirname(path), from!), loaded);
  }
  return loaded;
}

Deno.test("nothing is loaded for the version that it does not need", () => {
  assert.deepEqual([...loadedBefore("main.ts")].sort(), [
    "lib/base/version.ts",
    "lib/cli/lost_output.ts",
    "lib/cli/version.ts",
    "lib/sys/begin.ts",
    "lib/sys/sys.ts",
    "lib/sys/terminal.ts",
    "main.ts",
  ]);
});

Deno.test("the version alone is answered at once; with other words beside it the parser decides", () => {
  const answered = (...args: string[]) => {
    let said = "";
    const terminal = {
      write: (_: unknown, bytes: Uint8Array) => void (said += new TextDecoder().decode(bytes)),
      failure: () => undefined,
    };
    let code = -1;
    const is = answerVersion({ args, terminal, exit: (given) => void (code = given) });
    return [is, said.startsWith("qik "), code];
  };
  assert.deepEqual(answered("--version"), [true, true, 0]);
  assert.deepEqual(answered("-V"), [true, true, 0]);
  for (const args of [[], ["lint"], ["--version", "lint"], ["-V", "-v"], ["--versions"]]) {
    assert.deepEqual(answered(...args), [false, false, -1], args.join(" "));
  }
});
