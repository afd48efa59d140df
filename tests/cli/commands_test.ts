/** How commands are written and started. */
import assert from "node:assert/strict";
import { mark, ran, ranBy, withPrograms } from "../support/fakes.ts";
import { repoTest } from "../support/repo.ts";

repoTest("an argument list runs without a shell", {
  "qik.toml": String.raw`
[commands.argv]
exec = ["printf", "%s|", "a b", "$HOME", "*", "", "it's", '{"j": 1}', "{{module.dir}}"]
[commands.missing]
exec = ["no-such-program-of-qik"]
`,
}, async (repo) => {
  assert.equal((await repo.must("argv")).out, `a b|$HOME|*||it's|{"j": 1}|{module.dir}|`);
  const { code, err } = await repo.qik("missing");
  assert.equal(code, 127);
  assert.match(err, /no-such-program-of-qik/);
});

repoTest("dir and env, with templates, and both in the key", {
  "qik.toml": `
modules = ["a/b", "c"]
[commands.where]
exec = "${mark("where")}; pwd; echo $NAME $QIK__ROOT"
dir = "{module.dir}"
env = {NAME = "{module.name}-1"}
deps = []
`.replace("../ran", "$QIK__ROOT/../ran"),
  "a/b/x": "",
  "c/x": "",
}, async (repo) => {
  const { out } = await repo.must("where", "-m", "a/b");
  assert.equal(out, `${repo.path("a/b")}\na/b-1 ${repo.root}\n`);
  assert.deepEqual(await ranBy(repo, "where"), ["where"], "the other module");
  const edit = (from: string, to: string) =>
    repo.read("qik.toml").then((text) => repo.write({ "qik.toml": text.replace(from, to) }));
  await edit("name}-1", "name}-2");
  assert.deepEqual(await ranBy(repo, "where"), ["where", "where"]);
  await edit('dir = "{module.dir}"', 'dir = "a"');
  assert.deepEqual(await ranBy(repo, "where"), ["where", "where"]);
  await edit('dir = "a"', 'dir = "nowhere"');
  const gone = await repo.qik("where", "-m", "c");
  assert.notEqual(gone.code, 0);
  assert.match(gone.err, /nowhere/);
});

repoTest("strict-env passes what is named, and that is part of the key", {
  "qik.toml": `
[defaults]
strict-env = true
[commands.show]
exec = "${mark("show")}; echo [$CI] [$OTHER] [$HOME]"
pass-env = ["CI"]
deps = []
`,
}, async (repo) => {
  const set = (env: Record<string, string>) => repo.with({ env });
  const home = repo.environment()["HOME"];
  assert.equal((await set({ CI: "1", OTHER: "2" }).must()).out, `[1] [] [${home}]\n`);
  assert.deepEqual(await ranBy(set({ CI: "1", OTHER: "3" })), []);
  assert.deepEqual(await ranBy(set({ CI: "2" })), ["show"]);
  assert.deepEqual(await ranBy(set({})), ["show"]);
});

repoTest("text after -- goes to the commands that take it", {
  "qik.toml": `
[commands.end]
exec = "${mark("end")}; printf '%s|'"
args = true
deps = []
[commands.placed]
exec = "printf '%s|' {args} last"
args = true
[commands.argv]
exec = ["printf", "%s|"]
args = true
[commands.inside]
exec = ["printf", "%s|", "{args}", "last"]
args = true
[commands.part]
exec = ["printf", "%s|", "--k={args}"]
args = true
[commands.literal]
exec = "printf '%s|' '{{args}}'"
args = true
[commands.none]
exec = "printf none"
`,
}, async (repo) => {
  const args = ["--", "a b", "it's", "-x", "$HOME", ""];
  const given = "a b|it's|-x|$HOME||";
  assert.equal((await repo.must("end", ...args)).out, given);
  assert.equal((await repo.must("placed", ...args)).out, `${given}last|`);
  assert.equal((await repo.must("argv", ...args)).out, given);
  assert.equal((await repo.must("inside", ...args)).out, `${given}last|`);
  assert.equal((await repo.must("placed")).out, "last|");
  assert.equal((await repo.must("part", "--", "a b", "$c")).out, "--k=a b $c|");
  assert.equal((await repo.must("literal", "--", "a b")).out, "{args}|a b|");
  assert.deepEqual(await ranBy(repo, "end", ...args), [], "part of the key");
  assert.deepEqual(await ranBy(repo, "end", "--", "b"), ["end"]);
  assert.deepEqual(await ranBy(repo, "end"), ["end"]);
  const { code, out, err } = await repo.qik("none", ...args);
  assert.deepEqual([code, out], [2, ""], repo.log);
  assert.match(err, /args = true/);
});

repoTest("the shell is that of the command, of the defaults, or sh", {
  "qik.toml": `
[defaults]
shell = "first"
[commands.own]
exec = "echo hi"
shell = "second"
[commands.default]
exec = "echo ho"
[commands.bash]
exec = "[[ a == a ]] && echo bash"
shell = "bash"
`,
}, async (repo) => {
  const body = (name: string) => `echo ${name}: "$@"`;
  const tools = await withPrograms(repo, { first: body("first"), second: body("second") });
  assert.equal((await tools.must("own")).out, "second: -c echo hi\n");
  assert.equal((await tools.must("default")).out, "first: -c echo ho\n");
  assert.equal((await repo.must("bash")).out, "bash\n");
});

repoTest("a command that takes too long is stopped, with all that it started", {
  "qik.toml": `
[commands.slow]
exec = "echo begun; sleep 300 & sleep 300; echo never"
timeout = "500ms"
deps = []
`,
}, async (repo) => {
  const { code, out, err } = await repo.qik("slow");
  assert.deepEqual([code, out], [124, "begun\n"], repo.log);
  assert.match(err, /500ms/);
  assert.match((await repo.must("--dry-run", "slow")).out, /^cold/, "not stored");
});

repoTest("a time limit of more than 24 days is no time limit of a moment", {
  "qik.toml": `
[commands.month]
exec = "sleep 0.2; echo done"
timeout = "30d"
[commands.ages]
exec = "sleep 0.2; echo done"
timeout = "99999999999999d"
`,
}, async (repo) => {
  for (const name of ["month", "ages"]) {
    const { code, out, err } = await repo.qik(name);
    assert.deepEqual([code, out], [0, "done\n"], repo.log);
    assert.doesNotMatch(err, /timeout|Warning/i);
  }
});

repoTest("retries run a failing command again and call it flaky", {
  "qik.toml": `
[commands.flaky]
exec = "${mark("try")}; [ $(wc -l < ../ran) -ge 3 ]"
retries = 2
deps = []
[commands.hopeless]
exec = "${mark("try")}; exit 4"
retries = 1
`,
}, async (repo) => {
  const { code, out, err } = await repo.qik("flaky", "-v", "--no-emoji");
  assert.deepEqual([code, await ran(repo)], [0, ["try", "try", "try"]], repo.log);
  assert.match(out + err, /flaky/);
  assert.deepEqual(await ranBy(repo, "flaky"), [], "stored");
  await repo.remove("../ran");
  assert.equal((await repo.qik("hopeless")).code, 4);
  assert.deepEqual(await ran(repo), ["try", "try"]);
});

repoTest("an interactive command has standard input and is never cached", {
  "qik.toml": `
[commands.ask]
exec = "${mark("ask")}; read line; echo got $line"
interactive = true
deps = []
[commands.closed]
exec = "read line || echo closed"
`,
}, async (repo) => {
  const typed = repo.with({ stdin: "yes\n" });
  assert.equal((await typed.must("ask")).out, "got yes\n");
  assert.equal((await typed.must("ask")).out, "got yes\n");
  assert.equal((await ran(repo)).length, 2);
  assert.equal((await typed.must("closed")).out, "closed\n");
});

repoTest("a pool and a weight bound what runs at the same time", {
  "qik.toml": `
modules = ["a", "b", "c", "d"]
[pools]
db = 1
[commands.free]
exec = "echo $QIK__WORKER >> ../ran # {module.name}"
[commands.pooled]
exec = "echo $QIK__WORKER >> ../ran # {module.name}"
pool = "db"
[commands.heavy]
exec = "echo $QIK__WORKER >> ../ran # {module.name}"
weight = 2
`,
  "a/x": "",
  "b/x": "",
  "c/x": "",
  "d/x": "",
}, async (repo) => {
  // The number of a worker is the lowest that is free, so a second one shows that two ran together.
  assert.deepEqual(await ranBy(repo, "free", "-n", "4"), ["1", "2", "3", "4"]);
  const alone = ["1", "1", "1", "1"];
  assert.deepEqual(await ranBy(repo, "free", "-n", "1"), alone);
  assert.deepEqual(await ranBy(repo, "pooled", "-n", "4"), alone);
  assert.deepEqual(await ranBy(repo, "heavy", "-n", "2"), alone);
  assert.deepEqual(await ranBy(repo, "heavy", "-n", "1"), alone);
});

repoTest("a hidden command runs when it is named or needed", {
  "qik.toml": `
[commands.inner]
exec = "${mark("inner")}"
hidden = true
[commands.outer]
exec = "${mark("outer")}"
deps = [{type = "command", name = "inner"}]
`,
}, async (repo) => {
  assert.equal((await repo.must("--ls")).out, "outer\n");
  assert.deepEqual(await ranBy(repo), ["inner", "outer"]);
  assert.deepEqual(await ranBy(repo, "inner"), ["inner"]);
});

repoTest("commands are told who they are", {
  "qik.toml": `
[spaces.app]
modules = ["app"]
[commands.who]
exec = "echo $QIK__CMD $QIK__TASK $QIK__RUNNABLE $QIK__WORKER $QIK__ROOT {module.pyimport}"
env = {QIK__CMD = "mine"}
`,
  "app/x": "",
}, async (repo) => {
  const { out } = await repo.must("who");
  assert.equal(out, `who who@app#app who@app#app 1 ${repo.root} app\n`);
});

repoTest("only known names in braces are placeholders", {
  "qik.toml": String.raw`
modules = ["m"]
[commands.awk]
exec = "echo one two | awk '{print $2}'"
[commands.shell]
exec = "X=1; echo ${"$"}{X} ${"$"}{Y:-none} {a,b} {\"k\": {}}"
[commands.literal]
exec = "echo '{{module.dir}} {{ctx.x}}'"
[commands.doubled]
exec = "echo one two | awk '{{print $1}}'"
[commands.mixed]
exec = "echo '{module.dir} {{\"a\": {{}}}}'"
`,
  "m/x": "",
}, async (repo) => {
  const says = async (name: string) => (await repo.must(name)).out;
  assert.equal(await says("awk"), "two\n");
  assert.equal(await says("shell"), "1 none {a,b} {k: {}}\n");
  assert.equal(await says("literal"), "{module.dir} {ctx.x}\n");
  assert.equal(await says("doubled"), "one\n");
  assert.equal(await says("mixed"), 'm {"a": {}}\n');
  assert.deepEqual((await repo.must("--ls", "literal", "mixed")).out, "literal\nmixed#m\n");
});

repoTest("context variables are missing only where something uses them", {
  "qik.toml": `
ctx = ["bucket", {name = "jobs", type = "int", default = 4, required = true}, {name = "opt", required = false}]
[commands.free]
exec = "echo {ctx.jobs}"
[commands.uses]
exec = "echo {ctx.bucket}"
[commands.indirect]
exec = "echo indirect"
deps = [{type = "command", name = "uses"}]
[commands.optional]
exec = "echo [$A]"
env = {A = "{ctx.opt}"}
deps = ["{ctx.opt}", {type = "const", val = "{ctx.opt}"}]
[commands.needs-optional]
exec = "echo {ctx.opt}"
`,
}, async (repo) => {
  assert.equal((await repo.must("free")).out, "4\n");
  assert.equal((await repo.must("--ls", "uses")).out, "uses\n");
  for (const name of ["uses", "indirect"]) {
    for (const more of [[], ["--dry-run"]]) {
      const { code, out, err } = await repo.qik(name, ...more);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /"\{ctx\.bucket\}".*\[ctx-missing\]\n\s+at qik\.toml:5:.*\n.*BUCKET/);
    }
  }
  const set = (env: Record<string, string>) => repo.with({ env });
  assert.equal((await set({ BUCKET: "b", PROJECT__JOBS: "7" }).must("uses")).out, "b\n");
  assert.equal((await set({ JOBS: "7" }).must("free")).out, "7\n");
  assert.match((await set({ JOBS: "x" }).qik("free")).err, /"x".*JOBS.*\[ctx-bad-value\]/);
  assert.equal((await repo.must("optional")).out, "[]\n");
  assert.equal((await set({ OPT: "o" }).must("optional")).out, "[o]\n");
  const unset = await repo.qik("needs-optional");
  assert.deepEqual([unset.code, /\[ctx-missing\]/.test(unset.err)], [2, true], repo.log);
});

repoTest("the space and the cache of a command may be variables", {
  "qik.toml": `
ctx = [{name = "where", default = "app"}, {name = "store", default = "local"}]
[spaces.app]
dotenv = "app.env"
[commands.show]
exec = "${mark("show")}; echo $NAME"
space = "{ctx.where}"
cache = "{ctx.store}"
deps = []
`,
  "app.env": "NAME=app\n",
}, async (repo) => {
  assert.equal((await repo.must("show")).out, "app\n");
  assert.deepEqual(await ranBy(repo.with({ env: { STORE: "none" } }), "show"), ["show"]);
  assert.equal((await repo.with({ env: { WHERE: "default" } }).must("show")).out, "\n");
  const space = await repo.with({ env: { WHERE: "nowhere" } }).qik("show");
  assert.deepEqual([space.code, /"nowhere".*\[space-unknown\]/.test(space.err)], [2, true]);
  const cache = await repo.with({ env: { STORE: "nowhere" } }).qik("show");
  assert.deepEqual([cache.code, /"nowhere".*\[cache-unknown\]/.test(cache.err)], [2, true]);
});

repoTest("a module's own qik.toml brings commands under its name", {
  "qik.toml": `
modules = ["app", {name = "web", path = "app/web"}]
[commands.all]
exec = "${mark("all")}"
deps = [{type = "command", name = "web/build"}]
`,
  "app/x": "",
  "app/web/qik.toml": `
[commands.build]
exec = "${mark("build")}"
deps = ["app/web"]
`,
  "app/web/src": "",
}, async (repo) => {
  assert.equal((await repo.must("--ls")).out, "all\nweb/build\n");
  assert.deepEqual(await ranBy(repo), ["all", "build"]);
  assert.equal((await repo.with({ cwd: "app/web" }).must("--ls", "web/*")).out, "web/build\n");
  await repo.write({ "app/web/qik.toml": '[commands.build]\nexec = "true"\n[defaults]\n' });
  const { code, err } = await repo.qik("--ls");
  assert.equal(code, 2);
  assert.match(err, /\[config-unknown-key\]\n\s+at app\/web\/qik\.toml:3:1/);
});

repoTest("the platform is part of the key unless the command is portable", {
  "qik.toml": `
[commands.bound]
exec = "true"
deps = []
[commands.portable]
exec = "true"
deps = []
portable = true
`,
}, async (repo) => {
  await repo.must();
  const records = await repo.run("grep", "-rhaoE", "platform.{1,20}", "._qik/cache");
  assert.match(records.out, /platform[^\n]*(linux|osx|win)-/, repo.log);
  const platforms = records.out.split("\n").filter((line) => line !== "");
  assert.equal(platforms.length, 2, records.out);
  assert.equal(platforms.filter((line) => /(linux|osx|win)-/.test(line)).length, 1);
});
