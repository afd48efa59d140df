import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { type Invocation, parseArgs } from "../../../lib/cli/args.ts";

const parse = (line: string): Invocation => parseArgs(line === "" ? [] : line.split(" "));

/** What the line sets that an empty line does not. */
function given(line: string): Partial<Invocation> {
  const empty = parse("") as unknown as Record<string, unknown>;
  const entries = Object.entries(parse(line));
  return Object.fromEntries(
    entries.filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(empty[key])),
  );
}

const UNDERSTOOD: Readonly<Record<string, Partial<Invocation>>> = {
  "lint test": { names: ["lint", "test"] },
  "-m a -m b --module c": { modules: ["a", "b", "c"] },
  "-s app -t ci -x slow*": { spaces: ["app"], tags: ["ci"], exclude: ["slow*"] },
  "-n 4": { workers: "4" },
  "-n4 lint": { workers: "4", names: ["lint"] },
  "--workers=2": { workers: "2" },
  "-f --fail-fast": { force: true, failFast: true },
  "--no-cache": { useCache: false },
  "--cache repo --cache local": { caches: ["repo", "local"] },
  "--cache repo --no-cache": { useCache: false },
  "--cache-status cold --fail --ls": { cacheStatus: "cold", fail: true, ls: true },
  "--isolated --dry-run --json": { isolated: true, dryRun: true, json: true },
  "-v lint": { verbosity: 2, names: ["lint"] },
  "-v 0 lint": { verbosity: 0, names: ["lint"] },
  "-v": { verbosity: 2 },
  "-v2": { verbosity: 2 },
  "--verbosity 0": { verbosity: 0 },
  "--no-emoji": { emoji: false },
  "-C sub lint": { directory: "sub", names: ["lint"] },
  ":version --json": { meta: "version", metaWords: ["--json"] },
  "-C sub --json :cache rm -- -x": {
    meta: "cache",
    metaWords: ["rm", "--", "-x"],
    directory: "sub",
    json: true,
  },
  "-m :version": { modules: [":version"] },
  "lint :version": { names: ["lint", ":version"] },
  "test -- -k :x --ls": { names: ["test"], args: ["-k", ":x", "--ls"] },
  "test --": { names: ["test"], args: [] },
  "-h": { help: true },
  "-V": { version: true },
};

for (const [line, expected] of Object.entries(UNDERSTOOD)) {
  Deno.test(`qik ${line}`, () => assert.deepEqual(given(line), expected));
}

const REFUSED: Readonly<Record<string, RegExp>> = {
  "--wrokers 2": /Cannot understand the option "--wrokers"/,
  "-n": /argument missing/,
  "--cache-status hot": /Allowed choices are warm, cold/,
  "-v9": /Cannot use "9" as the verbosity/,
  "lint -v 7": /Cannot use "7" as the verbosity/,
  "-q": /Cannot understand the option "-q"/,
};

for (const [line, message] of Object.entries(REFUSED)) {
  Deno.test(`qik ${line} is refused`, () => {
    assert.throws(() => parse(line), (error: unknown) => {
      assert(error instanceof QikError);
      assert.match(error.message, message);
      assert.equal(error.problems[0]!.code, "usage");
      assert.equal(error.exit, 2);
      return true;
    });
  });
}

Deno.test("an option that is nearly right is named", () => {
  assert.throws(() => parse("--isolatd"), (error: unknown) => {
    assert(error instanceof QikError);
    assert.equal(error.problems[0]!.hint, "Did you mean --isolated?");
    return true;
  });
});
