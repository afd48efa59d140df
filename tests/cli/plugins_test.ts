import assert from "node:assert/strict";
import { mark, ranBy } from "../support/fakes.ts";
import { Repo, type Tree } from "../support/repo.ts";

/**
 * A plugin with one of everything: a dependency type `words` whose task `words.count` counts the words of the
 * files that match, in code, and writes them; a command as text; a meta command; settings.
 */
const PLUGIN = `
const schema = (check) => () => Promise.resolve({
  "~standard": { version: 1, vendor: "test", validate: check },
});
const wrong = (message, ...path) => ({ issues: [{ message, path }] });

export default (qik) => ({
  name: "words",
  settings: schema((table) =>
    typeof (table.suffix ?? "txt") === "string" ? { value: table } : wrong("expected a text", "suffix")),
  deps: [qik.depType({
    kind: "words",
    needed: ["dir"],
    schema: schema((table) => typeof table.dir === "string" ? { value: table } : wrong("expected a text", "dir")),
    plan: ({ dir }, { plugin, space }) => ({
      kind: "words",
      needs: [{ command: plugin.name + ".count", args: { dir }, strict: false, orderOnly: false }],
      late: async (world) => {
        const bytes = world.file("out/" + space.name + "-" + dir + ".json");
        return { globs: [], facts: [{ label: "words " + dir, read: () => new TextDecoder().decode(bytes) }] };
      },
    }),
  })],
  commands: [qik.command({
    name: "count",
    description: "Counts words",
    hidden: true,
    task: ({ space, args: { dir } }, { settings }) => {
      const glob = dir + "/*." + (settings.suffix ?? "txt");
      return {
        exec: {
          version: "1",
          async run({ world, files, root, write, tool }) {
            let words = 0;
            for (const { path } of await world.inputs([glob])) {
              words += new TextDecoder().decode(world.file(path)).split(/\\s+/).filter(Boolean).length;
            }
            if (words === 0) {
              throw qik.problem({ code: "plugin-failed", message: 'Cannot count "' + dir + '"', hint: "Write words" });
            }
            await tool(["sh", "-c", ${JSON.stringify(mark("counted"))}]);
            files.makeDirectory(root + "/out");
            files.writeAtomic(root + "/out/" + space.name + "-" + dir + ".json", new TextEncoder().encode("" + words));
            write("out", words + " words\\n");
            return 0;
          },
        },
        deps: [{ kind: "words", globs: [glob] }],
        artifacts: ["out/" + space.name + "-" + dir + ".json"],
      };
    },
  })],
  toml: '[commands]\\nhello = "echo hello from text"\\n',
  meta: [qik.meta({
    name: "words",
    description: "Prints how many words there are",
    async run({ words, json, runTasks, world, project, write }) {
      const [dir] = words;
      const code = await runTasks([project.plugin.name + ".count?dir=" + dir]);
      if (code !== 0) return code;
      const file = "out/default-" + dir + ".json";
      const count = Number(new TextDecoder().decode(world(project.config.spaces[0]).file(file)));
      write("out", json ? JSON.stringify({ dir, count }) + "\\n" : dir + ": " + count + "\\n");
      return 0;
    },
  })],
});
`;

const FILES: Tree = {
  "tools/words.ts": PLUGIN,
  "qik.toml": `[plugins]
w = "./tools/words.ts"

[commands.report]
exec = "${mark("report")}; cat out/default-a.json"
deps = [{ type = "words", dir = "a" }]
`,
  "a/one.txt": "one two three\n",
  "a/more.md": "not counted\n",
  ".gitignore": "out\n",
};

Deno.test("a dependency of a plugin makes a task in code, which is cached and hands on what it wrote", async () => {
  await using repo = await Repo.create(FILES);
  const { code, out } = await repo.qik("report");
  assert.equal(code, 0, repo.log.toString());
  assert.match(out, /report/);
  assert.deepEqual(await ranBy(repo, "report"), [], "both come from the cache");
  await repo.write({ "a/one.txt": "three other words\n" });
  assert.deepEqual(await ranBy(repo, "report"), ["counted"], "the same count: nothing to report");
  await repo.write({ "a/one.txt": "two words\n" });
  assert.deepEqual(await ranBy(repo, "report"), ["counted", "report"]);
  await repo.remove("out");
  assert.deepEqual(await ranBy(repo, "report"), [], "what the code wrote is put back");
  assert.equal(await repo.read("out/default-a.json"), "2");
});

Deno.test("tasks of plugins are listed and run by their names", async () => {
  await using repo = await Repo.create(FILES);
  assert.equal((await repo.must("--ls")).out, "report\nw.hello\n");
  assert.equal((await repo.must("--ls", "w.count")).out, "w.count?dir=a\n");
  assert.match((await repo.must("w.count?dir=a")).out, /^3 words$/m);
  assert.match((await repo.must("w.hello")).out, /^hello from text$/m);
});

Deno.test("what a plugin's code cannot do fails its task with the plugin's words", async () => {
  await using repo = await Repo.create({ ...FILES, "a/one.txt": "" });
  const { code, out, err } = await repo.qik("report");
  assert.equal(code, 2);
  assert.match(out + err, /Cannot count "a" \[plugin-failed\]\n {2}hint: Write words/);
});

Deno.test("settings are checked by the plugin, and their templates are filled in", async () => {
  await using repo = await Repo.create(FILES);
  const table = (text: string) =>
    FILES["qik.toml"]!.toString().replace(
      'w = "./tools/words.ts"',
      `[plugins.w]\nplugin = "./tools/words.ts"\n${text}`,
    );
  await repo.write({ "qik.toml": table("suffix = 3") });
  const wrong = await repo.qik("report");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /plugins\.w\.suffix/);
  await repo.write({
    "qik.toml": 'ctx = ["suffix"]\n' + table('suffix = "{ctx.suffix}"').replace("[plugins]", ""),
  });
  const filled = await repo.with({ env: { SUFFIX: "md" } }).qik("w.count?dir=a");
  assert.match(filled.out, /^2 words$/m, filled.err);
});

Deno.test("a plugin's meta command runs tasks and answers, for people and for programs", async () => {
  await using repo = await Repo.create(FILES);
  assert.equal((await repo.must(":words", "a")).out, "a: 3\n");
  assert.equal((await repo.must(":words", "a", "--json")).out, '{"dir":"a","count":3}\n');
  assert.match((await repo.must(":words", "--help")).out, /Prints how many words there are/);
  const lost = await repo.qik(":wrods");
  assert.equal(lost.code, 2);
  assert.match(lost.err, /Did you mean ":words"\?/);
});

Deno.test("plugins that cannot be used are told with their line", async () => {
  const cases: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["./gone.ts", undefined, /Cannot use the plugin "\.\/gone\.ts": .*gone\.ts/],
    ["./bad.ts", "export default (", /Cannot use the plugin "\.\/bad\.ts": /],
    ["./bad.ts", "export const x = 1;", /its default export is no plugin/],
    ["./bad.ts", 'export default () => { throw new Error("no tool") };', /no tool/],
    ["npm:no-such-package", undefined, /Cannot use the plugin "npm:no-such-package": /],
    ["qik.pygraf", undefined, /Cannot use the plugin "qik\.pygraf": no such plugin/],
  ];
  for (const [source, text, message] of cases) {
    await using repo = await Repo.create({
      "qik.toml": `[commands]\na = "true"\n[plugins]\nbad = "${source}"\n`,
      ...(text === undefined ? {} : { [source]: text }),
    });
    const { code, err } = await repo.qik("a");
    assert.equal(code, 2, `${source} ${text}`);
    assert.match(err, message);
    assert.match(err, /at qik\.toml:4:1 \(plugins\.bad\)/);
  }
});

Deno.test("a package of node_modules is a plugin, whichever version is named", async () => {
  await using repo = await Repo.create({
    "qik.toml": '[plugins]\nhi = "npm:qik-hi@1"\n',
    "node_modules/qik-hi/package.json":
      '{"name": "qik-hi", "type": "module", "exports": "./mod.js"}',
    "node_modules/qik-hi/mod.js":
      "export default () => ({ name: 'hi', toml: '[commands]\\nhi = \"echo hi from a package\"\\n' });",
  });
  assert.match((await repo.must("hi.hi")).out, /^hi from a package$/m);
});

Deno.test("a changed plugin is asked again, whatever is remembered of the configuration", async () => {
  await using repo = await Repo.create(FILES);
  await repo.must("--ls");
  const changed = PLUGIN.replace("hello = ", "goodbye = ");
  assert.notEqual(changed, PLUGIN);
  await repo.write({ "tools/words.ts": changed });
  assert.equal((await repo.must("--ls")).out, "report\nw.goodbye\n");
});
