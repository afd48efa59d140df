import assert from "node:assert/strict";
import { Gate } from "../support/gate.ts";
import { repoTest } from "../support/repo.ts";

/**
 * Ways in which a result could be replayed that is no longer true. Each was found by somebody who tried to make
 * qik lie.
 */

repoTest("what an uncached upstream command wrote counts for those who need it", {
  "qik.toml": `
[commands.copy]
exec = "cp a copied"
deps = ["a"]
artifacts = ["copied"]
cache = "none"
[commands.always]
exec = "cp b made"
artifacts = ["made"]
[commands.use]
exec = "cat copied made"
deps = [{ type = "command", name = "copy" }, { type = "command", name = "always" }]
`,
  ".gitignore": "copied\nmade\n",
  "a": "1\n",
  "b": "1\n",
}, async (repo) => {
  const used = async () => {
    await repo.must("use", "-v", "2");
    return (await repo.read("._qik/out/use.out")).replaceAll("\n", "");
  };
  assert.equal(await used(), "11");
  await repo.write({ "a": "2\n" });
  assert.match((await repo.must("use", "--dry-run")).out, /use +"copy" runs first/);
  assert.equal(await used(), "21");
  await repo.write({ "b": "3\n" });
  assert.equal(await used(), "23");
  assert.match((await repo.must("use")).out, /1 cached/);
});

repoTest("an input that changes and changes back while its command runs", {
  "qik.toml": "",
  "in.txt": "1",
}, async (repo) => {
  await repo.write({ ".gates/": "", ".gitignore": ".gates\n" });
  const gate = new Gate(repo.path(".gates"), "aba");
  await repo.write({ "qik.toml": `[commands.aba]\nexec = '${gate.exec}'\ndeps = ["in.txt"]\n` });
  const running = repo.startQik("aba");
  await gate.started();
  await repo.write({ "in.txt": "2" });
  await repo.write({ "in.txt": "1" });
  await gate.finish(0);
  const { code, err } = await running.ended;
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(err), /in\.txt[^]*inputs-changed/);
  assert.match((await repo.must("--dry-run")).out, /^cold/m);
});

repoTest("a value or a list that changes while its command runs", {
  "qik.toml": "",
  "v.json": '{"a": 1}',
  "list.json": '{"globs": ["v.json"]}',
}, async (repo) => {
  await repo.write({ ".gates/": "", ".gitignore": ".gates\n" });
  const gate = new Gate(repo.path(".gates"), "late");
  const cases: readonly (readonly [string, string, string])[] = [
    ['{ type = "val", file = "v.json", key = "a" }', "v.json", '{"a": 2}'],
    ['{ type = "load", path = "list.json" }', "list.json", '{"globs": ["qik.toml"]}'],
  ];
  for (const [dep, file, text] of cases) {
    const before = await repo.read(file);
    await repo.write({ "qik.toml": `[commands.c]\nexec = '${gate.exec}'\ndeps = [${dep}]\n` });
    const running = repo.startQik();
    await gate.started();
    await repo.write({ [file]: text });
    await gate.finish(0);
    const { code, err } = await running.ended;
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(err), /changed while it ran \[inputs-changed\]/);
    await repo.write({ [file]: before });
    assert.match((await repo.must("--dry-run")).out, /^cold/m, file);
  }
});

repoTest("an artifact of another command that changes while it is used", {
  "qik.toml": "",
  "in.txt": "1\n",
}, async (repo) => {
  await repo.write({ ".gates/": "", ".gitignore": ".gates\nout\n" });
  const gate = new Gate(repo.path(".gates"), "use");
  await repo.write({
    "qik.toml": `[commands.make]
exec = "mkdir -p out && cp in.txt out/made && ln -sf made out/link"
deps = ["in.txt"]
artifacts = ["out"]
[commands.use]
exec = '${gate.exec}'
deps = [{ type = "command", name = "make" }]
`,
  });
  const changes: readonly (readonly [string, string])[] = [
    ["echo 2 > out/made", "out/made"],
    ["rm out/made", "out/made"],
    ["ln -sfn nowhere out/link", "out/link"],
  ];
  for (const [change, path] of changes) {
    const running = repo.startQik("use");
    await gate.started();
    await repo.run("sh", "-c", change);
    await gate.finish(0);
    const { code, err } = await running.ended;
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(err), new RegExp(`"${path}" changed while it ran`));
    assert.match((await repo.must("use", "--dry-run")).out, /^cold .* use\b/m, change);
  }
  // Touched alone, it is what it was.
  const running = repo.startQik("use");
  await gate.started();
  await repo.run("touch", "out/made");
  await gate.finish(0);
  await running.ended;
  assert.match((await repo.must("use")).out, /2 cached/);
});

repoTest("a command may change what it was handed, where that is its own artifact, too", {
  "qik.toml": `[commands.make]
exec = "mkdir -p out && cp in.txt out/made"
deps = ["in.txt"]
artifacts = ["out"]
[commands.stamp]
exec = "echo stamp >> out/made"
deps = [{ type = "command", name = "make" }]
artifacts = ["out/made"]
`,
  ".gitignore": "out\n",
  "in.txt": "1\n",
}, async (repo) => {
  const { err } = await repo.must();
  assert.doesNotMatch(err, /inputs-changed/);
  await repo.must();
  assert.equal(await repo.read("out/made"), "1\nstamp\n");
});

repoTest("what a dotenv file takes from outside counts", {
  "qik.toml": `
[spaces.default]
dotenv = ".env"
[commands.show]
exec = "echo $PLACE"
deps = ["x"]
`,
  ".env": "PLACE=${WHERE:-nowhere}\n",
  "x": "",
}, async (repo) => {
  const show = async (WHERE?: string) => (await repo.with({ env: { WHERE } }).must()).out.trim();
  assert.equal(await show(), "nowhere");
  assert.equal(await show("here"), "here");
  assert.equal(await show("there"), "there");
  assert.equal(await show("here"), "here");
});

repoTest("edits inside a submodule count for globs that lead into it", {
  "qik.toml": '[commands.c]\nexec = "cat sub/src/a"\ndeps = ["sub/src/*"]\n',
}, async (repo) => {
  await repo.write({ "../inner/src/a": "1\n" });
  const inner = repo.with({ cwd: "../inner" });
  await inner.git("init", "-q");
  await inner.git("add", "-A");
  await inner.git("commit", "-q", "-m", "one");
  await repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", "../inner", "sub");
  await repo.commit();
  assert.equal((await repo.must()).out, "1\n");
  await repo.write({ "sub/src/a": "2\n" });
  assert.equal((await repo.must()).out, "2\n");
});

repoTest("a file or value that a dependency names must be there", {
  "qik.toml": `
[commands.load]
exec = "echo"
deps = [{ type = "load", path = "no.json" }]
[commands.file]
exec = "echo"
deps = [{ type = "val", file = "no.json", key = "a" }]
[commands.key]
exec = "echo"
deps = [{ type = "val", file = "some.json", key = "a.b" }]
`,
  "some.json": "{}",
}, async (repo) => {
  const problems: Record<string, RegExp> = {
    load: /"no.json" as a load dependency: there is no such file/,
    file: /a value from "no.json": there is no such file/,
    key: /a value from "some.json": it has no "a.b"/,
  };
  for (const [command, message] of Object.entries(problems)) {
    const { code, err } = await repo.qik(command);
    assert.equal(code, 2);
    assert.match(err, message);
    assert.match(err, /dep-unreadable/);
  }
});

repoTest("globs that git refuses are told with their place, before anything runs", {
  "qik.toml": `
[commands.a]
exec = "echo ran"
deps = ["../x"]
artifacts = ["/etc/hosts"]
`,
}, async (repo) => {
  const { code, out, err } = await repo.qik();
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /"\.\.\/x" \[glob-bad\]\n {2}at qik\.toml:4/);
  assert.match(err, /"\/etc\/hosts" \[glob-bad\]\n {2}at qik\.toml:2/);
});

repoTest("the commands of a module's own file are for that module", {
  "qik.toml": 'modules = ["api", "web"]\n',
  "api/qik.toml": '[commands]\nbuild = "echo {module.name}"\n',
  "web/x": "",
}, async (repo) => {
  assert.equal((await repo.must("--ls")).out, "api/build#api\n");
  assert.equal((await repo.must("api/build")).out, "api\n");
});

repoTest("a list of globs that only takes away, in a space with files of its own", {
  "qik.toml": `
[defaults]
dotenv = [".env"]
[commands.show]
exec = "cat a"
deps = ["!docs"]
[commands.rest]
exec = "cat a"
deps = [":(exclude)docs", { type = "const", val = "x" }]
`,
  ".env": "A=1\n",
  "a": "1\n",
  "docs/d": "1\n",
}, async (repo) => {
  await repo.must();
  await repo.write({ "docs/d": "2\n" });
  assert.match((await repo.must()).out, /2 cached/);
  await repo.write({ "a": "2\n" });
  assert.match((await repo.must()).out, /2 ran/);
  await repo.write({ ".env": "A=2\n" });
  assert.match((await repo.must()).out, /2 ran/);
});
