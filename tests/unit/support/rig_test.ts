import assert from "node:assert/strict";
import { Gate } from "../../support/gate.ts";
import { ODD_NAMES, random } from "../../support/random.ts";
import { Repo } from "../../support/repo.ts";

Deno.test("the rig's repository is closed against the person's own settings", async () => {
  await using repo = await Repo.create({ "a/é.txt": "x", "b/": "" });
  assert.equal(await repo.git("ls-files", "-z"), "a/é.txt\0");
  assert.equal((await repo.git("config", "--list", "--global").catch(() => "")).trim(), "");
  assert.match(await repo.git("log", "--format=%an %aI"), /^t 2000-01-01T00:00:00/);
  assert.equal(await repo.exists("b"), true);
});

Deno.test("a run says its exit code, both streams and the log of all that ran", async () => {
  await using repo = await Repo.create();
  const ran = await repo.run("sh", "-c", "echo out; echo err >&2; exit 3");
  assert.deepEqual(ran, { code: 3, out: "out\n", err: "err\n" });
  assert.match(repo.log, /\$ sh -c echo out.*\(3\)\nout\nerr\n/);
  assert.equal((await repo.run("sh", "-c", "kill -TERM $$")).code, 143);
  assert.equal((await repo.run("no-such-program")).code, 127);
});

Deno.test("handles differ in environment, directory and input only", async () => {
  await using repo = await Repo.create({ "sub/": "" });
  const other = repo.with({ env: { A: "1" } }).with({ cwd: "sub", stdin: "in" });
  const ran = await other.run("sh", "-c", 'echo "$A $(basename "$PWD") $(cat)"');
  assert.equal(ran.out, "1 sub in\n");
  assert.equal((await repo.run("sh", "-c", 'echo "${A-unset}"')).out, "unset\n");
});

Deno.test("a started program is seen, signalled and never left behind", async () => {
  let pid: number;
  {
    await using repo = await Repo.create();
    const running = repo.start(
      "sh",
      "-c",
      "trap 'echo stopped; exit 9' INT; echo up; cat /dev/zero >/dev/null & wait",
    );
    await running.saw("up");
    running.signal("SIGINT");
    assert.equal(await Promise.race([running.saw("stopped").then(() => "seen")]), "seen");
    await running.kill();
    const other = repo.start("sh", "-c", "echo up; exec tail -f /dev/null");
    await other.saw(/^up$/m);
    pid = other.pid;
    assert.equal((await repo.run("kill", "-0", String(pid))).code, 0);
  }
  await using repo = await Repo.create();
  assert.notEqual((await repo.run("kill", "-0", String(pid))).code, 0);
});

Deno.test("waiting for output that never comes fails instead of hanging", async () => {
  await using repo = await Repo.create();
  await assert.rejects(repo.start("sh", "-c", "echo no").saw("yes"), /before it printed yes/);
});

Deno.test("a gate holds a command until the test lets it go", async () => {
  await using repo = await Repo.create();
  const gate = new Gate(repo.root, "build");
  const running = repo.start("sh", "-c", `${gate.exec}; echo "ended $?"`);
  await gate.started();
  assert.equal(running.out, "");
  await gate.finish(7);
  assert.equal(new TextDecoder().decode((await running.ended).out), "ended 7\n");
});

Deno.test("a program that fails before its gate fails the test instead of hanging it", async () => {
  await using repo = await Repo.create();
  const gate = new Gate(repo.root, "build");
  const running = repo.start("sh", "-c", "echo no; exit 3");
  await assert.rejects(gate.startedBy(running), /Ended before the gate "build":\nno/);
});

Deno.test("odd names can all stand in one repository", async () => {
  await using repo = await Repo.create(Object.fromEntries(ODD_NAMES.map((name) => [name, "x"])));
  const listed = (await repo.git("ls-files", "-z")).split("\0").slice(0, -1);
  assert.deepEqual(listed.toSorted(), [...ODD_NAMES].toSorted());
});

Deno.test("the generator repeats itself by seed and covers its range", () => {
  const next = random(1);
  const seen = new Set(Array.from({ length: 500 }, () => next(10)));
  assert.equal(seen.size, 10);
  assert.notDeepEqual(
    Array.from({ length: 5 }, (_, i) => random(i)(1e6)),
    Array(5).fill(random(0)(1e6)),
  );
});
