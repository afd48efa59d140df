import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import { parseArgs } from "../../../lib/cli/args.ts";
import { META } from "../../../lib/cli/commands/mod.ts";
import { metaHelpText } from "../../../lib/cli/help.ts";
import { runMeta } from "../../../lib/cli/meta.ts";
import type { MetaCall, MetaSpec } from "../../../lib/cli/meta_spec.ts";
import type { AppParts } from "../../../lib/cli/parts.ts";

/** Specs whose last call and last output can be looked at. */
function bench() {
  const seen: { call?: MetaCall; out: string } = { out: "" };
  const load = () =>
    Promise.resolve({ run: (_: AppParts, call: MetaCall) => (seen.call = call, { code: 0 }) });
  const specs: readonly MetaSpec[] = [
    {
      name: "store",
      text: "look after it",
      actions: [
        { name: "ls", text: "list it", options: [{ flags: "--max-size <n>", text: "n" }], load },
        { name: "rm", text: "remove", words: ["<key...>"], load },
        {
          name: "show",
          text: "show one",
          words: ["[key]"],
          options: [{ flags: "-f, --format <kind>", text: "how", choices: ["text", "dot"] }],
          load,
        },
      ],
    },
    { name: "x", text: "run a tool", words: ["<tool>", "[arg...]"], passThrough: true, load },
  ];
  const write = (_: string, bytes: Uint8Array) =>
    void (seen.out += new TextDecoder().decode(bytes));
  const parts = { sys: { terminal: { write } } } as unknown as AppParts;
  const call = async (line: string) => {
    delete seen.call;
    seen.out = "";
    await runMeta(specs, parts, parseArgs(line.split(" ")));
    return seen;
  };
  return call;
}

const UNDERSTOOD: Readonly<Record<string, Partial<MetaCall>>> = {
  ":store ls": { words: [], json: false },
  ":store ls --max-size 4 --json": { json: true, words: [] },
  "--json :store ls": { json: true },
  ":store rm a b": { words: ["a", "b"] },
  ":store rm -- -a": { words: ["-a"] },
  ":store show k -f dot": { words: ["k"] },
  ":x ruff@lint --fix -h -- a": { words: ["ruff@lint", "--fix", "-h", "--", "a"] },
};

for (const [line, expected] of Object.entries(UNDERSTOOD)) {
  Deno.test(`the meta command of "${line}" gets what was written`, async () => {
    const { call } = await bench()(line);
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual(call?.[name as keyof MetaCall], value, name);
    }
  });
}

Deno.test("options of a meta command have their long names, global ones reach the invocation", async () => {
  const call = bench();
  assert.equal((await call(":store ls --max-size 4")).call?.options["max-size"], "4");
  assert.equal((await call(":store show --format text")).call?.options["format"], "text");
  const { invocation } = (await call(":store ls -C sub -v 0 --no-emoji")).call!;
  assert.deepEqual(
    [invocation.directory, invocation.verbosity, invocation.emoji],
    ["sub", 0, false],
  );
});

const REFUSED: Readonly<Record<string, readonly [RegExp, RegExp]>> = {
  ":stoer": [/Cannot find the meta command ":stoer"/, /Did you mean ":store"/],
  ":store sl": [/Cannot find "sl" among the actions of ":store"/, /ls/],
  ":store rm": [/Cannot understand ":store rm": Missing required argument/, /qik :store rm --help/],
  ":store ls extra": [/Too many arguments/, /qik :store ls --help/],
  ":store ls --max-siz 3": [/Cannot understand the option "--max-siz"/, /--max-size/],
  ":store show --format svg": [/Allowed choices are text, dot/, /qik :store show --help/],
  ":store ls -v 7": [/Cannot use "7" as the verbosity/, /-v 0/],
};

for (const [line, [message, hint]] of Object.entries(REFUSED)) {
  Deno.test(`"${line}" is refused`, async () => {
    await assert.rejects(bench()(line), (error: unknown) => {
      assert(error instanceof QikError);
      assert.equal(error.exit, 2);
      assert.match(error.message, message);
      assert.match(error.problems[0]!.hint ?? "", hint);
      return true;
    });
  });
}

Deno.test("help is asked for in any place, and is what a command with actions says by itself", async () => {
  const call = bench();
  const group = (await call(":store")).out;
  assert.match(group, /^qik :store: look after it\n\nUsage: qik :store ACTION/);
  assert.match(group, /\n {2}ls +list it\n/);
  for (const line of [":store --help", "--help :store"]) {
    assert.equal((await call(line)).out, group, line);
  }
  const one = (await call(":store rm --help")).out;
  assert.match(one, /Usage: qik :store rm <key...> \[options\]/);
});

Deno.test("the help of every meta command fits 80 columns", () => {
  const all = (path: string, specs: readonly MetaSpec[]): (readonly [string, MetaSpec])[] =>
    specs.flatMap((spec) => [
      [path + spec.name, spec] as const,
      ...all(`${path}${spec.name} `, spec.actions ?? []),
    ]);
  for (const [path, spec] of all(":", META)) {
    const help = metaHelpText(path, spec);
    for (const line of help.split("\n")) {
      assert.ok([...line].length <= 80, `${path}: ${line}`);
      assert.equal(line, line.trimEnd());
    }
    assert.ok(spec.load !== undefined || spec.actions !== undefined, path);
  }
});
